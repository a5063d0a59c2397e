"""GET /app/v1/announcements and GET /app/v1/announcement/{announcement_id}."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.booking.conftest import Move
from tests.people import Person, evening, ok, reason, some_time

ROW = {
    "id",
    "title",
    "author_id",
    "sub_only",
    "is_free",
    "tickets_count",
    "event_time",
    "event_location",
    "duration",
}


async def ids(person: Person, query: str) -> list[str]:
    return [row["id"] for row in ok(await person.get(f"/app/v1/announcements?{query}"))]


async def test_answer_is_an_array_of_documented_rows(host: Person, film: Any) -> None:
    await host.announce(film["id"])
    rows = ok(await host.get(f"/app/v1/announcements?filter[author]={host.id}"))
    assert len(rows) == 1
    assert rows[0].keys() >= ROW


async def test_empty_list_is_an_empty_array(host: Person) -> None:
    assert ok(await host.get(f"/app/v1/announcements?filter[author]={host.id}")) == []


async def test_encoded_brackets_work_too(host: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    assert await ids(host, f"filter%5Bauthor%5D={host.id}") == [announcement["id"]]


async def test_soonest_comes_first_and_pages_follow_each_other(host: Person, guest: Person, film: Any) -> None:
    for _ in range(5):
        await host.announce(film["id"])
    seen: list[Any] = []
    token = ""
    while True:
        query = f"filter[author]={host.id}&page_size=2&page_token={token}"
        response = await guest.get(f"/app/v1/announcements?{query}")
        seen += ok(response)
        if not (token := response.headers.get("x-next-page-token", "")):
            break
    times = [datetime.fromisoformat(row["event_time"]) for row in seen]
    assert len({row["id"] for row in seen}) == 5
    assert times == sorted(times)


async def test_token_of_another_list_is_refused(host: Person, film: Any) -> None:
    for _ in range(2):
        await host.announce(film["id"])
    first = await host.get(f"/app/v1/announcements?filter[author]={host.id}&page_size=1")
    token = first.headers["x-next-page-token"]
    refused = await host.get(f"/app/v1/announcements?page_size=1&page_token={token}")
    assert reason(refused) == (400, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize("place", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", 7])
async def test_forged_token_is_refused(host: Person, film: Any, place: Any) -> None:
    for _ in range(2):
        await host.announce(film["id"])
    path = f"/app/v1/announcements?filter[author]={host.id}&page_size=1"
    token = (await host.get(path)).headers["x-next-page-token"]
    mark, _, identity = json.loads(base64.urlsafe_b64decode(token + "=="))
    forged = base64.urlsafe_b64encode(json.dumps([mark, place, identity]).encode()).decode().rstrip("=")
    assert reason(await host.get(f"{path}&page_token={forged}")) == (400, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize(
    ("change", "query", "found"),
    [
        ({"is_free": True}, "filter[is_free]=true", True),
        ({"is_free": True}, "filter[is_free]=false", False),
        ({"is_free": False}, "filter[is_free]=false", True),
        ({"sub_only": True}, "filter[private]=true", True),
        ({"sub_only": True}, "filter[private]=false", False),
        ({"tickets_count": 3}, "filter[tickets]=3", True),
        ({"tickets_count": 3}, "filter[tickets]=4", False),
        ({"event_location": "Café Éclair, 2nd floor"}, "filter[location]=cafe ecl", True),
        ({"event_location": "Кинотеатр Звезда"}, "filter[location]=ЗВЕЗД", True),
        ({"event_location": "100% Kino"}, "filter[location]=0%25 K", True),
        ({"event_location": "Kino"}, "filter[location]=%25", False),
        # 23:30 in Berlin is the next day in UTC's eyes of nobody: the venue's day counts.
        ({"event_time": "2094-03-01T00:30:00+01:00"}, "filter[date]=2094-03-01", True),
        ({"event_time": "2094-03-01T00:30:00+01:00"}, "filter[date]=2094-02-28", False),
        (
            {"event_time": "2094-03-02T10:00:00Z", "time_zone": "Pacific/Kiritimati"},
            "filter[date]=2094-03-03",
            True,
        ),
        ({"city": "Łódź"}, "filter[location]=lodz", True),
        ({"event_time": "2094-03-01T00:30:00+01:00"}, "filter[from]=2094-03-01&filter[to]=2094-03-01", True),
        ({"event_time": "2094-03-01T00:30:00+01:00"}, "filter[from]=2094-03-02", False),
        ({"event_time": "2094-03-01T00:30:00+01:00"}, "filter[to]=2094-02-28", False),
        ({"event_time": "2094-03-01T00:30:00Z"}, "filter[from]=2094-03-01T00:30:00Z", True),
        ({"event_time": "2094-03-01T00:30:00Z"}, "filter[from]=2094-03-01T00:30:01Z", False),
        ({"event_time": "2094-03-01T00:30:00Z"}, "filter[to]=2094-03-01T01:30:00+01:00", True),
        ({"event_time": "2094-03-01T00:30:00Z"}, "filter[to]=2094-03-01T01:29:59%2B01:00", False),
        # The hour that clocks skip and the hour that they repeat, in Berlin.
        ({"event_time": "2027-03-28T01:00:00Z"}, "filter[date]=2027-03-28", True),
        ({"event_time": "2027-10-31T00:30:00Z"}, "filter[date]=2027-10-31", True),
        ({"status": "Created"}, "filter[status]=Created", True),
        ({"status": "Created"}, "filter[status]=Alive", False),
        ({}, "filter[status]=Alive", True),
        ({}, "filter[status]=Closed", False),
        ({}, "filter[status]=Done&filter[status]=Alive", True),
    ],
)
async def test_filter(host: Person, film: Any, change: dict[str, Any], query: str, found: bool) -> None:
    announcement = await host.announce(film["id"], **change)
    assert (announcement["id"] in await ids(host, f"filter[author]={host.id}&{query}")) is found


async def test_schedule_by_status(host: Person, guest: Person, crowd: list[Person], film: Any, ended: Move) -> None:
    alive, full, closed, over, cancelled, draft = [
        await host.announce(film["id"], tickets_count=1, status=status) for status in ["Alive"] * 5 + ["Created"]
    ]
    ok(await host.decide(await crowd[0].apply(full), True))
    ok(await host.put(f"/app/v1/announcement/{closed['id']}", {"status": "Closed"}))
    ok(await host.delete(f"/app/v1/announcement/{cancelled['id']}"))
    await ended(over, timedelta(days=2))
    expected = {"Alive": {alive["id"]}, "Closed": {full["id"], closed["id"]}, "Done": {over["id"]}}
    expected |= {"Cancelled": {cancelled["id"]}, "Created": set()}
    for status, found in expected.items():
        assert set(await ids(guest, f"filter[author]={host.id}&filter[status]={status}")) == found
    assert await ids(host, f"filter[author]={host.id}&filter[status]=Created") == [draft["id"]]


async def test_filter_by_film(host: Person, film: Any, other_film: Any) -> None:
    announcement = await host.announce(film["id"])
    await host.announce(other_film["id"])
    assert await ids(host, f"filter[author]={host.id}&filter[movie]={film['id']}") == [announcement["id"]]


async def test_drafts_are_listed_for_their_author_only(host: Person, guest: Person, film: Any) -> None:
    draft = await host.announce(film["id"], status="Created")
    assert await ids(host, f"filter[author]={host.id}") == [draft["id"]]
    assert await ids(guest, f"filter[author]={host.id}") == []


@pytest.mark.parametrize(
    "query",
    [
        "filter[author]=x",
        "filter[date]=2030-02-30",
        "filter[date]=soon",
        "filter[tickets]=-1",
        "page_size=-1",
        "filter[from]=2030-02-30",
        "filter[to]=2030-02-01T10:00:00",
        "filter[from]=20300201",
        "filter[to]=x",
        "filter[status]=ANNOUNCEMENT_STATUS_UNSPECIFIED",
    ],
)
async def test_bad_query_value_is_named(host: Person, query: str) -> None:
    assert reason(await host.get(f"/app/v1/announcements?{query}")) == (400, "INVALID_FIELDS")


@pytest.mark.parametrize("query", ["filter[colour]=red", "colour=red", "filter[is_free]=perhaps"])
async def test_unknown_key_or_wrong_type_is_a_json_400(host: Person, query: str) -> None:
    response = await host.get(f"/app/v1/announcements?{query}")
    assert (response.status_code, response.json()["code"]) == (400, 3)


async def test_guest_list_shows_accepted_guests_only(host: Person, guest: Person, new_person: Any, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    await (await new_person()).apply(announcement)
    ok(await host.decide(booking, True))
    shown = ok(await guest.get(f"/app/v1/announcement/{announcement['id']}"))
    assert shown["guest_list"] == [
        {
            "booking_id": booking["id"],
            "guest_id": guest.id,
            "guest_name": "Robin",
            "guest_rating": 0,
            "guest_rating_count": 0,
            "guest_status": True,
            "author_status": True,
            "tickets": 1,
        }
    ]
    assert (shown["tickets_left"], shown["places_taken"]) == (1, 1)


async def test_body_of_evening_is_never_mixed_up_between_hosts(host: Person, guest: Person, film: Any) -> None:
    when = some_time().isoformat()
    mine, theirs = evening(event_time=when), evening(event_time=when)
    a = ok(await host.post(f"/app/v1/announcement/{film['id']}", mine))
    b = ok(await guest.post(f"/app/v1/announcement/{film['id']}", theirs))
    assert (a["title"], b["title"]) == (mine["title"], theirs["title"])


async def test_cancelled_draft_stays_its_authors(host: Person, guest: Person, film: Any) -> None:
    draft = await host.announce(film["id"], status="Created")
    path = f"/app/v1/announcement/{draft['id']}"
    ok(await host.delete(path))
    assert reason(await guest.get(path)) == (404, "ANNOUNCEMENT_NOT_FOUND")


@pytest.mark.parametrize(
    "path",
    [
        "/app/v1/bookings?page_token=%FF%FE",
        "/app/v1/announcements?filter[location]=%ff",
        "/app/v1/announcement/%ff",
        "/movie_api/v1/movies?filter[genre]=%FF",
        "/s/%ff",
    ],
)
async def test_text_that_is_not_utf8_is_a_json_400(host: Person, path: str) -> None:
    assert reason(await host.get(path)) == (400, "INVALID_FIELDS")
