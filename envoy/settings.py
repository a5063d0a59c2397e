"""The variables that the edge's configuration is made from."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, FilePath, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Target(NamedTuple):
    """Where processes of a service listen: an address, or a name that may stand for many."""

    host: str
    port: int


def parse_targets(value: object) -> object:
    """Reads `host:port,host:port`."""
    if not isinstance(value, str):
        return value
    return tuple(_parse_target(part.strip()) for part in value.split(",") if part.strip())


def _parse_target(text: str) -> Target:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is not host:port")
    return Target(host, int(port))


def _absolute(path: Path) -> Path:
    """Envoy may be started in another folder."""
    return path.resolve()


Port = Annotated[int, Field(ge=1, le=65535)]
File = Annotated[FilePath, AfterValidator(_absolute)]
Targets = Annotated[tuple[Target, ...], NoDecode, BeforeValidator(parse_targets), Field(min_length=1)]


class Settings(BaseSettings):
    """Everything that differs from one installation to the next."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, frozen=True)

    # The public door.
    edge_host: str = "127.0.0.1"
    edge_port: Port
    # How many proxies of ours stand in front: a caller's address is believed from x-forwarded-for so far back.
    trusted_hops: Annotated[int, Field(ge=0, le=9)] = 0
    # Statistics and draining; for operators only.
    envoy_admin_host: str = "127.0.0.1"
    envoy_admin_port: Port

    # What the edge shows to the services, and whom it believes.
    tls_ca: File
    tls_certificate: File
    tls_key: File

    auth_target: Targets
    movie_target: Targets
    ugc_target: Targets
    booking_target: Targets
    notify_target: Targets
    # The empty service that shows how fast the mesh itself can be.
    bench_target: Targets | None = None

    # What an access token must say.
    token_issuer: str = "https://auth.matinee.local"
    token_audience: str = "matinee"

    @property
    def targets(self) -> dict[str, tuple[Target, ...]]:
        """The processes of each service."""
        targets = {
            "auth": self.auth_target,
            "movie": self.movie_target,
            "ugc": self.ugc_target,
            "booking": self.booking_target,
            "notify": self.notify_target,
        }
        return targets | ({"bench": self.bench_target} if self.bench_target else {})

    @property
    def own_host(self) -> str:
        """Where the edge reaches itself."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.edge_host, self.edge_host)


def load_settings(**given: Any) -> Settings:
    """Reads the environment; SystemExit names in one line each variable that is missing or wrong."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SystemExit("\n".join(_explain(error))) from None


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]).upper()
        if problem["type"] == "missing":
            lines.append(f"{name} is missing")
        else:
            lines.append(f"{name}={problem['input']} is wrong: {problem['msg'].removeprefix('Value error, ')}")
    return lines
