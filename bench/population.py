"""Years of evenings, made up: hosts with a few or many of them, guests who go out now and then, films by popularity."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

import asyncpg

from booking_svc.schema import HOST_SLOT, LIVE, RATING_WINDOW, SEATED, State, Will

DAYS = 730
"""Half of the evenings lie so far back, the other half as far ahead."""
PRIVATE_FROM = 60
"""No evening of the next so many days is private: the first page must be the same work at every size."""
APPLICATIONS = (1, 2, 3, 4, 5, 5, 6, 8, 12)
"""How many people apply for an evening; five on average, drafts included."""
PLACES = (2, 4, 6, 6, 8, 10, 12, 20, 30, 50, 100, 200)
STREETS = ("Kreuzbergstraße", "Rue de Bercy", "Невский проспект", "Via Roma", "Calle de Atocha", "Main Street")
CITIES = (("Berlin", "Europe/Berlin"), ("Paris", "Europe/Paris"), ("Москва", "Europe/Moscow"), ("Lima", "America/Lima"))
PAST = ((State.ATTENDED, 35), (State.ACCEPTED, 35), (State.NO_SHOW, 3), (State.DECLINED, 9), (State.WITHDRAWN, 9),
        (State.EXPIRED, 9))  # fmt: skip
AHEAD = ((State.ACCEPTED, 60), (State.PENDING, 20), (State.DECLINED, 10), (State.WITHDRAWN, 10))
AT_ONCE = ((State.ACCEPTED, 90), (State.WITHDRAWN, 10))
CAUSES = {
    State.DECLINED: "declined",
    State.WITHDRAWN: "withdrawn",
    State.EXPIRED: "expired",
    State.CANCELLED: "cancelled",
    State.ATTENDED: "attended",
    State.NO_SHOW: "no_show",
}
COLUMNS = {
    "announcements": (
        "id", "author_id", "movie_id", "will", "title", "description", "sub_only", "is_free", "accept_at_once",
        "tickets_count", "places_taken", "event_time", "duration_minutes", "event_location", "city",
        "address_for_guests_only", "time_zone", "create_time", "update_time", "publish_time", "begun",
        "told_over",
    ),
    "bookings": (
        "id", "announcement_id", "guest_id", "state", "tickets", "create_time", "update_time", "accept_time",
    ),
    "engagements": ("person_id", "announcement_id", "slot", "during"),
    "booking_events": (
        "announcement_id", "booking_id", "places_delta", "kind", "cause", "actor_id", "create_time",
    ),
    "ratings": (
        "announcement_id", "booking_id", "rater_id", "rated_id", "of_host", "score", "text", "create_time",
        "update_time", "reveal_time", "list_time", "count_time",
    ),
}  # fmt: skip
"""What is loaded; everything else has defaults or is computed."""
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Film:
    """A film that may be shown."""

    id: UUID
    minutes: int


@dataclass
class Evening:
    """An announcement being made up."""

    id: UUID
    host: UUID
    film: Film
    begins: datetime
    will: Will
    published: bool
    at_once: bool
    places: int
    taken: int = 0

    @property
    def ends(self) -> datetime:
        return self.begins + timedelta(minutes=self.film.minutes)


@dataclass
class Population:
    """Makes evenings up, the same ones every time; each call of rows() brings new hosts and new guests with them."""

    films: Sequence[Film]
    now: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    made: int = 0

    def __post_init__(self) -> None:
        # Zipf: the second is half as popular as the first, the third a third as popular.
        self.popularity = list(accumulate(1 / rank for rank in range(1, len(self.films) + 1)))

    def identity(self) -> UUID:
        """A UUID of version 7, later than those before."""
        self.made += 1
        moment = int(self.now.timestamp() * 1000) - 10**9 + self.made // 100
        rest = self.chance.getrandbits(74)
        return UUID(int=moment << 80 | 7 << 76 | (rest >> 62) << 64 | 2 << 62 | rest & (1 << 62) - 1)

    def rows(self, count: int) -> tuple[Rows, list[UUID]]:
        """So many announcements with all that belongs to them, and the people in them."""
        hosts = [self.identity() for _ in range(max(3, count // 20))]
        guests = [self.identity() for _ in range(max(100, count // 2))]
        rows: Rows = {table: [] for table in COLUMNS}
        evenings = list(self.evenings(count, hosts))
        crowds = [0 if not evening.published else self.chance.choice(APPLICATIONS) for evening in evenings]
        going = self.by_day(evenings, crowds, guests)
        for evening, crowd in zip(evenings, crowds, strict=True):
            applicants = going[evening.begins.date()]
            self.announce(rows, evening, [applicants.pop() for _ in range(crowd)])
        return rows, hosts + guests

    def by_day(
        self, evenings: Sequence[Evening], crowds: Sequence[int], guests: Sequence[UUID]
    ) -> dict[Any, list[UUID]]:
        """Who goes out on which day: to one evening at most, so that nobody is in two places at once."""
        wanted: Counter[Any] = Counter()
        for evening, crowd in zip(evenings, crowds, strict=True):
            wanted[evening.begins.date()] += crowd
        return {day: self.chance.sample(guests, number) for day, number in wanted.items()}

    def evenings(self, count: int, hosts: Sequence[UUID]) -> Iterator[Evening]:
        """Evenings between three in the afternoon and nine; a few hosts have many of them."""
        activity = list(accumulate(1 / rank**0.5 for rank in range(1, len(hosts) + 1)))
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        known: set[tuple[UUID, UUID, datetime]] = set()
        while count:
            host = self.chance.choices(hosts, cum_weights=activity)[0]
            film = self.chance.choices(self.films, cum_weights=self.popularity)[0]
            begins = midnight + timedelta(days=self.day(), hours=15, minutes=5 * self.chance.randrange(72))
            if (host, film.id, begins) in known:
                continue
            known.add((host, film.id, begins))
            count -= 1
            will = self.chance.choices((Will.PUBLISHED, Will.CLOSED, Will.CANCELLED, Will.DRAFT), (88, 4, 5, 3))[0]
            places, at_once = self.chance.choice(PLACES), self.chance.random() < 0.5
            yield Evening(self.identity(), host, film, begins, will, will != Will.DRAFT, at_once, places)

    def day(self) -> int:
        """Days from today; not today itself, so that nothing begins or ends while it is measured."""
        day = self.chance.randrange(-DAYS, DAYS)
        return day + 2 if day >= 0 else day

    def announce(self, rows: Rows, evening: Evening, applicants: Sequence[UUID]) -> None:
        """An announcement's row and everything that hangs on it."""
        created = min(evening.begins - timedelta(days=40), self.now - timedelta(days=1))
        if evening.published:
            for cause in ("announcement_created", "announcement_published"):
                rows["booking_events"].append((evening.id, None, 0, cause, "", evening.host, created))
            if evening.will != Will.CANCELLED:
                during = asyncpg.Range(evening.begins, evening.ends)
                rows["engagements"].append((evening.host, evening.id, HOST_SLOT, during))
        for guest in applicants:
            self.apply(rows, evening, guest, created + timedelta(hours=1))
        rows["announcements"].append(self.announcement(evening, created))

    def announcement(self, evening: Evening, created: datetime) -> tuple[Any, ...]:
        """Its columns."""
        chance = self.chance
        city, zone = chance.choice(CITIES)
        past = evening.begins < self.now
        ahead = (evening.begins - self.now).days
        private = ahead > PRIVATE_FROM and chance.random() < 0.04
        address = f"{chance.choice(STREETS)} {chance.randrange(1, 300)}, {city}"
        title, text = f"Evening {chance.randrange(10**6)} of a film", "Bring a blanket, and somebody to share it with."
        return (
            evening.id, evening.host, evening.film.id, evening.will, title, text, private, chance.random() < 0.6,
            evening.at_once, evening.places, evening.taken, evening.begins, evening.film.minutes, address, city,
            chance.random() < 0.2, zone, created, created, created if evening.published else None,
            past and evening.published,
            past,
        )  # fmt: skip

    def apply(self, rows: Rows, evening: Evening, guest: UUID, moment: datetime) -> None:
        """A booking, what happened to it, and the guest's time if it holds it."""
        state, tickets, booking = self.state(evening), self.chance.choice((1, 1, 1, 2, 3)), self.identity()
        if state in SEATED and evening.taken + tickets > evening.places:
            state = State.DECLINED if evening.begins < self.now else State.WAITLISTED
        seated = state in SEATED
        evening.taken += tickets if seated else 0
        accepted = moment if seated else None
        rows["bookings"].append((booking, evening.id, guest, state, tickets, moment, moment, accepted))
        if state in LIVE:
            during = asyncpg.Range(evening.begins, evening.ends)
            rows["engagements"].append((guest, evening.id, booking, during))
        self.tell(rows, evening, guest, booking, state, tickets, moment)
        if state == State.ATTENDED and self.chance.random() < 0.4:
            score = self.chance.randint(4, 10)
            said, closes = evening.ends, evening.ends + RATING_WINDOW
            rows["ratings"].append(
                (evening.id, booking, guest, evening.host, True, score, "Fine.", said, said, closes, closes,
                 closes if closes <= self.now else None)
            )  # fmt: skip

    def state(self, evening: Evening) -> State:
        """What became of an application, or stands so far."""
        if evening.will == Will.CANCELLED:
            return State.CANCELLED
        past = evening.begins < self.now
        states, weights = zip(*(PAST if past else AT_ONCE if evening.at_once else AHEAD), strict=True)
        state: State = self.chance.choices(states, weights)[0]
        return state

    def tell(
        self, rows: Rows, evening: Evening, guest: UUID, booking: UUID, state: State, tickets: int, moment: datetime
    ) -> None:
        """The booking's events, in their order."""
        events = rows["booking_events"]

        def event(kind: str, cause: str, actor: UUID, places: int = 0) -> None:
            events.append((evening.id, booking, places, kind, cause, actor, moment))

        if state == State.WAITLISTED:
            return event("booking_created", "waitlisted", guest)
        if state in SEATED and evening.at_once:
            event("booking_created", "accepted", guest, tickets)
        else:
            event("booking_created", "applied", guest)
            if state in SEATED:
                event("booking_status", "accepted", evening.host, tickets)
        if state in CAUSES:
            event("booking_status", CAUSES[state], guest if state == State.WITHDRAWN else evening.host)
        return None


async def films_of(connection: "asyncpg.Connection") -> list[Film]:
    """The films of the catalogue that may be shown and leave the guests time to get home."""
    found = await connection.fetch(
        """SELECT id, running_time FROM movies WHERE bookable AND running_time <= 300
        ORDER BY imdb_votes DESC NULLS LAST, id"""
    )
    return [Film(row["id"], row["running_time"]) for row in found]


def beginning() -> datetime:
    """Now, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
