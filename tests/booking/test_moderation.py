"""Reports of ratings, what moderators do about them, and what is left behind: lists, means, counts and the trail."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from tests.booking.conftest import Move
from tests.people import Person, ok, reason, register

NOTHING = "00000000-0000-4000-8000-000000000000"


@pytest_asyncio.fixture(loop_scope="session")
async def moderator(sudo: Person) -> Person:
    """Somebody whom super has made a moderator."""
    person = await register(sudo.http)
    ok(await sudo.put(f"/auth/v1/permissions/{person.id}", {"permissions": [0, 3]}))
    account = {"email": person.email, "password": person.password}
    person.token = ok(await sudo.http.post("/auth/v1/login/", json=account))["access_token"]
    return person


async def evening(host: Person, guest: Person, film: Any, ended: Move, ago: timedelta) -> Any:
    """The guest's booking of an evening that was so long ago."""
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    ok(await host.decide(booking, True))
    await ended(announcement, ago)
    return booking


async def rated(host: Person, guest: Person, film: Any, ended: Move, score: int = 2) -> Any:
    """A guest's rating of the host that everybody may read."""
    booking = await evening(host, guest, film, ended, timedelta(days=1))
    body = {"score": score, "text": "Awful", "private_note": "He shouted"}
    rating = ok(await guest.post(f"/app/v1/rating/{booking['id']}", body))
    await ended({"id": booking["announcement_id"]}, timedelta(days=16))
    return rating


async def report(person: Person, rating: Any, why: str = "Not true") -> Any:
    return await person.post(f"/app/v1/ratings/{rating['id']}/report", {"reason": why})


async def moderate(moderator: Person, rating: Any, action: str, why: str = "House rules") -> Any:
    return await moderator.post(f"/app/v1/_ratings/{rating['id']}/moderate", {"action": action, "reason": why})


async def listed(person: Person, about: Person) -> list[str]:
    return [each["id"] for each in ok(await person.get(f"/app/v1/ratings/{about.id}"))]


async def average(person: Person) -> tuple[float, int]:
    shown = ok(await person.get(f"/app/v1/average_score/{person.id}"))
    return shown["score_average"], shown["ratings_count"]


async def reported(moderator: Person, rating: Any) -> Any:
    """The entry of a rating in the list of reports, None if there is none."""
    token: str | None = ""
    while token is not None:
        answer = await moderator.get("/app/v1/_reports", params={"page_token": token})
        for each in ok(answer):
            if each["rating"]["id"] == rating["id"]:
                return each
        token = answer.headers.get("x-next-page-token")
    return None


async def trail(sudo: Person, rating: Any) -> list[tuple[str, str, str]]:
    found = ok(await sudo.get("/app/v1/_moderations", params={"filter[rating]": rating["id"]}))
    return [(each["moderator_id"], each["action"], each["reason"]) for each in found]


