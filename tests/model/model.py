"""Evenings, bookings and people's time as the texts describe them: plain Python, no clock, no database, one at a time.

Written from docs and protos, not from the service. Who changes them and when that is refused is in rules.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# States that hold the guest's time, and those that are shown as an answer of the author.
LIVE = frozenset({"PENDING", "WAITLISTED", "ACCEPTED"})
PAIRS: dict[str, tuple[bool | None, bool]] = {
    "PENDING": (None, True),
    "WAITLISTED": (None, True),
    "EXPIRED": (None, True),
    "ACCEPTED": (True, True),
    "ATTENDED": (True, True),
    "NO_SHOW": (True, True),
    "DECLINED": (False, True),
    "WITHDRAWN": (None, False),
    "CANCELLED": (False, True),
}


class Refused(Exception):
    """Nothing has changed. Where several reasons hold, the server may give any of them, with its own fact."""

    def __init__(self, reasons: Iterable[str], facts: dict[str, str]) -> None:
        self.reasons = frozenset(reasons)
        self.facts = facts
        super().__init__(" or ".join(sorted(self.reasons)))


def refuse(facts: dict[str, str] | None = None, /, **when: bool) -> None:
    """Raises Refused with every reason that holds; `facts` are what their metadata say."""
    if reasons := [reason for reason, holds in when.items() if holds]:
        raise Refused(reasons, facts or {})


@dataclass(frozen=True)
class Film:
    """What an evening shows, and for how long."""

    id: str
    minutes: int


@dataclass(eq=False)
class Evening:
    """An announcement; `will` is its author's, its status is derived."""

    author: str
    film: Film
    start: datetime
    tickets: int
    will: str = "Created"
    at_once: bool = False
    sub_only: bool = False
    city: str = ""
    location: str = ""
    hides_address: bool = False
    zone: str = "Europe/Berlin"
    is_free: bool = False
    # Nobody but its author and super ever learns of an evening that was not published.
    published: bool = False
    cancel_reason: str = ""
    id: str = ""
    version: int = 0

    def overlaps(self, start: datetime, minutes: int) -> bool:
        """Whether somebody who is here is missed by what begins at `start`; one may follow right after the other."""
        return start < self.start + timedelta(minutes=self.film.minutes) and self.start < start + timedelta(
            minutes=minutes
        )

    @property
    def held(self) -> bool:
        """Whether it takes its host's time."""
        return self.will in ("Alive", "Closed")


@dataclass(eq=False)
class Booking:
    """A guest's booking of an evening."""

    evening: Evening
    guest: str
    tickets: int
    state: str
    # Became PENDING from the waiting list and has not been decided since: places are being offered to it.
    offered: bool = False
    # The moment of the latest acceptance.
    accepted: int = 0
    decline_reason: str = ""
    timeline: list[tuple[str, str, str]] = field(default_factory=list)
    id: str = ""

    @property
    def live(self) -> bool:
        """Whether it holds its guest's time."""
        return self.state in LIVE


class World:
    """All there is, and what can be read from it."""

    def __init__(self, followers: dict[str, frozenset[str]], superuser: str) -> None:
        self.followers = followers
        self.superuser = superuser
        self.evenings: list[Evening] = []
        self.bookings: list[Booking] = []
        # Grows with every command; what one command does happens at one moment.
        self.moment = 0

    def bookings_of(self, evening: Evening, *states: str) -> Iterator[Booking]:
        """Its bookings (in these states) in the order in which they were made."""
        return (each for each in self.bookings if each.evening is evening and (not states or each.state in states))

    def taken(self, evening: Evening) -> int:
        """How many places are promised."""
        return sum(each.tickets for each in self.bookings_of(evening, "ACCEPTED"))

    def left(self, evening: Evening) -> int:
        """How many are not."""
        return evening.tickets - self.taken(evening)

    def status(self, evening: Evening) -> str:
        """The documented status: a full evening is closed by itself."""
        return "Closed" if evening.will == "Alive" and self.left(evening) == 0 else evening.will

    def facts(self, evening: Evening, booking: Booking | None = None) -> dict[str, str]:
        """The metadata of refusals that concern it."""
        facts = {"status": self.status(evening), "places_left": self.left(evening), "places_taken": self.taken(evening)}
        return {name: str(value) for name, value in facts.items()} | ({"state": booking.state} if booking else {})

    def guest_list(self, evening: Evening) -> list[Booking]:
        """Those who were accepted, in that order; in that of their bookings where it was at once."""
        return sorted(self.bookings_of(evening, "ACCEPTED"), key=lambda each: each.accepted)

    def position(self, booking: Booking) -> int:
        """1 for the first who waits; 0 for who does not."""
        waiting = list(self.bookings_of(booking.evening, "WAITLISTED"))
        return waiting.index(booking) + 1 if booking in waiting else 0

    def live_booking(self, person: str, evening: Evening) -> Booking | None:
        """This person's booking of it that is not over."""
        return next((each for each in self.bookings_of(evening, *LIVE) if each.guest == person), None)

    def owns(self, person: str, evening: Evening) -> bool:
        """Whether a person may manage it."""
        return person in (evening.author, self.superuser)

    def sees(self, person: str, evening: Evening) -> bool:
        """Whether a person may know of it."""
        if self.owns(person, evening):
            return True
        invited = person in self.followers.get(evening.author, ()) or self.live_booking(person, evening) is not None
        return evening.published and (invited or not evening.sub_only)

    def location(self, person: str, evening: Evening) -> str:
        """What a person sees as its place: the city, where the address is for guests only."""
        booking = self.live_booking(person, evening)
        invited = self.owns(person, evening) or (booking is not None and booking.state == "ACCEPTED")
        return evening.location if invited or not evening.hides_address else evening.city

    def visits(self, person: str, start: datetime, minutes: int, besides: Booking | None = None) -> bool:
        """Whether a person is a guest somewhere then."""
        mine = (each for each in self.bookings if each.guest == person and each.live and each is not besides)
        return any(each.evening.overlaps(start, minutes) for each in mine)

    def busy(self, person: str, start: datetime, minutes: int, besides: Booking | None = None) -> bool:
        """Whether a person is a guest or hosts somewhere then."""
        hosts = (each for each in self.evenings if each.author == person and each.held)
        return self.visits(person, start, minutes, besides) or any(each.overlaps(start, minutes) for each in hosts)
