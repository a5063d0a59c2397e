"""What people are told of their accounts: noted in the transaction that decides, told by a job."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from auth_svc.links import Links, Purpose
from auth_svc.peers import Inboxes
from auth_svc.store.users import UserStore
from mesh import clock, jobs
from mesh.database import Connection, Row

TELL = "tell_of_account"
WELCOME = ("registered", "already_registered")
LINKS: dict[str, Purpose] = {"registered": "verify", "password_forgotten": "reset"}
"""What the link is for that goes with a cause."""


class Notices:
    """Notices about accounts."""

    def __init__(self, users: UserStore, links: Links, inboxes: Inboxes) -> None:
        self.users = users
        self.links = links
        self.inboxes = inboxes

    async def tell(self, connection: Connection, cause: str, user_id: UUID, **facts: str) -> None:
        """Has a user told of something, if the caller's transaction commits. A fact is a `detail`."""
        await self.note(connection, cause, user_id=str(user_id), **facts)

    async def tell_address(self, connection: Connection, cause: str, email: str) -> None:
        """As tell(), for whoever has the address, if somebody has: that is looked up later, and takes no time here."""
        await self.note(connection, cause, email=email)

    async def note(self, connection: Connection, cause: str, **facts: str) -> None:
        """Adds the job to the caller's transaction."""
        event = {"event_id": uuid4(), "cause": cause, "occurred": clock.now(), **facts}
        await jobs.enqueue(connection, TELL, orjson.dumps(event))

    async def send(self, payload: bytes) -> None:
        """The job. May be done again: notify tells nobody twice. Raises MeshError."""
        event: dict[str, Any] = orjson.loads(payload)
        if user := await self.find(event):
            await self.send_to(user, event)

    async def find(self, event: dict[str, Any]) -> Row | None:
        """Whom an event concerns: a user, or who has an address; None if nobody is left who reads it."""
        if email := event.get("email"):
            return next(iter(await self.users.list_claimants(email)), None)
        user = await self.users.find(UUID(event["user_id"]))
        return user if user and user.email else None

    async def send_to(self, user: Row, event: dict[str, Any]) -> None:
        """Tells a user.

        Who registers with another one's address does not choose what that one reads. And when several claim an address
        no link verifies it any more: its reader could not know whose password he puts in force. A new one shows who is
        who.
        """
        cause, owner = event["cause"], user
        if cause == "registered" and len(claimants := await self.users.list_claimants(user.email)) > 1:
            cause, owner = "already_registered", claimants[0]
            await self.links.drop_verifying([each.id for each in claimants])
        link = await self.links.make(LINKS[cause], owner.id) if cause in LINKS else ""
        await self.inboxes.tell(
            UUID(event["event_id"]),
            "welcome" if cause in WELCOME else "security",
            owner.id,
            name=f"{owner.name} {owner.last_name}".strip() if owner.verify_time else "",
            address=owner.email,
            language=owner.language,
            cause=cause,
            detail=event.get("detail", ""),
            link=link,
            occurred=datetime.fromisoformat(event["occurred"]),
        )
