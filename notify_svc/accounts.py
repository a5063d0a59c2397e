"""What people are told of their accounts: always by mail, to the address that auth names."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from mesh import clock
from notify_svc import kinds
from notify_svc.bell import Bell
from notify_svc.languages import language_of
from notify_svc.store.accounts import AccountStore


class AccountEvent(NamedTuple):
    """Something that happened to an account."""

    event_id: UUID
    kind: str
    user_id: UUID
    name: str
    address: str
    language: str
    cause: str
    detail: str
    link: str
    """Holds a secret: whoever reads the mail may do what it is for."""
    occurred: datetime


class Accounts:
    """Tells people of their accounts."""

    def __init__(self, store: AccountStore, bell: Bell) -> None:
        self.store = store
        self.bell = bell

    async def tell(self, event: AccountEvent) -> None:
        """Tells a person of an event, once however often it is told. Raises InvalidArgument (INVALID_FIELDS: cause)."""
        wording = kinds.about_account(event.kind, event.cause, event.detail, language_of(event.language))
        facts = {"cause": event.cause, "detail": event.detail, "language": event.language, "name": event.name}
        await self.store.tell(
            {
                "recipient_id": event.user_id,
                "event_id": event.event_id,
                "kind": event.kind,
                "title": wording.title,
                "text": wording.text,
                "occur_time": event.occurred,
                "facts": facts,
                "shown": kinds.ABOUT_ACCOUNTS[event.kind].inbox,
                "now": clock.now(),
                "address": event.address,
                "secret": event.link or None,
            }
        )
        self.bell.ring({event.user_id})
