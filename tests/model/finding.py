"""Finding evenings, naively: every row is looked at, one condition after the other."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.model.model import Booking, Evening, World


@dataclass(frozen=True)
class Wanted:
    """What GET /app/v1/announcements is asked for; None is not asked."""

    author: str | None = None
    movie: str | None = None
    is_free: bool | None = None
    private: bool | None = None
    tickets: int | None = None
    day: date | None = None
    location: str | None = None
    since: date | datetime | None = None
    until: date | datetime | None = None
    status: tuple[str, ...] = ()

    def query(self) -> dict[str, Any]:
        """As it stands in the address."""
        names = {"day": "date", "since": "from", "until": "to"}
        given = {name: value for name, value in vars(self).items() if value not in (None, ())}
        return {f"filter[{names.get(name, name)}]": as_text(value) for name, value in given.items()}

    def matches(self, world: World, evening: Evening) -> bool:
        """Whether an evening is as wanted, whoever asks."""
        day = local_day(evening)
        return all(
            (
                self.author in (None, evening.author),
                self.movie in (None, evening.film.id),
                self.is_free in (None, evening.is_free),
                self.private in (None, evening.sub_only),
                self.tickets is None or world.left(evening) >= self.tickets,
                self.day in (None, day),
                self.location is None or any(fold(self.location) in fold(each) for each in searched(evening)),
                self.since is None or self.since <= (evening.start if isinstance(self.since, datetime) else day),
                self.until is None or self.until >= (evening.start if isinstance(self.until, datetime) else day),
                not self.status or world.status(evening) in self.status,
            )
        )


def find(world: World, viewer: str, wanted: Wanted) -> list[Evening]:
    """What this person's list has, soonest first: of his own all, drafts too; of others what was published."""
    mine = wanted.author == viewer

    def listed(evening: Evening) -> bool:
        return mine or (evening.published and (evening.held or bool(wanted.status)))

    rows = (each for each in world.evenings if world.sees(viewer, each) and listed(each))
    return sorted((each for each in rows if wanted.matches(world, each)), key=lambda each: (each.start, each.id))


def find_hosts(world: World, viewer: str, movie: str | None) -> list[dict[str, Any]]:
    """Who has evenings to come, as this person may know, the host of the soonest first."""
    seen = [each for each in find(world, viewer, Wanted(movie=movie)) if each.held]
    hosts = [
        {
            "user_id": author,
            "evenings": sum(each.author == author for each in seen),
            "places_left": sum(world.left(each) for each in seen if each.author == author and takes(world, each)),
            "next_event_time": next(each.start for each in seen if each.author == author),
        }
        for author in {each.author for each in seen}
    ]
    return sorted(hosts, key=lambda each: (each["next_event_time"], each["user_id"]))


def find_bookings(world: World, person: str, side: str, movie: str | None, day: date | None) -> list[Booking]:
    """One's own bookings on this side, in whatever state."""
    return [
        each
        for each in world.bookings
        if person == (each.guest if side == "guest" else each.evening.author)
        and movie in (None, each.evening.film.id)
        and day in (None, local_day(each.evening))
    ]


def takes(world: World, evening: Evening) -> bool:
    """Whether it takes applications."""
    return world.status(evening) == "Alive"


def searched(evening: Evening) -> Iterable[str]:
    """Where a place is looked for: not in an address that is for guests only."""
    return (evening.city,) if evening.hides_address else (evening.city, evening.location)


def local_day(evening: Evening) -> date:
    """The day at the venue."""
    return evening.start.astimezone(ZoneInfo(evening.zone)).date()


def fold(text: str) -> str:
    """Without case and accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(each for each in plain if not unicodedata.combining(each)).lower()


def as_text(value: Any) -> Any:
    """A value as the query has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
