"""What every service of the mesh reads from its environment."""

import sys
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Target = Annotated[str, Field(pattern=r"^[^\s,]+:\d+(,[^\s,]+:\d+)*$")]
"""host:port, or several IP addresses with ports, comma-separated; a name is resolved to all its addresses."""

GraylogUrl = Annotated[str, Field(pattern=r"^((tcp|udp)://[^\s:/]+:\d+)?$")]


class ProcessSettings(BaseSettings):
    """Variables of every process of the mesh."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    listen: Annotated[str, Field(pattern=r"^[^\s:]+:\d+$")]
    """host:port this process serves on."""
    tls_ca: Path
    """PEM file: whose certificates are trusted."""
    tls_certificate: Path
    """PEM file: this service's certificate; its SPIFFE name is who the process is."""
    tls_key: Path
    """PEM file: the key of the certificate."""
    token_issuer: str = "https://auth.matinee.local"
    """The `iss` that access tokens must have."""
    token_audience: str = "matinee"
    """The `aud` that access tokens must have."""
    drain_seconds: Annotated[float, Field(ge=0, le=60)] = 2.5
    """Between saying NOT_SERVING and closing the port. Envoy asks every second and believes the second answer."""
    stop_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    """How long running calls may take to finish when the process stops."""
    slow_reader_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    """How long a message of a stream waits to be taken before its reader is cut off."""
    graylog_url: GraylogUrl = ""
    """udp://host:port or tcp://host:port of a GELF input that gets the lines of the log, beside stdout; empty: none."""
    otlp_url: Annotated[str, Field(pattern=r"^(http://[^\s:/]+:\d+)?$")] = ""
    """http://host:port of a collector of ours that takes traces as OTLP over gRPC; empty: nothing is traced."""
    trace_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    """The part of the calls whose traces are recorded; where they begin is where it is decided."""
    metrics_listen: Annotated[str, Field(pattern=r"^([^\s:]+:\d+)?$")] = ""
    """host:port where Prometheus gets the numbers about this process; empty: nothing is counted. No token is asked."""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    local_mode: bool = False
    """True on a developer's machine: sample identities get tokens."""
    clock_file: Path | None = None
    """In local mode: a file with the seconds by which the mesh's clock is ahead. Without local mode it is ignored."""

    @field_validator("tls_ca", "tls_certificate", "tls_key")
    @classmethod
    def readable(cls, path: Path) -> Path:
        """A certificate that cannot be read stops the start, not the first call."""
        try:
            path.read_bytes()
        except OSError as error:
            raise ValueError(f"cannot read {path}: {error.strerror}") from None
        return path

    @classmethod
    def read(cls) -> Self:
        """Reads the environment; ends the process with a line for every variable that is missing or wrong."""
        nothing: dict[str, Any] = {}
        try:
            return cls(**nothing)
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                name = "_".join(str(part) for part in problem["loc"]).upper()
                print(f"setting {name}: {problem['msg']}", file=sys.stderr)
            raise SystemExit(2) from None


class MeshSettings(ProcessSettings):
    """Variables that all services share; each service adds its own in its settings.py."""

    database_url: SecretStr
    """postgresql+asyncpg://user:password@host:port/database"""
    redis_url: SecretStr
    """redis://user:password@host:port/0"""
    database_connections: Annotated[int, Field(ge=1, le=100)] = 10
    """Most connections of this process to its database."""
