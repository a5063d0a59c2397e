"""Random evenings, found by random filters: lists are what a naive look at the same rows finds, on any pages."""

import dataclasses
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.model.door import Visitor, register
from tests.model.finding import Wanted, as_text, find, find_bookings, find_hosts, local_day
from tests.model.mirror import as_json
from tests.model.model import Evening, Film, Refused
from tests.model.rules import Rules
from tests.model.venues import LETTERS, Plan, plans
from tests.people import ok

HOSTS = 2
PAGE_SIZES = st.sampled_from([1, 2, 3, 5, 100])
# All hosts there are may be many.
OF_FILM = st.sampled_from([True] * 9 + [False])
TRANSFORMS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    str.lower,
    lambda text: unicodedata.normalize("NFC", text),
    lambda text: unicodedata.normalize("NFD", text),
)


class Town:
    """A few people, their evenings, and the same in the model."""

    def __init__(self, people: list[Visitor], superuser: Visitor, films: list[Film]) -> None:
        self.hosts, self.guests = people[:HOSTS], people[HOSTS:]
        # The first guest follows the first host.
        self.world = Rules({self.hosts[0].id: frozenset([self.guests[0].id])}, superuser.id)
        self.viewers = [*people, superuser]
        self.films = films

    def hold(self, plan: Plan) -> None:
        """Announces an evening, lets guests come, and closes or cancels it if that is planned."""
        world, host, film = self.world, self.hosts[plan.host], self.films[plan.film]
        told = {name: value for name, value in vars(plan).items() if name in EVENING_FIELDS}
        evening = Evening(**told | {"author": host.id, "film": film, "at_once": True})
        evening.will = "Created" if plan.will == "Created" else "Alive"
        with suppress(Refused):
            world.announce(evening)
            evening.id = ok(host.call("POST", f"/app/v1/announcement/{film.id}", body_of(evening)))["id"]
            for guest, party in zip(self.guests, plan.parties, strict=False):
                with suppress(Refused):
                    booking = world.apply(guest.id, evening, party, waits=True)
                    body = {"tickets": party, "waiting_list": True}
                    booking.id = ok(guest.call("POST", f"/app/v1/booking/{evening.id}", body))["id"]
            self.end(host, evening, plan.will)

    def end(self, host: Visitor, evening: Evening, will: str) -> None:
        """Closes or cancels it."""
        if will == "Closed":
            self.world.edit(host.id, evening, will="Closed")
        elif will == "Cancelled":
            self.world.cancel(host.id, evening)
        else:
            return
        ok(host.call("PUT", f"/app/v1/announcement/{evening.id}", {"status": will}))

    def leave(self) -> None:
        """Cancels everything: the same people live in the next town."""
        for evening in self.world.evenings:
            host = next(each for each in self.hosts if each.id == evening.author)
            host.call("DELETE", f"/app/v1/announcement/{evening.id}")


EVENING_FIELDS = {field.name for field in dataclasses.fields(Evening)} & {
    field.name for field in dataclasses.fields(Plan)
}


def body_of(evening: Evening) -> dict[str, Any]:
    """What announces it."""
    return {
        "status": evening.will,
        "title": "An evening",
        "is_free": evening.is_free,
        "sub_only": evening.sub_only,
        "tickets_count": evening.tickets,
        "event_time": as_json(evening.start),
        "event_location": evening.location,
        "city": evening.city,
        "address_for_guests_only": evening.hides_address,
        "time_zone": evening.zone,
        "accept_at_once": evening.at_once,
    }


Question = Callable[[Town, Visitor], Wanted]


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """What somebody looks for; about evenings that he would find, so that there is something to find."""
    names = {draw(st.sampled_from(sorted(ASKED))), draw(st.sampled_from(sorted(ASKED)))}
    by_author, number = draw(st.booleans()), draw(st.integers(0, 7))
    parts = {name: draw(ASKED[name]) for name in sorted(names)}

    def ask(town: Town, viewer: Visitor) -> Wanted:
        evenings = find(town.world, viewer.id, Wanted()) or town.world.evenings
        evening = evenings[number % len(evenings)]
        asked = {"author": evening.author} if by_author else {"movie": evening.film.id}
        return Wanted(**asked | {name: part(evening) for name, part in parts.items()})

    return ask


def constantly(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Callable[[Evening], Any]]:
    """Whatever evening it is."""
    return values.map(lambda value: lambda evening: value)


def days() -> st.SearchStrategy[Callable[[Evening], Any]]:
    """Its day, or one beside it."""
    return st.integers(-1, 1).map(lambda more: lambda evening: local_day(evening) + timedelta(more))


def instants() -> st.SearchStrategy[Callable[[Evening], Any]]:
    """Its very time in some offset, or a second beside it."""

    def build(seconds: int, hours: int) -> Callable[[Evening], datetime]:
        return lambda evening: (evening.start + timedelta(seconds=seconds)).astimezone(timezone(timedelta(hours=hours)))

    return st.builds(build, st.integers(-1, 1), st.sampled_from([0, 2, -5]))


def fragments() -> st.SearchStrategy[Callable[[Evening], Any]]:
    """A part of its place, written otherwise."""

    def build(start: int, length: int, transform: Callable[[str], str], city: bool) -> Callable[[Evening], str]:
        return lambda evening: transform((evening.city if city else evening.location)[start : start + length]) or "e"

    return st.builds(build, st.integers(0, 8), st.integers(1, 4), st.sampled_from(TRANSFORMS), st.booleans())


