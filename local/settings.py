"""The variables of the local mesh: the environment wins over .env."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from envoy.settings import Door
from local.env_file import complete_env_file
from local.errors import MeshError
from local.home import ROOT, Home
from local.services import SERVICES, Service
from mesh.settings import GraylogUrl

ENV_FILE = ROOT / ".env"
# How many ports from PORT_BASE on are ours.
BLOCK = 130

Port = Annotated[int, Field(ge=1, le=65535)]
Processes = Annotated[int, Field(ge=1, le=9)]
# No character that would need quoting in an address, in SQL or in the supervisor's file.
Secret = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,128}$", repr=False)]


class _Place(BaseSettings):
    """The one variable without which nothing is found."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, frozen=True)

    matinee_home: Path = ROOT / "var"

    @field_validator("matinee_home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return (ROOT / value.expanduser()).resolve()

    @property
    def home(self) -> Home:
        return Home(self.matinee_home)


class Settings(_Place, Door):
    """Every variable that `make up` reads; those of the public door stand in envoy/settings.py."""

    # One more process, an empty service that shows how fast the mesh itself can be.
    matinee_bench: bool = False

    edge_host: str = "127.0.0.1"
    edge_port: Port = 8080
    port_base: Annotated[int, Field(ge=1024, le=65536 - BLOCK)] = 15000

    auth_processes: Processes = 1
    movie_processes: Processes = 1
    ugc_processes: Processes = 1
    booking_processes: Processes = 1
    notify_processes: Processes = 1

    # The sink forgets the oldest mails of more.
    mails_kept: Annotated[int, Field(ge=1)] = 2000

    postgres_password: Secret
    valkey_password: Secret
    supervisor_password: Secret
    auth_database_password: Secret
    movie_database_password: Secret
    ugc_database_password: Secret
    booking_database_password: Secret
    notify_database_password: Secret
    auth_owner_password: Secret
    movie_owner_password: Secret
    ugc_owner_password: Secret
    booking_owner_password: Secret
    notify_owner_password: Secret
    auth_valkey_password: Secret
    movie_valkey_password: Secret
    ugc_valkey_password: Secret
    booking_valkey_password: Secret
    notify_valkey_password: Secret
    sample_password: Secret
    unsubscribe_secret: Secret
    signing_key_secret: Secret
    # The one that it took the place of, until the auth service has started once.
    signing_key_secret_before: Annotated[str, Field(repr=False)] = ""

    # A GELF input that gets the services' lines, beside var/logs: udp://host:port or tcp://host:port.
    graylog_url: GraylogUrl = ""

    # Variables beyond these that every service gets; tests and the benchmark use it.
    extra_environment: dict[str, str] = {}

    @model_validator(mode="after")
    def _apart(self) -> "Settings":
        if self.port_base <= self.edge_port < self.port_base + BLOCK:
            raise ValueError(f"EDGE_PORT must lie outside of PORT_BASE's block ({self.port_base} and {BLOCK} on)")
        return self

    @property
    def public_url(self) -> str:
        return f"{self.edge_scheme}://localhost:{self.edge_port}"

    @property
    def edge_url(self) -> str:
        """Where this machine reaches the public door, whatever name its certificate is for."""
        host = f"[{self.edge_host}]" if ":" in self.edge_host else self.edge_host
        return f"{self.edge_scheme}://{host}:{self.edge_port}"

    def port(self, offset: int) -> int:
        """The port that lies so far behind PORT_BASE."""
        return self.port_base + offset

    def ports(self, service: Service) -> list[int]:
        """The ports of the processes of a service."""
        count: int = getattr(self, service.processes_setting)
        return [self.port(service.offset + index) for index in range(count)]

    @property
    def database_passwords(self) -> dict[str, str]:
        """The passwords of the services' roles in PostgreSQL, by role."""
        return {role: getattr(self, setting) for service in SERVICES for role, setting in service.roles.items()}

    @property
    def valkey_passwords(self) -> dict[str, str]:
        """The passwords of the services in Valkey, by service."""
        return {service.name: getattr(self, service.valkey_setting) for service in SERVICES}


# For meshes whose people all come from one address within minutes, as those of tests do.
CROWDED = {name: "1000000/1" for name in Door.model_fields if name.startswith("edge_limit_")}

SECRETS = [
    "POSTGRES_PASSWORD",
    "VALKEY_PASSWORD",
    "SUPERVISOR_PASSWORD",
    *(setting.upper() for service in SERVICES for setting in service.roles.values()),
    *(service.valkey_setting.upper() for service in SERVICES),
    "SAMPLE_PASSWORD",
    "UNSUBSCRIBE_SECRET",
    "SIGNING_KEY_SECRET",
]
CONTAINER_SECRETS = ["GRAYLOG_PASSWORD", "GRAYLOG_PASSWORD_SECRET", "GRAFANA_PASSWORD"]
"""What only the containers of docker-compose.yml use."""


def load_settings(env_file: Path = ENV_FILE, *, create: bool = False) -> Settings:
    """Reads the settings; `create` first writes what is missing in .env."""
    if create:
        complete_env_file(env_file, [*SECRETS, *CONTAINER_SECRETS])
    return build_settings(env_file=env_file)


def load_home(env_file: Path = ENV_FILE) -> Home:
    """Where the state lies; asks for nothing else, so that a mesh whose .env is lost can still be stopped."""
    return _Place(**_source(env_file)).home


def build_settings(env_file: Path | None = None, **values: Any) -> Settings:
    """Settings from given values, the environment and the file, in this order; MeshError names what is wrong."""
    try:
        return Settings(**_source(env_file), **values)
    except ValidationError as error:
        raise _explain(error) from None


def _source(env_file: Path | None) -> dict[str, Any]:
    return {"_env_file": env_file, "_env_file_encoding": "utf-8"}


def _explain(error: ValidationError) -> MeshError:
    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"]).upper()
        if problem["type"] == "missing":
            lines.append(f"{name} is missing; `make up` writes it to .env")
        elif not name:
            lines.append(problem["msg"].removeprefix("Value error, "))
        elif name.endswith(("PASSWORD", "SECRET")):
            lines.append(f"{name} must be 8 to 128 letters, digits, - or _")
        else:
            lines.append(f"{name}={problem['input']} is wrong: {problem['msg'].lower()}")
    return MeshError("; ".join(lines), "Correct it in .env or in the environment.")
