"""The inbox: what people are told, and whether they have read it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from mesh import paging
from mesh.database import Row, once_more_on_deadlock
from notify_svc import kinds
from notify_svc.bell import Bell
from notify_svc.edits import COALESCED, EDIT, Edit, Telling, Tellings
from notify_svc.facts import Facts, stored
from notify_svc.languages import ENGLISH, Language
from notify_svc.peers import Manner, People
from notify_svc.store.notices import NoticeStore, Retold, Told
from notify_svc.wording import Wording

Manners = Mapping[UUID, Manner]


class Event(NamedTuple):
    """Something that happened, and whom it concerns."""

    event_id: UUID
    kind: str
    occurred: datetime
    recipients: Sequence[tuple[UUID, bool]]
    """Each with whether he is the host."""
    schedule_version: str
    """Events of one subject, kind and schedule_version are one notice."""
    facts: Facts


class Notices:
    """Everybody's notices."""

    def __init__(self, store: NoticeStore, people: People, bell: Bell, public_url: str) -> None:
        self.store = store
        self.people = people
        self.bell = bell
        self.public_url = public_url

    async def publish(self, events: Sequence[Event]) -> None:
        """Tells the recipients of events, each once however often an event is published.

        Raises InvalidArgument (INVALID_FIELDS) if a fact that a kind needs is missing; then nobody is told anything.
        """
        manners = await self.people.manners({person for event in events for person, _ in event.recipients})
        notices = [notice for event in events for notice in self.notices(event, manners)]
        edits = [event for event in events if event.kind == EDIT and event.recipients]
        others = [notice for notice in notices if notice.kind != EDIT]
        await once_more_on_deadlock(
            lambda: self.publish_edits(others, edits, manners) if edits else self.store.add(notices)
        )
        # Only now that it is committed: who is woken reads what is there.
        self.bell.ring({notice.recipient_id for notice in notices})

    def notices(self, event: Event, manners: Manners) -> Iterator[Told]:
        """A notice for each recipient, in his language and in the words of his side."""
        facts, said = event.facts, {ENGLISH.code: kinds.sides(event.kind, event.facts)}
        plain = stored(facts)
        for recipient_id, is_host in event.recipients:
            language, mails = manners[recipient_id]
            if language.code not in said:
                said[language.code] = kinds.sides(event.kind, facts, language)
            wording = said[language.code].of(is_host=is_host)
            yield Told(
                recipient_id=recipient_id,
                is_host=is_host,
                event_id=event.event_id,
                kind=event.kind,
                schedule_version=event.schedule_version,
                announcement_id=facts["announcement_id"],
                booking_id=facts["booking_id"],
                title=wording.title,
                text=wording.text,
                occur_time=event.occurred,
                target=self.target(event.kind, facts, recipient_id),
                mailed=kinds.mailed(event.kind, facts, is_host=is_host) if mails else None,
                facts=plain,
            )

    async def publish_edits(self, others: Sequence[Told], events: Sequence[Event], manners: Manners) -> None:
        """Tells of events, some of which are edits that may belong into a notice that is there already."""
        announcement_ids = {event.facts["announcement_id"] for event in events}
        recipient_ids = {recipient_id for event in events for recipient_id, _ in event.recipients}
        async with self.store.editing(announcement_ids) as connection:
            known = await self.store.edits(connection, recipient_ids, announcement_ids)
            tellings = Tellings([Telling.of(row) for row in known])
            for event in sorted(events, key=lambda event: event.occurred):
                edit = Edit(event.event_id, event.occurred, event.facts)
                for recipient_id, is_host in event.recipients:
                    tellings.take(edit, recipient_id, event.schedule_version, is_host=is_host)
            new = [self.told(each, manners[each.recipient_id]) for each in tellings.new()]
            await self.store.add([*others, *new], connection)
            grown = [retold(each, manners[each.recipient_id].language) for each in tellings.grown()]
            await self.store.retell(connection, grown)

    def told(self, telling: Telling, manner: Manner) -> Told:
        """The notice of edits that nobody was told of yet."""
        facts = telling.facts()
        wording = words(telling, manner.language)
        first = telling.edits[0]
        return Told(
            recipient_id=telling.recipient_id,
            is_host=telling.is_host,
            event_id=first.event_id,
            kind=EDIT,
            schedule_version=telling.schedule_version,
            announcement_id=telling.announcement_id,
            booking_id=facts["booking_id"],
            title=wording.title,
            text=wording.text,
            occur_time=telling.edits[-1].occurred,
            target=self.target(EDIT, facts, telling.recipient_id),
            mailed=kinds.mailed(EDIT, facts, is_host=telling.is_host) if manner.mails else None,
            facts=stored(facts),
            edits=telling.plain(),
            hold_time=first.occurred + COALESCED,
        )

    def target(self, kind: str, facts: Facts, recipient_id: UUID) -> str:
        """Where a notice's short link leads: to the booking it is about, to one's ratings, or to the announcement."""
        if kind == "rating_visible":
            return f"{self.public_url}/app/v1/ratings/{recipient_id}"
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


def words(telling: Telling, language: Language) -> Wording:
    """What is said of edits, to the side of who is told."""
    return kinds.sides(EDIT, telling.facts(), language).of(is_host=telling.is_host)


def retold(telling: Telling, language: Language) -> Retold:
    """What a notice says now that it tells of more."""
    assert telling.id is not None
    wording, facts = words(telling, language), stored(telling.facts())
    return Retold(telling.id, wording.title, wording.text, telling.edits[-1].occurred, facts, telling.plain())
