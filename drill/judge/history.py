"""All evenings and bookings together: what was taken, and who was where, surely or possibly."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from matinee.booking.v1 import booking_pb2 as pb

from drill.harvest import Harvest
from drill.judge.evenings import CLOSED, PUBLISHED, Evening, Span, evenings, overlap
from drill.judge.findings import Findings
from drill.judge.lives import LIVE, Life, lives
from drill.record import Record

ACCEPTED: set[int] = {pb.ACCEPTED}


@dataclass
class History:
    """What happened, as far as the answers tell."""

    evenings: dict[str, Evening]
    lives: dict[str, Life]

    def __post_init__(self) -> None:
        self.at: dict[str, list[Life]] = defaultdict(list)
        self.of: dict[str, list[Life]] = defaultdict(list)
        self.hosted: dict[str, list[Evening]] = defaultdict(list)
        for life in self.lives.values():
            self.at[life.evening.id].append(life)
            self.of[life.guest].append(life)
        for evening in self.evenings.values():
            self.hosted[evening.host].append(evening)

    def most_taken(self, evening: Evening, start: float, end: float, but: str = "") -> int:
        """No more places can have been taken at any moment of an interval."""
        return sum(
            life.tickets for life in self.at[evening.id] if life.id != but and pb.ACCEPTED in life.possible(start, end)
        )

    def least_taken(self, evening: Evening, start: float, end: float, but: str = "") -> int:
        """No fewer places can have been taken at any moment of an interval."""
        return sum(life.tickets for life in self.at[evening.id] if life.id != but and life.surely(ACCEPTED, start, end))

    def most_left(self, evening: Evening, start: float, end: float, but: str = "") -> int:
        """No more places can have been left."""
        return max(evening.capacities(start, end), default=0) - self.least_taken(evening, start, end, but)

    def least_left(self, evening: Evening, start: float, end: float, but: str = "") -> int:
        """No fewer places can have been left."""
        return min(evening.capacities(start, end), default=0) - self.most_taken(evening, start, end, but)

    def maybe_live(self, guest: str, evening: Evening, start: float, end: float, but: str = "") -> bool:
        """Whether somebody may have had a live booking for an evening."""
        mine = (life for life in self.at[evening.id] if life.guest == guest and life.id != but)
        return any(not LIVE.isdisjoint(life.possible(start, end)) for life in mine)

    def surely_live(self, guest: str, evening: Evening, start: float, end: float) -> bool:
        """Whether somebody had a live booking for an evening all the time."""
        return any(life.guest == guest and life.surely(LIVE, start, end) for life in self.at[evening.id])

    def maybe_elsewhere(
        self, person: str, spans: list[Span], start: float, end: float, *, but: Evening | None, hosts: bool
    ) -> bool:
        """Whether somebody may have been expected at another evening at one of these times.

        One who hosts may host another one too.
        """
        taken = [*self.as_guest(person, but, start, end)]
        if not hosts:
            taken += self.as_host(person, start, end)
        return any(overlap(span, other) for span in spans for other in taken)

    def as_guest(self, person: str, but: Evening | None, start: float, end: float) -> Iterator[Span]:
        """When a person may have been expected as a guest of others."""
        for life in self.of[person]:
            if life.evening is not but and life.possible(start, end) & LIVE:
                yield from life.evening.spans(start, end)

    def as_host(self, person: str, start: float, end: float) -> Iterator[Span]:
        """When a person may have been expected at his own evenings."""
        for evening in self.hosted[person]:
            if evening.wills(start, end) & {PUBLISHED, CLOSED}:
                yield from evening.spans(start, end)


def history(record: Record, harvest: Harvest, findings: Findings) -> History:
    """Puts it together."""
    found = evenings(record, harvest, findings)
    return History(found, lives(record, harvest, found, findings))
