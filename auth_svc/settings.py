"""What the auth service reads from its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mesh.settings import MeshSettings

DAY = 24 * 3600


class Settings(MeshSettings):
    """The variables that all services share, and those of sign-in."""

    access_token_seconds: Annotated[int, Field(ge=60, le=DAY)] = 900
    """How long an access token is good, unless its session ends before."""
    refresh_token_seconds: Annotated[int, Field(ge=3600, le=400 * DAY)] = 30 * DAY
    """How long a session lives that nobody refreshes."""
    sessions_per_user: Annotated[int, Field(ge=1, le=1000)] = 50
    """How often one may be signed in at the same time; beyond that the session unused for longest ends."""
    hashing_threads: Annotated[int, Field(ge=1, le=64)] = 2
    """Passwords hashed at the same time; each takes 19 MiB of memory and some 20 ms of a core."""
    hashing_patience_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    """How long a sign-in waits for a thread before it is refused."""


class TokenSettings(MeshSettings):
    """What the token printer needs: it serves nothing, so it has no port, no certificate and no Redis."""

    # What is left out here must not be looked for.
    model_config = SettingsConfigDict(validate_default=False)

    listen: str = ""
    tls_ca: Path = Path()
    tls_certificate: Path = Path()
    tls_key: Path = Path()
    redis_url: SecretStr = SecretStr("")
    database_connections: int = 1
