"""POST /app/v1/announcement/{movie_id}."""

from typing import Any

import pytest

from tests.people import Person, evening, ok, reason

DETAIL: dict[str, Any] = {
    "id": str,
    "created": str,
    "modified": str,
    "status": str,
    "title": str,
    "description": str,
    "movie_title": str,
    "author_name": str,
    "sub_only": bool,
    "is_free": bool,
    "tickets_count": int,
    "tickets_left": int,
    "event_time": str,
    "event_location": str,
    "guest_list": list,
    "author_rating": (int, float),
    "duration": int,
}


async def test_answer_has_every_documented_field_with_its_type(host: Person, film: Any) -> None:
    answer = await host.announce(film["id"])
    assert {name: type(answer.get(name)) for name in DETAIL if not isinstance(answer.get(name), DETAIL[name])} == {}


async def test_status_is_a_draft_unless_told(host: Person, film: Any) -> None:
    body = evening()
    del body["status"]
    assert ok(await host.post(f"/app/v1/announcement/{film['id']}", body))["status"] == "Created"


async def test_names_and_running_time_come_from_their_owners(host: Person, film: Any) -> None:
    answer = await host.announce(film["id"])
    facts = (answer["author_name"], answer["movie_title"], answer["duration"])
    assert facts == ("Robin", film["title"], film["duration"])


async def test_any_offset_is_taken_and_utc_comes_back(host: Person, film: Any) -> None:
    answer = await host.announce(film["id"], event_time="2093-05-01T20:00:00+02:00")
    assert answer["event_time"] == "2093-05-01T18:00:00Z"


async def test_time_zone_is_the_authors_unless_told(new_person: Any, film: Any) -> None:
    host = await new_person(time_zone="Asia/Tokyo")
    body = evening()
    del body["time_zone"]
    assert ok(await host.post(f"/app/v1/announcement/{film['id']}", body))["time_zone"] == "Asia/Tokyo"


async def test_hostile_text_comes_back_as_it_went_in(host: Person, film: Any) -> None:
    title = "<script>alert('🎬')</script> %s {{7*7}} \\u0000 O'Brien; DROP TABLE announcements;--"
    assert (await host.announce(film["id"], title=title))["title"] == title


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"description": "x" * 5001}, "description"),
        ({"tickets_count": 0}, "tickets_count"),
        ({"tickets_count": -1}, "tickets_count"),
        ({"tickets_count": 1001}, "tickets_count"),
        ({"event_time": None}, "event_time"),
        ({"event_time": "2001-01-01T00:00:00Z"}, "event_time"),
        ({"event_time": "2101-01-01T00:00:00Z"}, "event_time"),
        ({"event_location": ""}, "event_location"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "localtime"}, "time_zone"),
        ({"title": "\u00a0\u2003\u200b"}, "title"),
        ({"status": "Closed"}, "status"),
        ({"status": "Done"}, "status"),
    ],
)
async def test_bad_field_is_named(host: Person, film: Any, change: dict[str, Any], field: str) -> None:
    response = await host.post(f"/app/v1/announcement/{film['id']}", evening(**change))
    violations = [each["field"] for detail in response.json()["details"] for each in detail.get("field_violations", ())]
    assert (response.status_code, set(violations)) == (400, {field})


@pytest.mark.parametrize("change", [{"tickets_count": "many"}, {"status": "Sold"}, {"event_time": "tomorrow"}])
async def test_wrong_type_is_a_json_400(host: Person, film: Any, change: dict[str, Any]) -> None:
    response = await host.post(f"/app/v1/announcement/{film['id']}", evening(**change))
    assert (response.status_code, response.json()["code"]) == (400, 3)


async def test_unknown_film_is_not_found(host: Person) -> None:
    response = await host.post("/app/v1/announcement/00000000-0000-4000-8000-000000000000", evening())
    assert reason(response) == (404, "MOVIE_NOT_FOUND")


async def test_film_without_running_time_is_not_bookable(host: Person, unbookable_film: Any) -> None:
    response = await host.post(f"/app/v1/announcement/{unbookable_film['id']}", evening())
    assert reason(response) == (400, "MOVIE_NOT_BOOKABLE")


async def test_malformed_film_id_is_a_400(host: Person) -> None:
    assert reason(await host.post("/app/v1/announcement/no-uuid", evening())) == (400, "INVALID_FIELDS")


async def test_same_film_at_the_same_time_is_refused(host: Person, film: Any) -> None:
    body = evening()
    ok(await host.post(f"/app/v1/announcement/{film['id']}", body))
    again = await host.post(f"/app/v1/announcement/{film['id']}", body)
    assert reason(again) == (409, "ANNOUNCEMENT_EXISTS")


async def test_two_hosts_may_have_the_same_film_at_the_same_time(host: Person, guest: Person, film: Any) -> None:
    body = evening()
    ok(await host.post(f"/app/v1/announcement/{film['id']}", body))
    ok(await guest.post(f"/app/v1/announcement/{film['id']}", body))


async def test_host_may_have_two_rooms_at_once(host: Person, film: Any, other_film: Any) -> None:
    body = evening()
    ok(await host.post(f"/app/v1/announcement/{film['id']}", body))
    ok(await host.post(f"/app/v1/announcement/{other_film['id']}", body))


async def test_guest_of_another_evening_cannot_host_then(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    await guest.apply(announcement)
    body = evening(event_time=announcement["event_time"])
    assert reason(await guest.post(f"/app/v1/announcement/{film['id']}", body)) == (400, "TIME_CONFLICT")


async def test_body_cannot_override_the_film_in_the_path(host: Person, film: Any, other_film: Any) -> None:
    body = evening(movie_id=other_film["id"])
    assert (await host.post(f"/app/v1/announcement/{film['id']}", body)).status_code == 400


async def test_without_a_token_it_is_401(host: Person, film: Any) -> None:
    response = await host.http.post(f"/app/v1/announcement/{film['id']}", json=evening())
    assert reason(response) == (401, "TOKEN_MISSING")
