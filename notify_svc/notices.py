"""The inbox: what people are told, and whether they have read it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from mesh import paging
from mesh.database import Row
from notify_svc import kinds
from notify_svc.bell import Bell
from notify_svc.facts import Facts
from notify_svc.store import NoticeStore, Told


class Event(NamedTuple):
    """Something that happened, and whom it concerns."""

    event_id: UUID
    kind: str
    occurred: datetime
    recipients: Sequence[tuple[UUID, bool]]
    """Each with whether he is the host."""
    facts: Facts


class Notices:
    """Everybody's notices."""

    def __init__(self, store: NoticeStore, bell: Bell, public_url: str) -> None:
        self.store = store
        self.bell = bell
        self.public_url = public_url

    async def publish(self, events: Sequence[Event]) -> None:
        """Tells the recipients of events, each once however often an event is published.

        Raises InvalidArgument (INVALID_FIELDS) if a fact that a kind needs is missing; then nobody is told anything.
        """
        notices = [notice for event in events for notice in self.notices(event)]
        if notices:
            await self.store.add(notices)
            # Only now that it is committed: who is woken reads what is there.
            self.bell.ring({notice.recipient_id for notice in notices})

    def notices(self, event: Event) -> Iterator[Told]:
        """A notice for each recipient, in the words of his side."""
        sides, facts = kinds.sides(event.kind, event.facts), event.facts
        target = self.target(event.kind, facts)
        for recipient_id, is_host in event.recipients:
            wording = sides.host if is_host else sides.guest
            about = (facts["announcement_id"], facts["booking_id"], wording.title, wording.text)
            yield Told(recipient_id, event.event_id, event.kind, *about, event.occurred, target)

    def target(self, kind: str, facts: Facts) -> str:
        """Where a notice's short link leads: to the booking it is about, or to the announcement."""
        if "booking_id" in kinds.KINDS[kind].needs:
            return f"{self.public_url}/app/v1/booking/{facts['booking_id']}"
        return f"{self.public_url}/app/v1/announcement/{facts['announcement_id']}"

    async def list(
        self, recipient_id: UUID, page_size: int, page_token: str, *, unread_only: bool
    ) -> tuple[Sequence[Row], str, int]:
        """A page of a person's notices, newest first, the next page's token, and how many of all are unread.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        scope = ("inbox", recipient_id, unread_only)
        size = paging.page_size(page_size)
        before = paging.decode_place(page_token, *scope) or paging.END
        rows, unread_count = await self.store.list(recipient_id, before, size + 1, unread_only)
        page, token = paging.cut(rows, size, lambda last: paging.encode_place(last.occur_time, last.id, *scope))
        return page, token, unread_count

    async def mark_read(self, recipient_id: UUID, notice_id: UUID) -> Row:
        """A person's notice, read from now on. Raises NotFound (NOTICE_NOT_FOUND), also for somebody else's."""
        return await self.store.mark_read(recipient_id, notice_id)

    async def mark_all_read(self, recipient_id: UUID) -> None:
        """Leaves a person nothing unread."""
        await self.store.mark_all_read(recipient_id)