async def test_a_report_shows_moderators_the_rating_with_its_private_note(
    host: Person, guest: Person, moderator: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    ok(await report(host, rating))
    shown = await reported(moderator, rating)
    assert (shown["open"], shown["reports_count"], shown["rating"]["private_note"]) == (True, 1, "He shouted")
    (said,) = shown["reports"]
    assert (said["reporter_id"], said["reason"], said["open"]) == (host.id, "Not true", True)


async def test_reporting_again_replaces_the_reason(
    host: Person, guest: Person, moderator: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    for why in ("Not true", "I have never met him"):
        ok(await report(host, rating, why))
    assert [said["reason"] for said in (await reported(moderator, rating))["reports"]] == ["I have never met him"]


async def test_who_was_heard_does_not_open_it_again_and_another_does(
    host: Person, guest: Person, new_person: Any, moderator: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    ok(await report(host, rating))
    ok(await moderate(moderator, rating, "DISMISS"))
    ok(await report(host, rating, "But still"))
    assert (await reported(moderator, rating))["open"] is False
    ok(await report(await new_person(), rating))
    assert [said["open"] for said in (await reported(moderator, rating))["reports"]] == [True, False]


async def test_open_reports_come_first_on_every_page(
    host: Person, guest: Person, moderator: Person, film: Any, ended: Move
) -> None:
    dismissed, still_open = await rated(host, guest, film, ended), await rated(host, guest, film, ended)
    for rating in (dismissed, still_open):
        ok(await report(host, rating))
    ok(await moderate(moderator, dismissed, "DISMISS"))
    seen: list[bool] = []
    token: str | None = ""
    while token is not None:
        answer = await moderator.get("/app/v1/_reports", params={"page_token": token, "page_size": 1})
        seen += [each["open"] for each in ok(answer)]
        token = answer.headers.get("x-next-page-token")
    assert seen == sorted(seen, reverse=True)
    assert len(seen) >= 2


async def test_a_sealed_rating_is_neither_reported_nor_moderated(
    host: Person, guest: Person, moderator: Person, sudo: Person, film: Any, ended: Move
) -> None:
    booking = await evening(host, guest, film, ended, timedelta(days=1))
    rating = ok(await guest.post(f"/app/v1/rating/{booking['id']}", {"score": 2}))
    answers = [await report(person, rating) for person in (host, guest, sudo)]
    answers += [await moderate(person, rating, "HIDE") for person in (moderator, sudo)]
    assert {reason(answer) for answer in answers} == {(404, "RATING_NOT_FOUND")}


async def test_what_counts_without_being_listed_is_not_reported(
    host: Person, guest: Person, film: Any, ended: Move
) -> None:
    """Who of a few guests said it would be known by it."""
    booking = await evening(host, guest, film, ended, timedelta(days=1))
    by_guest, by_host = [
        ok(await person.post(f"/app/v1/rating/{booking['id']}", {"score": 2})) for person in (guest, host)
    ]
    assert await average(host) == (2, 1)
    assert reason(await report(host, by_guest)) == (404, "RATING_NOT_FOUND")
    ok(await report(guest, by_host))


async def test_a_rating_that_does_not_exist_is_not_found(guest: Person, moderator: Person) -> None:
    answers = [await report(guest, {"id": NOTHING}), await moderate(moderator, {"id": NOTHING}, "HIDE")]
    assert {reason(answer) for answer in answers} == {(404, "RATING_NOT_FOUND")}


async def test_a_hidden_rating_is_in_no_list_no_mean_and_no_count(
    host: Person, guest: Person, moderator: Person, film: Any, ended: Move
) -> None:
    hidden, other = await rated(host, guest, film, ended, 2), await rated(host, guest, film, ended, 8)
    assert await average(host) == (5, 2)
    ok(await moderate(moderator, hidden, "HIDE"))
    assert await average(host) == (8, 1)
    assert await listed(guest, host) == await listed(moderator, host) == [other["id"]]
    shown = ok(await guest.get(f"/app/v1/standing/{host.id}"))["as_host"]
    assert (shown["rating"], shown["ratings_count"]) == (8, 1)


async def test_its_author_still_sees_a_hidden_rating(
    host: Person, guest: Person, moderator: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    ok(await moderate(moderator, rating, "HIDE"))
    shown = ok(await guest.get(f"/app/v1/rating/{rating['booking_id']}"))
    assert (shown["hidden"], shown["text"]) == (True, "Awful")


async def test_a_hidden_rating_is_not_reported(
    host: Person, guest: Person, moderator: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    ok(await moderate(moderator, rating, "HIDE"))
    assert reason(await report(host, rating)) == (404, "RATING_NOT_FOUND")


async def test_a_restored_rating_counts_again(
    host: Person, guest: Person, moderator: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    for action in ("HIDE", "RESTORE"):
        ok(await moderate(moderator, rating, action))
    assert await average(host) == (2, 1)
    assert await listed(guest, host) == [rating["id"]]


async def test_hiding_closes_the_reports(
    host: Person, guest: Person, moderator: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    ok(await report(host, rating))
    ok(await moderate(moderator, rating, "HIDE"))
    shown = await reported(moderator, rating)
    assert (shown["open"], shown["rating"]["hidden"]) == (False, True)


@pytest.mark.parametrize(("done", "again"), [("", "RESTORE"), ("", "DISMISS"), ("HIDE", "HIDE"), ("HIDE", "DISMISS")])
async def test_what_there_is_nothing_to_do_about_is_refused(
    host: Person, guest: Person, moderator: Person, film: Any, ended: Move, done: str, again: str
) -> None:
    rating = await rated(host, guest, film, ended)
    if done:
        ok(await report(host, rating))
        ok(await moderate(moderator, rating, done))
    assert reason(await moderate(moderator, rating, again)) == (400, "WRONG_RATING_STATE")


async def test_nobody_moderates_what_concerns_himself(moderator: Person, guest: Person, film: Any, ended: Move) -> None:
    about = await rated(moderator, guest, film, ended)
    by = await rated(guest, moderator, film, ended)
    for rating in (about, by):
        assert reason(await moderate(moderator, rating, "HIDE")) == (403, "OWN_RATING")


async def test_a_moderator_does_not_see_who_reported_what_concerns_him(
    moderator: Person, guest: Person, sudo: Person, film: Any, ended: Move
) -> None:
    rating = await rated(moderator, guest, film, ended)
    ok(await report(guest, rating))
    assert await reported(moderator, rating) is None
    assert await reported(sudo, rating) is not None


async def test_a_moderator_does_not_read_private_notes_about_himself(
    moderator: Person, guest: Person, film: Any, ended: Move
) -> None:
    await rated(moderator, guest, film, ended)
    (shown,) = ok(await moderator.get(f"/app/v1/ratings/{moderator.id}"))
    assert shown["private_note"] == ""


async def test_every_decision_stays_with_who_and_why(
    host: Person, guest: Person, moderator: Person, sudo: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    ok(await moderate(moderator, rating, "HIDE", "An insult"))
    ok(await moderate(sudo, rating, "RESTORE", "It is not"))
    assert await trail(sudo, rating) == [(sudo.id, "RESTORE", "It is not"), (moderator.id, "HIDE", "An insult")]


async def test_a_refused_decision_leaves_no_trace(
    host: Person, guest: Person, moderator: Person, sudo: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    await moderate(moderator, rating, "RESTORE")
    assert await trail(sudo, rating) == []


async def test_a_decision_without_a_reason_is_refused(moderator: Person) -> None:
    answer = await moderate(moderator, {"id": NOTHING}, "HIDE", " ")
    assert reason(answer) == (400, "INVALID_FIELDS")


async def test_a_repeated_decision_is_one(
    host: Person, guest: Person, moderator: Person, sudo: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    body = {"action": "HIDE", "reason": "An insult", "idempotency_key": rating["id"]}
    answers = [ok(await moderator.post(f"/app/v1/_ratings/{rating['id']}/moderate", body)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(await trail(sudo, rating)) == 1


async def test_of_moderators_who_hide_at_once_one_does(
    host: Person, guest: Person, moderator: Person, sudo: Person, film: Any, ended: Move
) -> None:
    hidden, other = await rated(host, guest, film, ended, 2), await rated(host, guest, film, ended, 8)
    answers = await asyncio.gather(*(moderate(person, hidden, "HIDE") for person in (moderator, sudo) * 4))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert await average(host) == (8, 1)
    assert await listed(guest, host) == [other["id"]]


async def test_of_moderators_who_dismiss_at_once_one_does(
    host: Person, guest: Person, moderator: Person, sudo: Person, film: Any, ended: Move
) -> None:
    rating = await rated(host, guest, film, ended)
    ok(await report(host, rating))
    answers = await asyncio.gather(*(moderate(person, rating, "DISMISS") for person in (moderator, sudo) * 4))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert len(await trail(sudo, rating)) == 1


@pytest.mark.parametrize("role", ["", "booking_owner"])
@pytest.mark.parametrize("statement", ["UPDATE moderations SET reason = ''", "DELETE FROM moderations"])
async def test_what_was_decided_cannot_be_rewritten(mesh: Mesh, role: str, statement: str) -> None:
    url = database_url(mesh.settings, get_service("booking"), role).replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.RaiseError)):
            await connection.execute(statement)
    finally:
        await connection.close()
