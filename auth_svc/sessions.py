"""Signing in, staying signed in, signing out."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from auth_svc.claims import claims_of
from auth_svc.digests import digest
from auth_svc.keys import Keys
from auth_svc.notices import Notices
from auth_svc.store.sessions import SessionStore
from auth_svc.users import Users
from mesh import caller, clock
from mesh.database import Connection, Database, Row
from mesh.errors import Unauthenticated
from mesh.revocations import SKEW, Revoked

GRACE = timedelta(seconds=10)
"""How long a refresh token works once more: its answer may have been lost."""
FAMILY = 22
"""Characters of a refresh token that all of its session share (128 bits)."""
LONGEST_AGENT = 256
PAGE = 10_000

Pair = tuple[str, str]
"""An access token and a refresh token."""


class Sessions:
    """Sessions: a refresh token is random, works once, and lies in the database as its SHA-256."""

    def __init__(
        self,
        database: Database,
        store: SessionStore,
        users: Users,
        keys: Keys,
        notices: Notices,
        *,
        access: timedelta,
        refresh: timedelta,
        per_user: int,
    ) -> None:
        self.database = database
        self.store = store
        self.users = users
        self.keys = keys
        self.notices = notices
        self.access_lifetime = access
        self.refresh_lifetime = refresh
        self.per_user = per_user

    async def login(self, email: str, password: str) -> Pair:
        """Tokens of a new session. Raises Unauthenticated (WRONG_CREDENTIALS)."""
        return await self.begin(await self.users.authenticate(email, password))

    async def begin(self, user: Row) -> Pair:
        """Tokens of a new session of this user; of too many the least recently used one ends."""
        now, family = clock.real_now(), secrets.token_urlsafe(16)
        token = new_token(family)
        values = {
            "user_id": user.id,
            "password_hash": user.password_hash,
            "family_hash": digest(family),
            "live_hashes": [digest(token)],
            "expire_time": now + self.refresh_lifetime,
            **client(),
        }
        session_id = await self.store.add(values, now, self.per_user)
        return await self.keys.sign(claims_of(user, self.access_lifetime, session_id)), token

    async def refresh(self, used: str) -> Pair:
        """New tokens for a refresh token, with the user's permissions of today.

        A token that was used before ends its session, and the user is told: one of the two who have it should not.
        Raises Unauthenticated (REFRESH_TOKEN_INVALID).
        """
        now, token = clock.real_now(), new_token(used[:FAMILY])
        async with self.database.transaction() as connection:
            session = await self.store.lock(connection, digest(used[:FAMILY]), now)
            exchanged = session is not None and await self.exchange(connection, session, used, token, now)
        if session is None or not exchanged:
            raise Unauthenticated("REFRESH_TOKEN_INVALID", "the refresh token is unknown, used or expired")
        user = await self.users.get(session.user_id)
        return await self.keys.sign(claims_of(user, self.access_lifetime, session.id)), token

    async def exchange(self, connection: Connection, session: Row, used: str, token: str, now: datetime) -> bool:
        """Makes `token` a living one of the session, for `used`; False if that does not work any more."""
        spent = digest(used)
        if spent in session.live_hashes:
            values = {"id": session.id, "live_hashes": [digest(token)], "spent_hash": spent}
            values |= {"now": now, "expire_time": now + self.refresh_lifetime}
            await self.store.rotate(connection, {**values, **client()})
            return True
        if spent == session.spent_hash and now < session.refresh_time + GRACE:
            is_first = len(session.live_hashes) == 1
            if is_first:
                await self.store.add_live(connection, session.id, digest(token))
            # More of them are a client in a hurry: they get nothing, and leave the session to the first two.
            return is_first
        await self.store.end_family(connection, session.family_hash, now)
        await self.notices.tell(connection, "token_reused", session.user_id)
        return False

    async def logout(self, token: str) -> None:
        """Ends the session of a refresh token, also of an earlier one; no error if there is none."""
        async with self.database.transaction() as connection:
            await self.store.end_family(connection, digest(token[:FAMILY]), clock.real_now())

    async def list(self, user_id: UUID) -> Sequence[Row]:
        """The user's living sessions, the most recently used first."""
        return await self.store.list(user_id, clock.real_now())

    async def end(self, user_id: UUID, session_id: UUID) -> None:
        """Ends a session of the user, if he has it."""
        await self.store.end(user_id, session_id, clock.real_now())

    async def end_others(self, user_id: UUID, but: UUID | None) -> None:
        """Ends all sessions of the user except this one."""
        async with self.database.transaction() as connection:
            await self.end_all(connection, user_id, but)

    async def end_all(self, connection: Connection, user_id: UUID, but: UUID | None = None) -> None:
        """Ends all sessions of the user in the caller's transaction, except one if told; their tokens end with them."""
        await self.store.end_all(connection, user_id, but, clock.real_now())

    async def revoked(self, since: datetime | None) -> Sequence[Revoked]:
        """The sessions that ended since then and may still have living access tokens; so many at most."""
        kept = self.access_lifetime + SKEW
        oldest = clock.real_now() - kept
        rows = await self.store.list_revocations(max(since, oldest) if since else oldest, PAGE)
        return [Revoked(row.session_id, row.end_time, row.end_time + kept) for row in rows]

    async def forget(self) -> None:
        """Clears away what nobody can use any more."""
        now = clock.real_now()
        await self.store.forget(now, now - self.access_lifetime - SKEW)


def client() -> dict[str, str]:
    """Who it is that a session is used by, as far as he tells."""
    call = caller.current()
    return {"address": call.address, "user_agent": call.user_agent[:LONGEST_AGENT]}


def new_token(family: str) -> str:
    """A refresh token of a family: another 256 random bits behind those that all of them share."""
    return family + secrets.token_urlsafe(32)