STATUSES = st.lists(st.sampled_from(["Created", "Alive", "Closed", "Done", "Cancelled"]), min_size=1, max_size=3)
ASKED: dict[str, st.SearchStrategy[Callable[[Evening], Any]]] = {
    "movie": st.just(lambda evening: evening.film.id),
    "author": st.just(lambda evening: evening.author),
    "is_free": constantly(st.booleans()),
    "private": constantly(st.booleans()),
    "tickets": constantly(st.integers(0, 4)),
    "day": days(),
    "since": days() | instants(),
    "until": days() | instants(),
    "location": fragments() | constantly(st.text(LETTERS, min_size=1, max_size=2)),
    "status": constantly(STATUSES.map(tuple)),
}


Build = Callable[[list[Plan]], AbstractContextManager[Town]]


@pytest.fixture(scope="module")
def build_town(door: httpx.Client, superuser: Visitor, films: list[Film]) -> Build:
    """Towns of people whom nobody else knows, with films that hardly anybody else shows."""
    people = [register(door, name) for name in ("Host 0", "Host 1", "Guest 0", "Guest 1")]
    ok(people[HOSTS].call("PUT", f"/ugc/v1/following/{people[0].id}"))

    @contextmanager
    def build(planned: list[Plan]) -> Iterator[Town]:
        town = Town(people, superuser, secrets.SystemRandom().sample(films, 2))
        try:
            for plan in planned:
                town.hold(plan)
            yield town
        finally:
            town.leave()

    return build


@given(
    planned=st.lists(plans(), min_size=2, max_size=9),
    asked=st.lists(st.tuples(st.integers(0, 4), questions(), PAGE_SIZES), min_size=10, max_size=20),
)
def test_announcements(
    build_town: Build,
    planned: list[Plan],
    asked: list[tuple[int, Question, int]],
) -> None:
    with build_town(planned) as town:
        ours = {each.id for each in town.world.evenings}
        for number, question, page_size in asked:
            viewer = town.viewers[number]
            wanted = question(town, viewer)
            note(f"{viewer.name} wants {wanted}")
            rows = viewer.rows("/app/v1/announcements", wanted.query(), page_size if wanted.movie else 100)
            found = [row for row in rows if row["id"] in ours]
            expected = find(town.world, viewer.id, wanted)
            assert [row["id"] for row in found] == [each.id for each in expected]
            for row, evening in zip(found, expected, strict=True):
                assert row.items() >= row_of(town, viewer, evening).items()


def row_of(town: Town, viewer: Visitor, evening: Evening) -> dict[str, Any]:
    """What a list says of an evening."""
    return {
        "author_id": evening.author,
        "movie_id": evening.film.id,
        "duration": evening.film.minutes,
        "status": town.world.status(evening),
        "sub_only": evening.sub_only,
        "is_free": evening.is_free,
        "tickets_count": evening.tickets,
        "tickets_left": town.world.left(evening),
        "event_time": as_json(evening.start),
        "event_location": town.world.location(viewer.id, evening),
        "city": evening.city,
        "time_zone": evening.zone,
    }


@given(
    planned=st.lists(plans(), min_size=2, max_size=9),
    asked=st.lists(st.tuples(st.integers(0, 4), OF_FILM, PAGE_SIZES), min_size=4, max_size=8),
)
def test_hosts(build_town: Build, planned: list[Plan], asked: list[tuple[int, bool, int]]) -> None:
    with build_town(planned) as town:
        ours = {each.id for each in town.hosts}
        for number, of_film, page_size in asked:
            viewer, movie = town.viewers[number], town.films[number % 2].id if of_film else None
            query = {"filter[movie]": movie} if movie else {}
            rows = viewer.rows("/app/v1/hosts", query, page_size if movie else 100)
            expected = find_hosts(town.world, viewer.id, movie)
            names = ("user_id", "evenings", "places_left", "next_event_time")
            found = [{name: row[name] for name in names} for row in rows if row["user_id"] in ours]
            assert found == [{**each, "next_event_time": as_json(each["next_event_time"])} for each in expected]


@given(
    planned=st.lists(plans(), min_size=2, max_size=9),
    asked=st.lists(
        st.tuples(st.integers(0, 3), st.booleans(), st.booleans(), PAGE_SIZES),
        min_size=4,
        max_size=8,
    ),
)
def test_bookings(
    build_town: Build,
    planned: list[Plan],
    asked: list[tuple[int, bool, bool, int]],
) -> None:
    with build_town(planned) as town:
        ours = {each.id for each in town.world.evenings}
        for number, of_film, of_day, page_size in asked:
            viewer, side = town.viewers[number], "author" if number < HOSTS else "guest"
            evening = town.world.bookings[0].evening if town.world.bookings else town.world.evenings[0]
            movie, day = evening.film.id if of_film else None, local_day(evening) if of_day else None
            asks = {"filter[self]": side, "filter[movie]": movie, "filter[date]": as_text(day)}
            query = {name: value for name, value in asks.items() if value}
            rows = viewer.rows("/app/v1/bookings", query, page_size if movie else 100)
            expected = {each.id: each for each in find_bookings(town.world, viewer.id, side, movie, day)}
            assert sorted(row["id"] for row in rows if row["announcement_id"] in ours) == sorted(expected)
            times = [row["event_time"] for row in rows]
            assert times == sorted(times, reverse=True)
            for row in (each for each in rows if each["id"] in expected):
                booking = expected[row["id"]]
                facts = (booking.state, booking.tickets, town.world.position(booking), as_json(booking.evening.start))
                assert (row["state"], row["tickets"], row["waitlist_position"], row["event_time"]) == facts
