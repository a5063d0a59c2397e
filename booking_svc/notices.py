"""Who is told what: turns events of the ledger into notices. Runs as a job, after the deciding transaction."""

from collections.abc import AsyncIterator, Collection, Sequence
from uuid import UUID

from matinee.notify.v1 import notify_pb2

from booking_svc.peers import Films, Follows, Inboxes, People
from booking_svc.schema import NOBODY
from booking_svc.store.events import EventStore
from mesh.batch import Batcher
from mesh.database import Row
from mesh.errors import InvalidArgument
from mesh.logs import logger

TOGETHER = 50
"""Most jobs that are done together, and most notices that are handed over in one call."""
SHARE = 0.5
"""The part of the time that is for telling while there is much to tell: those who wait for an answer come first."""
AT_ONCE = 1000
"""Most recipients of a notice that notify takes in one request."""
ID_BYTES = 16
SIDES = ("before", "after")
Recipients = list[notify_pb2.PublishRequest.Recipient]


class Notices:
    """Tells people of events; an event told twice is one notice, because notify knows it by its id."""

    def __init__(self, store: EventStore, people: People, films: Films, follows: Follows, inboxes: Inboxes) -> None:
        self.store = store
        self.people = people
        self.films = films
        self.follows = follows
        self.inboxes = inboxes
        self.together: Batcher[bytes, None] = Batcher(self.tell_together, limit=TOGETHER, share=SHARE)

    async def tell(self, payload: bytes) -> None:
        """Tells of the events whose ids are the payload, 16 bytes each, together with those of other jobs.

        Raises MeshError when a peer does not answer: try again then.
        """
        await self.together.submit(payload)

    async def tell_together(self, payloads: Sequence[bytes]) -> Sequence[None]:
        """Tells of the events of many jobs."""
        joined = b"".join(payloads)
        ids = [UUID(bytes=joined[start : start + ID_BYTES]) for start in range(0, len(joined), ID_BYTES)]
        requests = [request for event in await self.store.list(ids) async for request in self.requests(event)]
        for start in range(0, len(requests), TOGETHER):
            await self.publish(requests[start : start + TOGETHER])
        return [None] * len(payloads)

    async def publish(self, requests: Sequence[notify_pb2.PublishRequest]) -> None:
        """Hands notices over. One that notify refuses is a defect of ours: it is logged, and the others are told."""
        try:
            await self.inboxes.publish(requests)
        except InvalidArgument as error:
            if len(requests) == 1:
                logger().error("notice refused", event_id=requests[0].event_id, problem=error.message)
                return
            for request in requests:
                await self.publish([request])

    async def requests(self, event: Row) -> AsyncIterator[notify_pb2.PublishRequest]:
        """What is to be published of an event."""
        facts = await self.facts(event)
        async for kind, recipients in self.recipients(event):
            if recipients:
                request = notify_pb2.PublishRequest(kind=kind, recipients=recipients)
                request.MergeFrom(facts)
                yield request
        async for request in self.without_address(event, facts):
            yield request

    async def without_address(
        self, event: Row, facts: notify_pb2.PublishRequest
    ) -> AsyncIterator[notify_pb2.PublishRequest]:
        """What those are told of a change who do not get to know the address."""
        others = listed(event, "others")
        changes = await self.changes(event, hidden=("event_location",)) if others else []
        for recipients in others if changes else ():
            request = notify_pb2.PublishRequest(kind=notify_pb2.announcement_changed, recipients=recipients)
            request.MergeFrom(facts)
            del request.changes[:]
            request.changes.extend(changes)
            yield request

    async def recipients(self, event: Row) -> AsyncIterator[tuple[notify_pb2.Kind.ValueType, Recipients]]:
        """Groups of at most 1,000 people, and the kind of notice that they get."""
        match event.kind:
            case "booking_created":
                yield notify_pb2.booking_created, [host(event)]
                if event.cause == "accepted":
                    yield notify_pb2.booking_status, [guest(event.guest_id)]
            case "booking_status":
                yield notify_pb2.booking_status, [host(event), guest(event.guest_id)]
            case "announcement_changed" | "announcement_cancelled":
                if event.actor_id != event.author_id:
                    yield notify_pb2.Kind.Value(event.kind), [host(event)]
                for people in listed(event, "guests"):
                    yield notify_pb2.Kind.Value(event.kind), people
            case "announcement_published":
                async for people in self.audience(event):
                    yield notify_pb2.announcement_published, people

    async def audience(self, event: Row) -> AsyncIterator[Recipients]:
        """The author's followers and, unless it is private, the film's subscribers."""
        async for page in self.follows.followers(event.author_id):
            yield [guest(person) for person in page if person != event.author_id]
        if not event.sub_only:
            async for page in self.follows.subscribers(event.movie_id):
                yield [guest(person) for person in page if person != event.author_id]

    async def facts(self, event: Row) -> notify_pb2.PublishRequest:
        """What a notice of the event may mention. Names are empty while their owner is down."""
        ids = [event.author_id, *([event.guest_id] if event.guest_id else [])]
        names = await self.people.names(*ids)
        titles = await self.films.titles(event.movie_id)
        facts = notify_pb2.PublishRequest(
            event_id=str(event.id),
            announcement_id=str(event.announcement_id),
            booking_id=str(event.booking_id or ""),
            title=event.title,
            movie_title=titles.get(event.movie_id, ""),
            author_name=names.get(event.author_id, ""),
            guest_name=names.get(event.guest_id, ""),
            time_zone=event.time_zone,
            cause=event.cause if event.booking_id else "",
            changes=await self.changes(event),
            accepted=event.places_delta > 0,
            reason=event.detail.get("reason", ""),
            by_moderator=event.actor_id not in (event.author_id, event.guest_id, NOBODY),
        )
        facts.event_time.FromDatetime(event.event_time)
        facts.occurred.FromDatetime(event.create_time)
        return facts

    async def changes(self, event: Row, hidden: Collection[str] = ()) -> list[notify_pb2.Change]:
        """What changed, but what is hidden; a film by its title, if that is known."""
        changes = [change for change in event.detail.get("changes", ()) if change["field"] not in hidden]
        films = [UUID(change[side]) for change in changes if change["field"] == "movie_id" for side in SIDES]
        titles = {str(film): title for film, title in (await self.films.titles(*films)).items()} if films else {}
        return [
            notify_pb2.Change(field=change["field"], **{side: titles.get(change[side], change[side]) for side in SIDES})
            for change in changes
        ]


def host(event: Row) -> notify_pb2.PublishRequest.Recipient:
    """The evening's host, to be told in a host's words."""
    return notify_pb2.PublishRequest.Recipient(user_id=str(event.author_id), host=True)


def guest(person: UUID | str) -> notify_pb2.PublishRequest.Recipient:
    """Somebody to be told in a guest's words."""
    return notify_pb2.PublishRequest.Recipient(user_id=str(person))


def listed(event: Row, group: str) -> list[Recipients]:
    """Those who held a booking when it was decided: `guests`, or `others` who do not get to know the address."""
    people = [guest(person) for person in event.detail.get(group, ())]
    return [people[start : start + AT_ONCE] for start in range(0, len(people), AT_ONCE)]
