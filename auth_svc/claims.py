"""What an access token says."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from mesh import clock
from mesh.caller import CLIENT
from mesh.database import Row


def claims_of(user: Row, lifetime: timedelta, session_id: UUID | None = None) -> dict[str, Any]:
    """Who the user is, from now on for `lifetime` or until the session ends."""
    claims = {**lasting(lifetime), "sub": str(user.id), "permissions": list(user.permissions)}
    claims["is_super"] = user.is_super
    if session_id is not None:
        claims["sid"] = str(session_id)
    return claims


def claims_of_client(client: Row, lifetime: timedelta) -> dict[str, Any]:
    """Which client it is and what it may call. Its `sub` is no UUID, so that nobody takes it for a user's."""
    granted = {"rpcs": list(client.rpcs), "sid": str(client.secret_id)}
    return {**lasting(lifetime), "sub": f"{CLIENT}{client.id}", **granted}


def lasting(lifetime: timedelta) -> dict[str, Any]:
    """What every token says of itself: it is this one, and good from now on for so long."""
    now = clock.real_now()
    return {"iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp()), "jti": str(uuid4())}
