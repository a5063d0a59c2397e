"""Who hears of a new evening: followers and subscribers, however many. One job, which goes on where it stopped."""

from typing import NamedTuple
from uuid import UUID

from matinee.notify.v1 import notify_pb2

from booking_svc.facts import guest, look_up, to_all
from booking_svc.notices import event_facts
from booking_svc.peers import Films, Follows, Inboxes, People
from booking_svc.schema import Will
from booking_svc.store.blocks import BlockStore
from booking_svc.store.events import EventStore
from mesh.database import Row

FOLLOWERS, SUBSCRIBERS, DONE = "followers", "subscribers", "done"


class Place(NamedTuple):
    """How far a notice has come: whose turn it is, and the token of the page."""

    source: str = FOLLOWERS
    page_token: str = ""


class Audience:
    """Tells the author's followers and, unless it is private, the film's subscribers; who is both is told once, whom he
    blocks never."""

    def __init__(
        self, store: EventStore, people: People, films: Films, follows: Follows, blocks: BlockStore, inboxes: Inboxes
    ) -> None:
        self.store = store
        self.people = people
        self.films = films
        self.follows = follows
        self.blocks = blocks
        self.inboxes = inboxes

    async def tell(self, payload: bytes) -> None:
        """Tells of the event whose id is the payload, for as long as the evening is not called off.

        Raises MeshError when a peer does not answer: try again then.
        """
        event_id = UUID(bytes=payload)
        reached = await self.store.find_progress(event_id)
        place = Place(reached.source, reached.page_token) if reached else Place()
        while place.source != DONE:
            (event,) = await self.store.list([event_id])
            place = Place(DONE) if event.will == Will.CANCELLED else await self.tell_page(event, place)
            await self.store.keep_progress(event_id, *place)

    async def tell_page(self, event: Row, place: Place) -> Place:
        """Tells a page of people; returns where to go on."""
        if place.source == FOLLOWERS:
            persons, token = await self.follows.followers(event.author_id, place.page_token)
        else:
            persons, token = await self.follows.subscribers(event.movie_id, place.page_token)
        known = await look_up(self.people, self.films, [event.author_id], [event.movie_id])
        facts = event_facts(event, known, sees_address=False)
        blocked = await self.blocks.blocked_among(event.author_id, persons)
        left_out = {event.author_id, event.actor_id, *blocked}
        told = [guest(person) for person in persons if person not in left_out]
        await self.inboxes.publish(list(to_all(facts, notify_pb2.announcement_published, told)))
        if token:
            return Place(place.source, token)
        return Place(SUBSCRIBERS) if place.source == FOLLOWERS and not event.sub_only else Place(DONE)
