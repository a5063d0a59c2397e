"""The mesh and the model beside each other: the same commands, the same answers, the same things to be read."""

import dataclasses
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine

from tests.model.door import HTTP_STATUS, Visitor, answer, metadata
from tests.model.model import PAIRS, Booking, Evening, Film, Refused
from tests.model.rules import Rules

# Every fourth choice of an evening, a booking or a guest is made among those too that hardly allow anything.
SELDOM_OTHERS = 4
T = TypeVar("T")
# Every history has a day of its own, so that the same people can play the next one.
DAYS = count(secrets.randbelow(10_000) + 10)


# What a refusal says besides its reason.
FACTS = {
    "ANNOUNCEMENT_NOT_OPEN": "status",
    "NO_PLACES_LEFT": "places_left",
    "PLACES_ALREADY_TAKEN": "places_taken",
    "WRONG_BOOKING_STATE": "state",
    "GUESTS_HAVE_CONFLICTS": "guests",
}


@dataclasses.dataclass
class Stage:
    """What the histories are played with: the first two people are followed by the next two."""

    people: list[Visitor]
    superuser: Visitor
    films: list[Film]


@dataclasses.dataclass
class Told:
    """A success, to be asked for again by its key."""

    person: Visitor
    method: str
    path: str
    body: Any
    key: str
    shown: Any


