"""Who is told what: turns events of the ledger into notices. Runs as a job, after the deciding transaction."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from matinee.notify.v1 import notify_pb2

from booking_svc.facts import Known, Recipient, evening_facts, guest, host, look_up, to_all
from booking_svc.peers import Films, Inboxes, People
from booking_svc.schema import NOBODY
from booking_svc.store import scores
from booking_svc.store.events import EventStore
from mesh.batch import Batcher
from mesh.database import Row

TOGETHER = 100
"""Most jobs that are done together, and most notices that are handed over in one call."""
SHARE, CROWD = 0.25, 4
"""The part of the time that is for telling while more than so many apply at once: those who wait for an answer come
first."""
ID_BYTES = 16
SIDES = ("before", "after")


class Group(NamedTuple):
    """People who are told the same."""

    kind: notify_pb2.Kind.ValueType
    people: list[Recipient]
    sees_address: bool


class Notices:
    """Tells people of events; an event told twice is one notice, because notify knows it by its id."""

    def __init__(
        self, store: EventStore, people: People, films: Films, inboxes: Inboxes, applying: Callable[[], int]
    ) -> None:
        """`applying` tells how many apply at this moment."""
        self.store = store
        self.people = people
        self.films = films
        self.inboxes = inboxes
        self.together: Batcher[bytes, None] = Batcher(
            self.tell_together, limit=TOGETHER, share=lambda: SHARE if applying() > CROWD else 1.0
        )

    async def tell(self, payload: bytes) -> None:
        """Tells of the events whose ids are the payload, 16 bytes each, together with those of other jobs.

        Raises MeshError when a peer does not answer: try again then.
        """
        await self.together.submit(payload)

    async def tell_together(self, payloads: Sequence[bytes]) -> Sequence[None]:
        """Tells of the events of many jobs."""
        joined = b"".join(payloads)
        ids = [UUID(bytes=joined[start : start + ID_BYTES]) for start in range(0, len(joined), ID_BYTES)]
        events = await self.store.list(ids)
        known = await self.known(events)
        await self.inboxes.publish([request for event in events for request in requests(event, known)])
        return [None] * len(payloads)

    async def known(self, events: Sequence[Row]) -> Known:
        """The names and titles that notices of these events mention."""
        persons = {person for event in events for person in (event.author_id, event.guest_id) if person}
        films = {event.movie_id for event in events} | {film for event in events for film in changed_films(event)}
        return await look_up(self.people, self.films, persons, films)


def requests(event: Row, known: Known) -> Iterator[notify_pb2.PublishRequest]:
    """What is to be published of an event."""
    for group in groups(event):
        facts = event_facts(event, known, sees_address=group.sees_address)
        # An edit of nothing but the address is nothing to those who do not get to know it.
        if group.kind != notify_pb2.announcement_changed or facts.changes:
            yield from to_all(facts, group.kind, group.people)


def groups(event: Row) -> Iterator[Group]:
    """Who is told of an event, and which kind of notice it is to them."""
    match event.kind:
        case "booking_created":
            yield Group(notify_pb2.booking_created, [host(event.author_id)], sees_address=True)
            if event.cause == "accepted":
                yield Group(notify_pb2.booking_status, [guest(event.guest_id)], sees_address=True)
        case "booking_status":
            yield from sides(event)
        case "announcement_changed" | "announcement_cancelled":
            kind = notify_pb2.Kind.Value(event.kind)
            if event.actor_id != event.author_id:
                yield Group(kind, [host(event.author_id)], sees_address=True)
            cancelled = kind == notify_pb2.announcement_cancelled
            yield Group(kind, listed(event, "guests"), sees_address=not cancelled)
            yield Group(kind, listed(event, "others"), sees_address=False)
        case scores.REVEALED:
            rated = [UUID(person) for person in event.detail["people"]]
            people = [host(each) if each == event.author_id else guest(each) for each in rated]
            yield Group(notify_pb2.rating_visible, people, sees_address=False)


def sides(event: Row) -> Iterator[Group]:
    """Both sides of a booking. The address is for its guest only if he has a place by this event."""
    both = [host(event.author_id), guest(event.guest_id)]
    if event.places_delta > 0 or not event.address_for_guests_only:
        yield Group(notify_pb2.booking_status, both, sees_address=True)
    else:
        yield Group(notify_pb2.booking_status, both[:1], sees_address=True)
        yield Group(notify_pb2.booking_status, both[1:], sees_address=False)


def listed(event: Row, group: str) -> list[Recipient]:
    """Those who held a booking when it was decided: `guests`, or `others` who do not get to know the address.

    Whoever did it himself is not told.
    """
    return [guest(person) for person in event.detail.get(group, ()) if person != str(event.actor_id)]


def event_facts(event: Row, known: Known, *, sees_address: bool) -> notify_pb2.PublishRequest:
    """What a notice of the event may mention."""
    facts = evening_facts(event, known, sees_address=sees_address)
    # Of an evening whose ratings become visible one after the other each of its people is told once.
    facts.schedule_version = event.kind if event.kind == scores.REVEALED else ""
    facts.event_id = str(event.id)
    facts.booking_id = str(event.booking_id or "")
    facts.guest_name = known.names.get(event.guest_id, "") if event.guest_id else ""
    facts.cause = event.cause if event.booking_id else ""
    facts.accepted = event.places_delta > 0
    facts.reason = event.detail.get("reason", "")
    facts.by_moderator = event.actor_id not in (event.author_id, event.guest_id, NOBODY)
    facts.occurred.FromDatetime(event.create_time)
    facts.changes.extend(changes(event, known, sees_address=sees_address))
    return facts


def changes(event: Row, known: Known, *, sees_address: bool) -> Iterator[notify_pb2.Change]:
    """What changed, without the address for those who do not get to know it; a film by its title, if that is known."""
    for change in event.detail.get("changes", ()):
        if sees_address or change["field"] != "event_location":
            values = {side: change[side] for side in SIDES}
            if change["field"] == "movie_id":
                values = {side: known.titles.get(UUID(value), value) for side, value in values.items()}
            yield notify_pb2.Change(field=change["field"], **values)


def changed_films(event: Row) -> set[UUID]:
    """The film that an evening had and the one that it got, if an edit changed it."""
    edited = [change for change in event.detail.get("changes", ()) if change["field"] == "movie_id"]
    return {UUID(change[side]) for change in edited for side in SIDES}
