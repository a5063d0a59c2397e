"""Links at the end of mails that end mails of one kind to one person, without a token, and do nothing else."""

import base64
import hashlib
import hmac
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from matinee.notify.v1 import notify_pb2

from mesh.errors import MeshError, NotFound
from notify_svc.languages import language_of
from notify_svc.peers import People
from notify_svc.preferences import Preferences
from notify_svc.rendering import render

PURPOSE = b"unsubscribe e-mail 1"
"""Signed along, so that nothing else that this secret may ever sign is good here."""
SIGNATURE_BYTES = 20
KIND_BYTES = 2


class Subject(NamedTuple):
    """Whose mails of which kind."""

    user_id: UUID
    kind: str


class Unsubscribing:
    """Signs links, and reads them."""

    def __init__(self, secret: str, public_url: str) -> None:
        self.secret = secret.encode()
        self.public_url = public_url

    def link(self, user_id: UUID, kind: str) -> str:
        """The address that unsubscribes a person from mails of a kind."""
        return f"{self.public_url}/notify/v1/unsubscribe?token={self.token(user_id, kind)}"

    def token(self, user_id: UUID, kind: str) -> str:
        """The signed part of the link."""
        content = user_id.bytes + notify_pb2.Kind.Value(kind).to_bytes(KIND_BYTES)
        return base64.urlsafe_b64encode(content + self.signature(content)).decode().rstrip("=")

    def read(self, token: str) -> Subject:
        """Whose mails of which kind a token is for. Raises NotFound (LINK_NOT_FOUND) if we did not sign it."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise unknown() from None
        content, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
        if len(content) != 16 + KIND_BYTES or not hmac.compare_digest(signature, self.signature(content)):
            raise unknown()
        kind = int.from_bytes(content[16:])
        if kind == 0 or kind not in notify_pb2.Kind.values():
            raise unknown()
        return Subject(UUID(bytes=content[:16]), notify_pb2.Kind.Name(notify_pb2.Kind.ValueType(kind)))

    def signature(self, content: bytes) -> bytes:
        """What only we can make."""
        return hmac.new(self.secret, PURPOSE + content, hashlib.sha256).digest()[:SIGNATURE_BYTES]


class Leaving:
    """What the links do: show a page, or end the mails."""

    def __init__(self, unsubscribing: Unsubscribing, preferences: Preferences, people: People) -> None:
        self.unsubscribing = unsubscribing
        self.preferences = preferences
        self.people = people

    async def show(self, token: str) -> bytes:
        """The page with the button. Raises NotFound (LINK_NOT_FOUND)."""
        return await self.page(self.unsubscribing.read(token), done=False)

    async def leave(self, token: str) -> bytes:
        """Ends the mails, and says so. Raises NotFound (LINK_NOT_FOUND)."""
        subject = self.unsubscribing.read(token)
        await self.preferences.end_mails(*subject)
        return await self.page(subject, done=True)

    async def page(self, subject: Subject, *, done: bool) -> bytes:
        """A page in the person's language; in English while auth does not tell it."""
        person = None
        with suppress(MeshError):
            person = await self.people.find(subject.user_id)
        language = language_of(person.language if person else "")
        shown = {"language": language.code, "labels": language.labels, "done": done}
        return render("unsubscribe.html", {**shown, "name": language.kinds[subject.kind]}).encode()


def unknown() -> NotFound:
    """The refusal of a link that we did not make."""
    return NotFound("LINK_NOT_FOUND", "there is no such link")
