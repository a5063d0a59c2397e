"""What the notify service reads from its environment."""

import re
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from mesh.settings import MeshSettings, Target

ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


class Settings(MeshSettings):
    """Its peer, its public address and its mail server, beside what all services share."""

    auth_target: Target
    """Where the auth service listens."""
    public_url: str
    """Where people reach the mesh: http(s)://host[:port]. Short links begin with it, and lead only there."""
    heartbeat_seconds: Annotated[float, Field(gt=0, le=20)] = 15.0
    """How long a live stream is silent at most. Envoy cuts off a stream that has been silent for 40 seconds."""
    streams_per_user: Annotated[int, Field(ge=1, le=1000)] = 10
    """How many live streams of one person a process holds open."""

    smtp_host: str
    """The server that takes our mails."""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Where it listens."""
    smtp_tls: Literal["starttls", "implicit", "none"] = "starttls"
    """How the connection is encrypted: begun in the clear, from the first byte, or not at all."""
    smtp_ca: Path | None = None
    """PEM file: whose certificates its server may have; those that the system trusts if not given."""
    smtp_user: str = ""
    """Whom to sign in as; nobody if empty."""
    smtp_password: SecretStr = SecretStr("")
    """What to sign in with."""
    smtp_timeout: Annotated[float, Field(gt=0, le=120)] = 10.0
    """Seconds to wait for each of its answers."""
    smtp_connections: Annotated[int, Field(ge=1, le=10)] = 4
    """How many mails a process sends at a time."""
    smtp_per_second: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    """How many mails a process sends in a second at most: mail servers have limits, and who waits for an answer to
    something else comes first (a mail takes some milliseconds of a processor)."""
    smtp_attempts: Annotated[int, Field(ge=1, le=100)] = 20
    """How often a mail is tried before it is given up."""
    smtp_retry_seconds: Annotated[float, Field(gt=0, le=3600)] = 5.0
    """Before the second try; twice as long each time, at most an hour. Twenty tries take about ten hours."""
    mail_from: str = "Matinee <matinee@localhost>"
    """Whom mails come from, also the host of their ids: a name and an address, or an address."""
    unsubscribe_secret: Annotated[SecretStr, Field(min_length=16)]
    """What the links at the end of mails are signed with."""

    @field_validator("mail_from")
    @classmethod
    def is_address(cls, value: str) -> str:
        """An address, perhaps with a name, on one line."""
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]) or not value.isprintable():
            raise ValueError("must be an address, or a name with an address in angle brackets")
        return value

    @field_validator("public_url")
    @classmethod
    def is_origin(cls, url: str) -> str:
        """Nothing but scheme, host and port: what follows them is ours to say."""
        url = url.lower()
        if not ORIGIN.fullmatch(url):
            raise ValueError("must be http://host[:port] or https://host[:port], without a path or a slash at the end")
        # Raises ValueError for a port beyond 65535.
        _ = urlsplit(url).port
        return url
