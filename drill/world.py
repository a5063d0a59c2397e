"""What clients believe of the evenings, from the answers they got: enough to ask for things that are often possible."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from matinee.booking.v1 import booking_pb2 as pb

from drill.record import Op, Person
from drill.stage import Stage

EVENINGS = 7
"""How many are talked about at one time."""
TALKED_ABOUT = 90
"""After so many requests people turn to another evening, so that no history grows without end."""
FIRST_DAY = 6
DAYS = 5
"""Evenings lie on so many days, so that they often meet."""
STARTS = (0, 45, 180)
"""Minutes into an evening: the first two overlap, the third meets nobody."""


@dataclass
class Evening:
    """An evening as it was last seen."""

    id: str
    host: Person
    seen: Any
    bookings: dict[str, Any] = field(default_factory=dict)
    talk: int = 0

    def those(self, *states: int) -> list[Any]:
        """Bookings last seen in one of these states."""
        return [booking for booking in self.bookings.values() if booking.state in states]


class World:
    """The evenings that people talk about now, and those before."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.people = {person.id: person for person in stage.people}
        self.evenings: dict[str, Evening] = {}
        self.past: dict[str, Evening] = {}
        self.announced = 0
        self.began = datetime.now(UTC).replace(hour=18, minute=0, second=0, microsecond=0)

    def some_time(self, dice: random.Random) -> datetime:
        """When an evening may be; the season moves on with the evenings, so that people are free again."""
        day = FIRST_DAY + self.announced // 6 + dice.randrange(DAYS)
        return self.began + timedelta(days=day, minutes=dice.choice(STARTS))

    def far_time(self, days: int) -> datetime:
        """When nobody has planned anything yet."""
        return self.began + timedelta(days=FIRST_DAY + self.announced // 6 + 2 * DAYS + days)

    def evening(self, dice: random.Random) -> Evening:
        """One that people talk about."""
        evening = dice.choice(list(self.evenings.values()))
        evening.talk += 1
        return evening

    def worn_out(self) -> Iterator[Evening]:
        """Evenings that nobody wants to hear of any more."""
        return (evening for evening in list(self.evenings.values()) if evening.talk > TALKED_ABOUT)

    def forget(self, evening: Evening) -> None:
        """Turns to other evenings."""
        if self.evenings.pop(evening.id, None):
            self.past[evening.id] = evening

    def learn(self, op: Op) -> None:
        """Takes in an answer."""
        answer = op.answer
        if isinstance(answer, pb.AnnouncementDetail):
            self.learn_evening(answer)
        elif isinstance(answer, pb.BookingDetail):
            self.learn_booking(answer)
        elif isinstance(answer, pb.DecideBookingsResponse):
            for booking in answer.bookings:
                self.learn_booking(booking)
        elif isinstance(answer, pb.ListApplicationsResponse):
            for booking in answer.applications:
                self.learn_booking(booking)

    def learn_evening(self, seen: Any) -> None:
        """An evening's answer; of a new one nobody has spoken before."""
        known = self.evenings.get(seen.id) or self.past.get(seen.id)
        if known is None:
            self.announced += 1
            self.evenings[seen.id] = Evening(seen.id, self.people[seen.author_id], seen)
        elif seen.version >= known.seen.version:
            known.seen = seen
        if seen.status == pb.Cancelled:
            self.forget(self.evenings.get(seen.id) or self.past[seen.id])

    def learn_booking(self, booking: Any) -> None:
        """A booking's answer."""
        evening = self.evenings.get(booking.announcement_id) or self.past.get(booking.announcement_id)
        if evening is not None:
            evening.bookings[booking.id] = booking
