"""What the auth service reads from its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mesh.settings import MeshSettings, Target

DAY = 24 * 3600


class KeySettings(MeshSettings):
    """The variables of whoever signs tokens."""

    signing_key_secret: Annotated[SecretStr, Field(min_length=16)]
    """What the private keys in the database are locked with."""
    signing_key_secret_before: SecretStr = SecretStr("")
    """The one that it took the place of: what is locked with this is locked anew at the next start."""
    key_rotation_days: Annotated[float, Field(gt=0, le=3650)] = 30.0
    """How long a key signs until another one does."""
    key_lead_seconds: Annotated[int, Field(ge=40, le=DAY)] = 120
    """How long a new key is published before it signs. Envoy asks for the keys every 30 seconds."""


class Settings(KeySettings):
    """The variables that all services share, and those of sign-in."""

    notify_target: Target
    """Where people are told of their accounts."""
    public_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")]
    """Where people reach the mesh: http(s)://host[:port]. Links in mails begin with it."""
    verify_link_seconds: Annotated[int, Field(ge=600, le=30 * DAY)] = 3 * DAY
    """How long the link works that verifies an address."""
    reset_link_seconds: Annotated[int, Field(ge=600, le=7 * DAY)] = 2 * 3600
    """How long the link works by which a new password is chosen."""

    access_token_seconds: Annotated[int, Field(ge=60, le=DAY)] = 900
    """How long an access token is good, unless its session ends before."""
    refresh_token_seconds: Annotated[int, Field(ge=3600, le=400 * DAY)] = 30 * DAY
    """How long a session lives that nobody refreshes."""
    sessions_per_user: Annotated[int, Field(ge=1, le=1000)] = 50
    """How often one may be signed in at the same time; beyond that the session unused for longest ends."""
    hashing_threads: Annotated[int, Field(ge=1, le=64)] = 2
    """Passwords hashed at the same time; each takes 19 MiB of memory and some 20 ms of a core."""
    hashing_patience_seconds: Annotated[float, Field(gt=0, le=60)] = 8.0
    """How long a sign-in waits for a thread before it is refused. The edge waits 10 seconds for an answer."""
    account_failures: Annotated[int, Field(ge=1)] = 5
    """Sign-ins with one e-mail address that may fail before the next has to wait: a second, two, four ..."""
    account_delay_seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0
    """... at most so long, because others can make them fail. One failure is forgotten in this time."""
    client_failures: Annotated[int, Field(ge=1)] = 100
    """The same for sign-ins from one client address, which many people may share."""
    client_delay_seconds: Annotated[float, Field(ge=1, le=24 * 3600)] = 300.0
    """How long it has to wait at most."""
    client_forget_seconds: Annotated[float, Field(gt=0, le=24 * 3600)] = 30.0
    """How soon one of its failures is forgotten."""
    register_burst: Annotated[int, Field(ge=1)] = 300
    """Accounts that may be opened from one client address at once ..."""
    register_per_second: Annotated[float, Field(gt=0)] = 2.0
    """... and how many a second after that."""
    forgot_burst: Annotated[int, Field(ge=1)] = 20
    """Passwords that may be forgotten at one client address at once ..."""
    forgot_seconds: Annotated[float, Field(gt=0)] = 30.0
    """... and how long it waits at most for the next."""
    mailbox_burst: Annotated[int, Field(ge=1)] = 5
    """Mails with links that strangers may have sent to one e-mail address at once ..."""
    mailbox_seconds: Annotated[float, Field(gt=0)] = 600.0
    """... and how long the next one waits at most."""


class TokenSettings(KeySettings):
    """What the token printer needs: it serves nothing, so it has no port, no certificate and no Redis."""

    # What is left out here must not be looked for.
    model_config = SettingsConfigDict(validate_default=False)

    listen: str = ""
    tls_ca: Path = Path()
    tls_certificate: Path = Path()
    tls_key: Path = Path()
    redis_url: SecretStr = SecretStr("")
    database_connections: int = 1
