"""What people are told because time passes: that an evening is near, and that it is over.

Nothing is planned ahead. Whoever is to be told is found when the time has come, so moves, cancellations and withdrawals
need no care. What was told is noted after it was told; a crash in between tells again, which notify knows as the same.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from matinee.notify.v1 import notify_pb2

from booking_svc.facts import Known, evening_facts, guest, host, look_up, to_all
from booking_svc.peers import Films, Inboxes, People
from booking_svc.store.moments import MOMENTS, Moment
from booking_svc.store.reminders import Turn
from mesh import clock, tracing
from mesh.database import Database, Row

REST = 4.0
"""How many times as long as telling some people took others have the machine before the next are told."""
ONCE = "over"
"""The schedule_version of what does not depend on when the evening was."""


class Reminders:
    """The sweep that reminds. Several processes may sweep at once: they take turns."""

    def __init__(self, database: Database, people: People, films: Films, inboxes: Inboxes) -> None:
        self.database = database
        self.people = people
        self.films = films
        self.inboxes = inboxes

    async def sweep(self) -> None:
        """Tells everybody who is to be told by now. Raises MeshError when a peer does not answer: go on later."""
        for moment in MOMENTS:
            began = time.monotonic()
            while await self.tell_some(moment):
                # When very many are to be told, others need the machine, too.
                await asyncio.sleep(REST * (time.monotonic() - began))
                began = time.monotonic()

    async def tell_some(self, moment: Moment) -> bool:
        """Tells the people of some evenings; False if there is none left, or it is another process's turn."""
        async with self.database.transaction() as connection:
            turn = Turn(connection)
            now = clock.now()
            evenings = await turn.due(moment.kind, now) if await turn.take() else ()
            if evenings:
                with tracing.begun(f"remind {moment.kind}"):
                    await self.inboxes.publish(await self.requests(moment, evenings, now))
                    await turn.note(moment.kind, evenings)
        return bool(evenings)

    async def requests(self, moment: Moment, evenings: Sequence[Row], now: datetime) -> list[notify_pb2.PublishRequest]:
        """What is to be published."""
        authors, films = {evening.author_id for evening in evenings}, {evening.movie_id for evening in evenings}
        known = await look_up(self.people, self.films, authors, films)
        return [request for evening in evenings for request in of_evening(moment, evening, known, now)]


def of_evening(moment: Moment, evening: Row, known: Known, now: datetime) -> Iterator[notify_pb2.PublishRequest]:
    """What is to be published of one; all whom it concerns have a place or are the host, so they know the address."""
    version = evening.event_time.isoformat() if moment.ahead else ONCE
    facts = evening_facts(evening, known, sees_address=True)
    facts.event_id = str(uuid5(NAMESPACE_URL, f"{moment.kind} {evening.announcement_id} {version}"))
    facts.schedule_version = version
    facts.occurred.FromDatetime(now)
    people = [guest(person) for person in evening.guests]
    if evening.host_is_told:
        people.append(host(evening.author_id))
    yield from to_all(facts, notify_pb2.Kind.Value(moment.kind), people)
