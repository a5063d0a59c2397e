"""The mails that the mesh has sent, as its sink keeps them."""

import asyncio
import time
from email.message import EmailMessage
from typing import Any

import vobject

from local.mail import kept, read, text_of
from local.mesh import Mesh
from tests.people import Person

SECONDS = 20.0


def mails(mesh: Mesh, person: Person, *, about_account: bool = False) -> list[EmailMessage]:
    """What a person was sent so far, oldest first: about evenings, or about his account."""
    files = [path for path in kept(mesh.home) if person.email.encode() in path.read_bytes()]
    found = [read(path) for path in reversed(files)]
    # Nobody unsubscribes from what concerns his account.
    return [message for message in found if ("List-Unsubscribe" not in message) is about_account]


async def sent(mesh: Mesh, person: Person, count: int = 1, *, about_account: bool = False) -> list[EmailMessage]:
    """A person's mails, when there are so many."""
    deadline = time.monotonic() + SECONDS
    found = mails(mesh, person, about_account=about_account)
    while len(found) < count and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        found = mails(mesh, person, about_account=about_account)
    assert len(found) == count, [message["subject"] for message in found]
    return found


def calendar_of(message: EmailMessage) -> tuple[str, Any] | None:
    """The method and the event of a mail's calendar part, as another library reads it."""
    content = text_of(message, "calendar")
    if not content:
        return None
    calendar = vobject.readOne(content)
    return calendar.method.value, calendar.vevent
