"""What people read in the mails about their accounts."""

import re
from email.message import EmailMessage

from local.mail import text_of
from local.mesh import Mesh
from tests.mails import sent
from tests.people import Person

LINK = re.compile(r"(?P<path>/auth/v1/[a-z/]+)#(?P<secret>[A-Za-z0-9_-]{43})")


async def subjects(mesh: Mesh, person: Person, count: int) -> list[str]:
    """What a person's mails are about, when there are so many."""
    return [str(mail["subject"]) for mail in await sent(mesh, person, count, about_account=True)]


async def link(mesh: Mesh, person: Person, count: int = 1, path: str = "") -> tuple[str, str]:
    """The path and the secret of the link in the last of so many mails, or in the last that has one to this path."""
    found = await sent(mesh, person, count, about_account=True)
    # Mails may overtake each other.
    return link_in([mail for mail in found if path in text_of(mail, "plain")][-1])


def link_in(message: EmailMessage) -> tuple[str, str]:
    """The path and the secret of the link in a mail."""
    content = text_of(message, "plain")
    found = LINK.search(content)
    assert found, content
    return found["path"], found["secret"]
