"""Links in mails, by which somebody shows that he reads them."""

import secrets
from datetime import timedelta
from typing import Literal
from uuid import UUID

from auth_svc.digests import digest
from auth_svc.store.links import LinkStore
from mesh import clock
from mesh.database import Connection
from mesh.errors import FailedPrecondition

Purpose = Literal["verify", "reset"]
PATHS: dict[Purpose, str] = {"verify": "/auth/v1/verify", "reset": "/auth/v1/password/reset"}


class Links:
    """Secrets of 256 random bits: in the mail as they are, in the database as a SHA-256."""

    def __init__(self, store: LinkStore, public_url: str, lifetimes: dict[Purpose, timedelta]) -> None:
        self.store = store
        self.public_url = public_url
        self.lifetimes = lifetimes

    async def make(self, purpose: Purpose, user_id: UUID) -> str:
        """A new link. Its secret is behind the #: browsers do not send that, so it is in no log on the way."""
        secret, now = secrets.token_urlsafe(32), clock.real_now()
        await self.store.add(digest(secret), user_id, purpose, now, now + self.lifetimes[purpose])
        return f"{self.public_url}{PATHS[purpose]}#{secret}"

    async def find(self, purpose: Purpose, secret: str) -> UUID:
        """Whose secret it is. Raises FailedPrecondition (MAILED_LINK_INVALID) unless it works."""
        user_id = await self.store.find(digest(secret), purpose, clock.real_now())
        if user_id is None:
            raise invalid_link()
        return user_id

    async def use(self, connection: Connection, purpose: Purpose, secret: str) -> None:
        """Lets the secret not work again. Raises as find()."""
        if await self.store.use(connection, digest(secret), purpose, clock.real_now()) is None:
            raise invalid_link()

    async def drop(self, connection: Connection, user_ids: list[UUID]) -> None:
        """Ends all links of these users."""
        await self.store.drop(connection, user_ids)

    async def drop_verifying(self, user_ids: list[UUID]) -> None:
        """Ends the links by which these users could verify their address."""
        await self.store.drop_verifying(user_ids)

    async def forget(self) -> None:
        """Clears away links that are too old."""
        await self.store.forget(clock.real_now())


def invalid_link() -> FailedPrecondition:
    """The refusal of a secret."""
    return FailedPrecondition("MAILED_LINK_INVALID", "the link is unknown, used or too old")