class Mirror(RuleBasedStateMachine):
    """Plays commands on both sides and compares what can be read of them."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        people, superuser = self.stage.people, self.stage.superuser
        self.everybody = {each.id: each for each in [*people, superuser]}
        fans = frozenset(each.id for each in people[2:4])
        self.world = Rules({host.id: fans for host in people[:2]}, superuser.id)
        self.day = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(next(DAYS))
        self.told: list[Told] = []
        self.looks, self.looking = count(), True
        # Of the latest refusal.
        self.metadata: dict[str, str] = {}

    def play(self, model: Callable[[], object], person: Visitor, method: str, path: str, body: Any = None) -> Any:
        """Both do it, or both refuse for a reason that the model knows; returns the answer, None if refused."""
        key = secrets.token_hex(8)
        response = person.call(method, path, body, headers={"idempotency-key": key})
        expected, facts = {(200, "")}, dict[str, str]()
        self.world.moment += 1
        try:
            model()
        except Refused as refused:
            expected = {(HTTP_STATUS[reason], reason) for reason in refused.reasons}
            facts = refused.facts
        note(f"{person.name}: {method} {path} {body} -> {answer(response)}")
        assert answer(response) in expected, response.text
        if response.status_code != 200:
            self.metadata = metadata(response)
            fact = FACTS.get(answer(response)[1], "")
            assert fact not in facts or as_set(self.metadata[fact]) == as_set(facts[fact])
            return None
        self.told.append(Told(person, method, path, body, key, response.json()))
        return response.json()

    def look_around(self, person: Visitor, evening: Evening, shown: Any = None) -> None:
        """What the one who acted, one of the others (they take turns) and the host can read of an evening now."""
        if not self.looking:
            return
        if shown is not None:
            self.compare_evening(person, evening, shown)
        else:
            self.view(person, evening)
        self.view(self.stage.people[next(self.looks) % len(self.stage.people)], evening)
        rows = self.everybody[evening.author].rows(f"/app/v1/announcement/{evening.id}/applications")
        bookings = list(self.world.bookings_of(evening))
        assert [row["id"] for row in rows] == [each.id for each in bookings]
        for booking, row in zip(bookings, rows, strict=True):
            self.compare_booking(booking, row)

    def view(self, viewer: Visitor, evening: Evening) -> None:
        """An evening as this person sees it, or not at all."""
        response = viewer.call("GET", f"/app/v1/announcement/{evening.id}")
        if self.world.sees(viewer.id, evening):
            assert answer(response) == (200, ""), response.text
            self.compare_evening(viewer, evening, response.json())
        else:
            assert answer(response) == (404, "ANNOUNCEMENT_NOT_FOUND")

    def compare_evening(self, viewer: Visitor, evening: Evening, shown: Any) -> None:
        """Every field that the model knows."""
        world = self.world
        expected = {
            "status": world.status(evening),
            "author_id": evening.author,
            "movie_id": evening.film.id,
            "duration": evening.film.minutes,
            "event_time": as_json(evening.start),
            "event_location": world.location(viewer.id, evening),
            "city": evening.city,
            "address_for_guests_only": evening.hides_address,
            "cancel_reason": evening.cancel_reason,
            "tickets_count": evening.tickets,
            "places_taken": world.taken(evening),
            "tickets_left": world.left(evening),
            "accept_at_once": evening.at_once,
            "sub_only": evening.sub_only,
        }
        assert {name: shown[name] for name in expected} == expected
        names = ("booking_id", "guest_id", "guest_name", "tickets", "author_status", "guest_status")
        guests = [tuple(each[name] for name in names) for each in shown["guest_list"]]
        assert guests == [
            (each.id, each.guest, self.everybody[each.guest].name, each.tickets, True, True)
            for each in world.guest_list(evening)
        ]
        assert shown["version"] >= evening.version
        evening.version = shown["version"]

    def compare_booking(self, booking: Booking, shown: Any) -> None:
        """Every field that the model knows."""
        author_status, guest_status = PAIRS[booking.state]
        expected = {
            "id": booking.id,
            "announcement_id": booking.evening.id,
            "author_id": booking.evening.author,
            "author_name": self.everybody[booking.evening.author].name,
            "guest_id": booking.guest,
            "guest_name": self.everybody[booking.guest].name,
            "event_time": as_json(booking.evening.start),
            "state": booking.state,
            "author_status": author_status,
            "guest_status": guest_status,
            "tickets": booking.tickets,
            "waitlist_position": self.world.position(booking),
        }
        assert {name: shown[name] for name in expected} == expected
        if booking.state == "DECLINED":
            assert shown["decline_reason"] == booking.decline_reason
        timeline = [(each["kind"], each["actor"], each["cause"]) for each in shown["timeline"]]
        assert timeline == booking.timeline
        assert [each["time"] for each in shown["timeline"]] == sorted(each["time"] for each in shown["timeline"])

    def teardown(self) -> None:
        """At the end everybody's lists of bookings hold just theirs."""
        for person in self.stage.people:
            for side in ("guest", "author"):
                query = {"filter[self]": side, "filter[date]": self.day.date().isoformat()}
                rows = {row["id"]: row for row in person.rows("/app/v1/bookings", query)}
                mine = {
                    each.id: each
                    for each in self.world.bookings
                    if person.id == (each.guest if side == "guest" else each.evening.author)
                }
                assert rows.keys() == mine.keys()
                for row in rows.values():
                    state, position = mine[row["id"]].state, self.world.position(mine[row["id"]])
                    assert (row["state"], row["waitlist_position"]) == (state, position)

    def evening(self, of: int) -> Evening:
        """One of those that there are, seldom a cancelled one."""
        alive = [each for each in self.world.evenings if each.will != "Cancelled"]
        return pick(alive if of % SELDOM_OTHERS else self.world.evenings, self.world.evenings, of)

    def booking(self, of: int, *states: str) -> Booking:
        """One of those that there are, seldom one in another state."""
        apt = [each for each in self.world.bookings if each.state in states and each.evening.will != "Cancelled"]
        return pick(apt if of % SELDOM_OTHERS else self.world.bookings, self.world.bookings, of)

    def person(self, of: int, evening: Evening) -> Visitor:
        """Somebody who might come, seldom somebody who cannot."""
        people, busy = self.stage.people, self.world.busy
        free = [each for each in people if not busy(each.id, evening.start, evening.film.minutes)]
        return pick(free if of % SELDOM_OTHERS else people, people, of)

    def time(self, slot: int) -> datetime:
        """Right after the short film, and times that overlap by a minute or by much."""
        short, long = (film.minutes for film in self.stage.films[:2])
        return self.day + timedelta(minutes=(0, short, 2 * short, short - 1, long)[slot])

    def speaker(self, who: str, evening: Evening, booking: Booking | None = None) -> Visitor:
        """Whom a role means here."""
        ids = {"author": evening.author, "super": self.stage.superuser.id, "guest": booking.guest if booking else ""}
        return self.everybody.get(ids.get(who, ""), self.stage.people[4])


def pick(wanted: list[T], instead: list[T], of: int) -> T:
    """One of those wanted, if there are any."""
    found = wanted or instead
    return found[of % len(found)]


def as_set(text: str) -> set[str]:
    """What is separated by commas."""
    return set(text.split(","))


def as_json(time: datetime) -> str:
    """As protobuf prints it."""
    return time.isoformat().replace("+00:00", "Z")
