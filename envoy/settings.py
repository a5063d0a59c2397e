"""The variables that the edge's configuration is made from."""

import re
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, Field, FilePath, PlainSerializer, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from envoy.rates import TIGHT, Limit, Rate


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


def parse_origins(value: object) -> object:
    """Reads `https://app.example,http://localhost:3000`, or `*`."""
    if not isinstance(value, str):
        return value
    origins = tuple(part.strip() for part in value.split(",") if part.strip())
    for origin in origins:
        if origin != "*" and not re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", origin):
            raise ValueError(f"{origin!r} is not an origin, such as https://app.example")
    return origins


def parse_names(value: object) -> object:
    """Reads `one,another`."""
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def _absolute(path: Path) -> Path:
    """Envoy may be started in another folder. Links stay: where they lead changes when a certificate is renewed."""
    return path.absolute()


Port = Annotated[int, Field(ge=1, le=65535)]
File = Annotated[FilePath, AfterValidator(_absolute)]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_origins), PlainSerializer(",".join)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_names)]
Targets = Annotated[tuple[Target, ...], NoDecode, BeforeValidator(parse_targets), Field(min_length=1)]


class Door(BaseSettings):
    """How the public door is kept; every variable may be left out."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, frozen=True)

    # How many proxies of ours stand in front: a caller's address is believed from x-forwarded-for so far back.
    trusted_hops: Annotated[int, Field(ge=0, le=9)] = 0
    # Files of PEM; with both the door speaks TLS only. Replaced by renaming, they are read anew.
    edge_tls_certificate: File | None = None
    edge_tls_key: File | None = None
    # The pages that may call from a browser, such as https://app.example, separated by commas; * for all.
    cors_origins: Origins = ()
    # How many callers may be connected at a time.
    edge_connections: Annotated[int, Field(ge=1)] = 5000
    # How many MiB the edge may take. From nine tenths on it hangs up on those who are connected and ask nothing, then
    # it takes no requests until it has less to hold.
    edge_memory: Annotated[int, Field(ge=64)] = 1024
    # How many seconds the edge waits for the headers of a request; thrice as many for all of it, and for a caller to
    # take an answer.
    edge_patience: Annotated[int, Field(ge=1, le=600)] = 10
    # requests/seconds: so many at once, and as many again within so many seconds; 0 is no limit. Addresses of IPv6
    # count by their network (/64).
    edge_limit_address: Limit = Rate(10_000, 1)
    edge_limit_user: Limit = Rate(10_000, 1)
    # These by address, over JSON and gRPC together.
    edge_limit_register: Limit = Rate(300, 150)
    edge_limit_login: Limit = Rate(300, 15)
    edge_limit_forgot: Limit = Rate(30, 300)
    edge_limit_refresh: Limit = Rate(300, 30)
    edge_limit_shortener: Limit = Rate(300, 60)
    # The API pages and all that they load.
    edge_limit_pages: Limit = Rate(120, 60)
    # http://host:port of a collector of ours that takes traces as OTLP over gRPC; empty: nothing is traced.
    otlp_url: Annotated[str, Field(pattern=r"^(http://[^\s:/]+:\d+)?$")] = ""
    # The part of the requests whose traces are recorded, here and in the services.
    trace_share: Annotated[float, Field(ge=0, le=1)] = 0.1

    @model_validator(mode="after")
    def _whole_pair(self) -> Self:
        if (self.edge_tls_certificate is None) != (self.edge_tls_key is None):
            raise ValueError("EDGE_TLS_CERTIFICATE and EDGE_TLS_KEY belong together: set both or none")
        return self

    @property
    def collector(self) -> Target | None:
        """Where traces go."""
        return _parse_target(self.otlp_url.removeprefix("http://")) if self.otlp_url else None

    @property
    def edge_scheme(self) -> str:
        """What the public address begins with."""
        return "https" if self.edge_tls_certificate else "http"


class Settings(Door):
    """Everything that differs from one installation to the next."""

    # The public door.
    edge_host: str = "127.0.0.1"
    edge_port: Port
    # Statistics and draining; for operators only, on loopback.
    envoy_admin_port: Port

    # host:port where Prometheus gets the statistics, which tell of no caller; empty: on the admin's port only.
    metrics_listen: Annotated[str, Field(pattern=r"^([^\s:]+:\d+)?$")] = ""

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

    # The sample people's addresses, separated by commas: the API pages offer them to sign in with. None where real
    # people are.
    sample_people: Names = ()

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
    def metrics(self) -> Target | None:
        """Where the statistics are given away."""
        return _parse_target(self.metrics_listen) if self.metrics_listen else None

    @property
    def tight_rates(self) -> dict[str, Rate]:
        """How often one address may call what TIGHT names."""
        return {name: getattr(self, f"edge_limit_{name}") for name in TIGHT}


def load_settings(**given: Any) -> Settings:
    """Reads the environment; SystemExit names in one line each variable that is missing or wrong."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SystemExit("\n".join(_explain(error))) from None


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]).upper() if problem["loc"] else ""
        if not name:
            lines.append(problem["msg"].removeprefix("Value error, "))
        elif problem["type"] == "missing":
            lines.append(f"{name} is missing")
        else:
            lines.append(f"{name}={problem['input']} is wrong: {problem['msg'].removeprefix('Value error, ')}")
    return lines
