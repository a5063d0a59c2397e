"""Lists that are paged while others write: a row that is there all the time comes exactly once."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.door import Visitor
from tests.model.mirror import as_json
from tests.model.model import Film
from tests.people import evening, ok

# Years after the days of the histories, so that the same people are free.
WEEKS = count(secrets.randbelow(1000))
LONG_AFTER = datetime(2070, 1, 1, tzinfo=UTC)
PAGE_SIZES = st.integers(1, 4)
# Many evenings begin at the same time.
HOURS = st.integers(0, 5) | st.integers(0, 90)
# What happens between two pages: somebody's doing, to the row of this number, at this hour.
WRITES = st.lists(
    st.tuples(st.sampled_from(["announce", "cancel", "move", "fill"]), st.integers(0, 11), HOURS), max_size=12
)


class Bill:
    """A week of evenings of one film; the company are hosts and guests."""

    def __init__(self, company: list[Visitor], film: Film) -> None:
        self.company, self.film = company, film
        self.monday = LONG_AFTER + timedelta(weeks=next(WEEKS))
        # Rows by id with their host, and the ids of those that changed their place in the list.
        self.hosts: dict[str, Visitor] = {}
        self.touched: set[str] = set()

    def announce(self, number: int, hour: int) -> None:
        host = self.company[number % len(self.company)]
        begins = as_json(self.monday + timedelta(hours=hour))
        body = evening(event_time=begins, tickets_count=1, accept_at_once=True)
        answer = host.call("POST", f"/app/v1/announcement/{self.film.id}", body)
        # Refused where he is somebody's guest by then, or has announced the same.
        if answer.status_code == 200:
            self.hosts[answer.json()["id"]] = host

    def write(self, what: str, number: int, hour: int) -> None:
        """One change of the list."""
        if what == "announce":
            return self.announce(number, hour)
        identity = list(self.hosts)[number % len(self.hosts)]
        path, host = f"/app/v1/announcement/{identity}", self.hosts[identity]
        self.touched.add(identity)
        if what == "cancel":
            host.call("DELETE", path)
        elif what == "move":
            host.call("PUT", path, {"event_time": as_json(self.monday + timedelta(hours=hour, seconds=1))})
        else:
            self.company[(number + 1) % len(self.company)].call("POST", f"/app/v1/booking/{identity}")
        return None


def read(pages: Iterator[list[Any]], key: str, writes: Sequence[Callable[[], None]]) -> list[str]:
    """The ids on all pages; between two of them something is written."""
    found: list[str] = []
    waiting = iter(writes)
    for page in pages:
        found += [row[key] for row in page]
        if write := next(waiting, None):
            write()
    return found


def check(found: list[str], steady: list[str], all_ours: set[str], touched: set[str]) -> None:
    """Those that were there all the time are there once and in order; none that was not moved is there twice."""
    assert [each for each in found if each in steady] == steady
    assert {each for each, times in Counter(found).items() if times > 1 and each in all_ours} <= touched


@pytest.fixture(scope="module")
def bills(company: list[Visitor], films: list[Film]) -> Iterator[Bill]:
    """Weeks that nobody else has."""
    return (Bill(company, secrets.choice(films)) for _ in count())


@given(
    hours=st.lists(st.tuples(st.integers(0, 5), HOURS), min_size=2, max_size=12),
    places=st.booleans(),
    page_size=PAGE_SIZES,
    writes=WRITES,
)
def test_announcements(
    bills: Iterator[Bill], hours: list[tuple[int, int]], places: bool, page_size: int, writes: list[Any]
) -> None:
    bill = next(bills)
    for number, hour in hours:
        bill.announce(number, hour)
    path, query = "/app/v1/announcements", {"filter[movie]": bill.film.id} | ({"filter[tickets]": 1} if places else {})
    before = [row["id"] for row in bill.company[0].rows(path, query)]
    changes = [partial(bill.write, *each) for each in writes]
    found = read(bill.company[0].pages(path, page_size, query), "id", changes)
    steady = [each for each in before if each in bill.hosts and each not in bill.touched]
    check(found, steady, set(bill.hosts), bill.touched)


@given(hours=st.lists(HOURS, min_size=2, max_size=6), page_size=PAGE_SIZES, writes=WRITES)
def test_hosts(bills: Iterator[Bill], hours: list[int], page_size: int, writes: list[Any]) -> None:
    bill = next(bills)
    for number, hour in enumerate(hours):
        bill.announce(number, hour)
    path, query = "/app/v1/hosts", {"filter[movie]": bill.film.id}
    before = [row["user_id"] for row in bill.company[0].rows(path, query)]
    at_first = dict(bill.hosts)
    changes = [partial(bill.write, *each) for each in writes]
    found = read(bill.company[0].pages(path, page_size, query), "user_id", changes)
    # A host moves in the list when his soonest evening does: one whose evenings are as they were does not.
    busy = {bill.hosts[each].id for each in bill.touched | (bill.hosts.keys() - at_first.keys())}
    ours = {each.id for each in bill.company}
    check(found, [each for each in before if each in ours - busy], ours, busy)


@given(
    stays=st.lists(st.integers(0, 4), min_size=2, max_size=10),
    side=st.sampled_from(["applications", "author"]),
    page_size=PAGE_SIZES,
    writes=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=8),
)
def test_bookings(
    bills: Iterator[Bill], stays: list[int], side: str, page_size: int, writes: list[tuple[int, bool]]
) -> None:
    bill = next(bills)
    bill.announce(0, 0)
    ((announcement, author),) = bill.hosts.items()
    latest: dict[int, str] = {}

    def come_or_go(number: int, decides: bool) -> None:
        """A guest applies, is decided on, or leaves to apply anew."""
        guest, booking = bill.company[1 + number], latest.pop(number, None)
        if booking is None:
            body = {"waiting_list": True}
            latest[number] = ok(guest.call("POST", f"/app/v1/booking/{announcement}", body))["id"]
        elif decides:
            author.call("PUT", f"/app/v1/booking/{booking}", {"my_status": False})
        else:
            guest.call("DELETE", f"/app/v1/booking/{booking}")

    for number in stays:
        come_or_go(number, False)
    by_day = {"filter[self]": "author", "filter[date]": bill.monday.date().isoformat()}
    path, query = (
        ("/app/v1/bookings", by_day) if side == "author" else (f"/app/v1/announcement/{announcement}/{side}", {})
    )
    before = [row["id"] for row in author.rows(path, query)]
    changes = [partial(come_or_go, *each) for each in writes]
    found = read(author.pages(path, page_size, query), "id", changes)
    check(found, before, set(found), set())
