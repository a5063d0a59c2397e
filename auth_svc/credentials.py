"""What proves that an account is somebody's: the address that he reads, and the password that he knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from auth_svc.guard import Guard, by_user
from auth_svc.links import Links, invalid_link
from auth_svc.notices import Notices
from auth_svc.sessions import Sessions
from auth_svc.store.users import UserStore
from auth_svc.users import Users
from mesh import clock
from mesh.database import Connection, Database, Row
from mesh.errors import Unauthenticated


class Credentials:
    """Verifies addresses, and replaces passwords."""

    def __init__(
        self,
        database: Database,
        store: UserStore,
        users: Users,
        sessions: Sessions,
        links: Links,
        notices: Notices,
        guard: Guard,
    ) -> None:
        self.database = database
        self.store = store
        self.users = users
        self.sessions = sessions
        self.links = links
        self.notices = notices
        self.guard = guard

    async def verify(self, secret: str) -> None:
        """Makes an address that of the account whose secret this is.

        Raises FailedPrecondition (MAILED_LINK_INVALID).
        """
        user_id = await self.links.find("verify", secret)
        async with self.proving(user_id) as connection:
            await self.links.use(connection, "verify", secret)
            await self.settle_address(connection, user_id, clock.now())

    async def forgot(self, email: str) -> None:
        """Has a link mailed to whoever has the address. Raises ResourceExhausted (TOO_MANY_ATTEMPTS)."""
        await self.guard.forgot(email)
        async with self.database.transaction() as connection:
            await self.notices.tell_address(connection, "password_forgotten", email)

    async def reset(self, secret: str, password: str) -> None:
        """Replaces the password of the account whose secret this is.

        Raises FailedPrecondition (MAILED_LINK_INVALID), ResourceExhausted (TOO_BUSY).
        """
        # Before what takes its time, or anybody could have us hash as much as he likes.
        user_id = await self.links.find("reset", secret)
        stored = await self.users.passwords.hash(password, (await self.store.get(user_id)).password_hash)
        async with self.proving(user_id) as connection:
            await self.links.use(connection, "reset", secret)
            user = await self.settle_address(connection, user_id, clock.now())
            await self.store.set_password(connection, user_id, stored)
            await self.sessions.end_all(connection, user_id)
            await self.notices.tell(connection, "password_reset", user_id)
        await self.guard.forgive(user.email)

    async def change(self, user_id: UUID, old: str, new: str, session_id: UUID | None) -> None:
        """Replaces a password by somebody who knows it, and ends all other sessions.

        Raises Unauthenticated (WRONG_CREDENTIALS), ResourceExhausted (TOO_MANY_ATTEMPTS, TOO_BUSY).
        """
        user = await self.store.get(user_id)
        async with self.guard.guessing(by_user(user_id)):
            await self.users.who_knows(old, [user])
        stored = await self.users.passwords.hash(new, user.password_hash)
        async with self.database.transaction() as connection:
            if not await self.store.set_password(connection, user_id, stored, user.password_hash):
                raise Unauthenticated("WRONG_CREDENTIALS", "the password was changed meanwhile")
            await self.sessions.end_all(connection, user_id, but=session_id)
            await self.links.drop(connection, [user_id])
            await self.notices.tell(connection, "password_changed", user_id)

    @asynccontextmanager
    async def proving(self, user_id: UUID) -> AsyncIterator[Connection]:
        """A transaction in which nobody else proves that the user's address is his.

        Before anything else is locked: who is first ends the others' links, which they would hold.
        """
        async with self.database.transaction() as connection:
            await self.store.lock_address(connection, user_id)
            yield connection

    async def settle_address(self, connection: Connection, user_id: UUID, now: datetime) -> Row:
        """The user, whose address is his from now on; ends his links, and whoever else claims the address.

        Raises FailedPrecondition (MAILED_LINK_INVALID) if somebody else has it.
        """
        user = await self.store.verify(connection, user_id, now)
        if user is None:
            raise invalid_link()
        others = await self.store.end_claims(connection, user.email, user_id)
        await self.links.drop(connection, [user_id, *others])
        for other in others:
            await self.sessions.end_all(connection, other)
        return user
