"""What the notify service reads from its environment."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from mesh.settings import MeshSettings, Target

ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


class Settings(MeshSettings):
    """Its peer and its public address, beside what all services share."""

    auth_target: Target
    """Where the auth service listens."""
    public_url: str
    """Where people reach the mesh: http(s)://host[:port]. Short links begin with it, and lead only there."""
    heartbeat_seconds: Annotated[float, Field(gt=0, le=20)] = 15.0
    """How long a live stream is silent at most. Envoy cuts off a stream that has been silent for 40 seconds."""
    streams_per_user: Annotated[int, Field(ge=1, le=1000)] = 10
    """How many live streams of one person a process holds open."""

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
