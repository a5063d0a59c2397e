"""The mails that the mesh has sent, as its sink keeps them."""

import asyncio
import time
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import vobject

from local.mail import kept, read, text_of
from local.mesh import Mesh
from tests.people import Person

SECONDS = 20.0


def mails(mesh: Mesh, person: Person, *, about_account: bool = False) -> list[EmailMessage]:
    """What a person was sent so far, oldest first: about evenings, or about his account."""
    found = [read(path) for path in reversed(kept(mesh.home)) if person.email in addressee(path)]
    # Nobody unsubscribes from what concerns his account.
    return [message for message in found if ("List-Unsubscribe" not in message) is about_account]


@cache
def addressee(path: Path) -> str:
    """Whom a mail was for, in the line that the sink has put before it."""
    with path.open() as file:
        return file.readline()


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
