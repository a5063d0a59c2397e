"""Signing in, staying signed in, signing out."""

import hashlib
import secrets
from datetime import timedelta

from auth_svc.keys import Keys
from auth_svc.store.sessions import SessionStore
from auth_svc.users import Users
from mesh import clock
from mesh.database import Row
from mesh.errors import Unauthenticated

RACE = timedelta(seconds=10)
"""Two calls with one token this near to each other are a client in a hurry, not a thief."""

Pair = tuple[str, str]
"""An access token and a refresh token."""


class Sessions:
    """Sessions: a refresh token is 256 random bits, works once, and lies in the database as its SHA-256."""

    def __init__(self, store: SessionStore, users: Users, keys: Keys, *, access: timedelta, refresh: timedelta) -> None:
        self.store = store
        self.users = users
        self.keys = keys
        self.access_lifetime = access
        self.refresh_lifetime = refresh

    async def login(self, email: str, password: str) -> Pair:
        """Tokens of a new session. Raises Unauthenticated (WRONG_CREDENTIALS)."""
        return await self.begin(await self.users.authenticate(email, password))

    async def begin(self, user: Row) -> Pair:
        """Tokens of a new session of this user."""
        access, token, now = await self.keys.access_token(user, self.access_lifetime), new_token(), clock.real_now()
        await self.store.add(user.id, digest(token), now, now + self.refresh_lifetime)
        return access, token

    async def refresh(self, used: str) -> Pair:
        """New tokens for a refresh token, with the user's permissions of today.

        A token that was used before ends its session: one of the two who have it should not.
        Raises Unauthenticated (REFRESH_TOKEN_INVALID).
        """
        token, now = new_token(), clock.real_now()
        user_id = await self.store.rotate(digest(used), digest(token), now, now + self.refresh_lifetime)
        if user_id is None:
            await self.store.end_copied(digest(used), now - RACE)
            raise Unauthenticated("REFRESH_TOKEN_INVALID", "the refresh token is unknown, used or expired")
        user = await self.users.get(user_id)
        return await self.keys.access_token(user, self.access_lifetime), token

    async def logout(self, token: str) -> None:
        """Ends the session of a refresh token, also of the one before; no error if there is none."""
        await self.store.end(digest(token))


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of a token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
