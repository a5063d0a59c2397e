"""Moderators decide which films evenings may be announced for, and correct the catalogue."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.movie.conftest import Importer
from tests.people import Person, evening, ok, reason

BOOKABLE = "/movie_api/v1/bookable"
CHANGES = "/movie_api/v1/movie_changes"
Film = dict[str, Any]


async def imported(http: httpx.AsyncClient, importer: Importer, title: str, **record: Any) -> Film:
    """A film of the catalogue."""
    await importer([{"Title": title, **record}])
    film: Film = ok(await http.get("/movie_api/v1/movies", params={"query": title}))[0]
    return film


async def changes(moderator: Person, film: Film) -> list[tuple[str, str, str, str, str]]:
    """What was decided about a film, newest first."""
    rows = ok(await moderator.get(CHANGES, params={"filter[movie]": film["id"]}))
    return [(row["actor_id"], row["subject"], row["before"], row["after"], row["reason"]) for row in rows]


async def test_evenings_may_be_announced_at_once_for_a_film_that_a_moderator_adds(
    http: httpx.AsyncClient, importer: Importer, word: str, moderator: Person, host: Person
) -> None:
    film = await imported(http, importer, word)
    assert reason(await host.post(f"/app/v1/announcement/{film['id']}", evening())) == (400, "MOVIE_NOT_BOOKABLE")
    ok(await moderator.put(f"/movie_api/v1/movie/{film['id']}", {"running_time": 91}))
    assert ok(await moderator.put(f"{BOOKABLE}/{film['id']}", {}))["bookable"] is True
    assert (await host.announce(film["id"]))["duration"] == 91


async def test_no_evening_may_be_announced_any_more_for_a_film_that_a_moderator_removes(
    http: httpx.AsyncClient, importer: Importer, word: str, moderator: Person, host: Person
) -> None:
    film = await imported(http, importer, word, **{"Running Time min": 90})
    await host.announce(film["id"])
    assert ok(await moderator.delete(f"{BOOKABLE}/{film['id']}"))["bookable"] is False
    assert reason(await host.post(f"/app/v1/announcement/{film['id']}", evening())) == (400, "MOVIE_NOT_BOOKABLE")


async def test_an_evening_ends_when_its_film_does(
    http: httpx.AsyncClient, importer: Importer, word: str, host: Person, guest: Person
) -> None:
    film = await imported(http, importer, word, **{"Running Time min": 47})
    first = await host.announce(film["id"], event_time="2031-03-01T20:00:00+00:00")
    behind = (datetime.fromisoformat(first["event_time"]) + timedelta(minutes=47)).isoformat()
    within = (datetime.fromisoformat(first["event_time"]) + timedelta(minutes=46)).isoformat()
    second = await host.announce(film["id"], event_time=behind)
    third = await host.announce(film["id"], event_time=within)
    await guest.apply(first)
    await guest.apply(second)
    assert reason(await guest.post(f"/app/v1/booking/{third['id']}")) == (400, "TIME_CONFLICT")


async def test_a_film_whose_running_time_nobody_knows_is_not_added(
    http: httpx.AsyncClient, importer: Importer, word: str, moderator: Person
) -> None:
    film = await imported(http, importer, word)
    assert reason(await moderator.put(f"{BOOKABLE}/{film['id']}", {})) == (400, "MOVIE_NOT_BOOKABLE")


async def test_every_change_says_who_made_it_and_why(
    http: httpx.AsyncClient, importer: Importer, word: str, moderator: Person
) -> None:
    film = await imported(http, importer, word, **{"Running Time min": 90})
    ok(await moderator.delete(f"{BOOKABLE}/{film['id']}", params={"reason": "no licence"}))
    ok(await moderator.put(f"/movie_api/v1/movie/{film['id']}", {"running_time": 95, "description": "A new cut."}))
    assert await changes(moderator, film) == [
        (moderator.id, "description", "", "A new cut.", ""),
        (moderator.id, "running_time", "90", "95", ""),
        (moderator.id, "bookable", "true", "false", "no licence"),
    ]


async def test_what_is_so_already_is_no_change(
    http: httpx.AsyncClient, importer: Importer, word: str, moderator: Person
) -> None:
    film = await imported(http, importer, word, **{"Running Time min": 90})
    ok(await moderator.put(f"{BOOKABLE}/{film['id']}", {}))
    assert await changes(moderator, film) == []


@pytest.mark.parametrize("statement", ["UPDATE movie_changes SET reason = 'x'", "DELETE FROM movie_changes"])
async def test_the_service_itself_cannot_rewrite_the_list_of_changes(
    database: "asyncpg.Connection", statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute(statement)


async def test_imports_do_not_undo_what_a_moderator_decided(
    http: httpx.AsyncClient, importer: Importer, word: str, moderator: Person
) -> None:
    record = {"Running Time min": 90, "Description": "Wrong."}
    film = await imported(http, importer, word, **record)
    ok(await moderator.put(f"/movie_api/v1/movie/{film['id']}", {"running_time": 95, "description": ""}))
    ok(await moderator.delete(f"{BOOKABLE}/{film['id']}"))
    done = await importer([{"Title": word, **record}])
    again = ok(await http.get(f"/movie_api/v1/movie/{film['id']}"))
    assert (again["duration"], again["description"], again["bookable"], done.changed) == (95, "", False, [])


async def test_an_import_without_the_running_time_leaves_a_bookable_film_bookable(
    http: httpx.AsyncClient, importer: Importer, word: str, moderator: Person
) -> None:
    film = await imported(http, importer, word, **{"Running Time min": 90})
    ok(await moderator.put(f"{BOOKABLE}/{film['id']}", {}))
    await importer([{"Title": word, "Director": "Claire Denis"}])
    again = ok(await http.get(f"/movie_api/v1/movie/{film['id']}"))
    assert (again["duration"], again["bookable"], again["director"]) == (90, True, ["Claire Denis"])


async def test_same_key_decides_once(http: httpx.AsyncClient, importer: Importer, word: str, moderator: Person) -> None:
    film = await imported(http, importer, word, **{"Running Time min": 90})
    path, key = f"{BOOKABLE}/{film['id']}", {"idempotency-key": uuid.uuid4().hex}
    ok(await moderator.delete(path, headers=key))
    ok(await moderator.put(path, {}))
    assert ok(await moderator.delete(path, headers=key))["bookable"] is False
    assert ok(await http.get(f"/movie_api/v1/movie/{film['id']}"))["bookable"] is True


@pytest.mark.parametrize("minutes", [0, -1, 1441])
async def test_a_running_time_that_cannot_be_is_refused(moderator: Person, minutes: int) -> None:
    refused = await moderator.put(f"/movie_api/v1/movie/{uuid.uuid4()}", {"running_time": minutes})
    assert reason(refused) == (400, "INVALID_FIELDS")


async def test_an_unknown_film_is_not_found(moderator: Person) -> None:
    assert reason(await moderator.put(f"{BOOKABLE}/{uuid.uuid4()}", {})) == (404, "MOVIE_NOT_FOUND")
    assert reason(await moderator.delete(f"{BOOKABLE}/{uuid.uuid4()}")) == (404, "MOVIE_NOT_FOUND")


async def test_users_decide_nothing(host: Person) -> None:
    assert reason(await host.put(f"{BOOKABLE}/{uuid.uuid4()}", {})) == (403, "ACCESS_DENIED")
