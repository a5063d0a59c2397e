"""Whose bookings who sees and moves."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.people import Person, ok, reason

NOT_YOURS = (403, "NOT_YOUR_BOOKING")
NOT_YOUR_EVENING = (403, "NOT_YOUR_ANNOUNCEMENT")
OUTSIDERS = ("stranger", "moderator", "other guest")


@dataclass
class Scene:
    """The guest's application for the host's evening, and all who may try something with it."""

    announcement: Any
    booking: Any
    people: dict[str, Person]

    async def moves(self, role: str, method: str, body: Any = None) -> httpx.Response:
        """What somebody is told who asks for the booking or moves it."""
        return await self.people[role].call(method, f"/app/v1/booking/{self.booking['id']}", body)

    async def of_evening(self, role: str, method: str, verb: str, body: Any = None) -> httpx.Response:
        """What somebody is told who asks for the evening's guests or moves them."""
        return await self.people[role].call(method, f"/app/v1/announcement/{self.announcement['id']}/{verb}", body)


@pytest_asyncio.fixture(loop_scope="session")
async def scene(host: Person, guest: Person, outsiders: dict[str, Person], new_person: Any, film: Any) -> Scene:
    """Two guests have applied; the first one's booking is looked at."""
    announcement = await host.announce(film["id"])
    other = await new_person()
    await other.apply(announcement)
    people = {**outsiders, "host": host, "guest": guest, "other guest": other}
    return Scene(announcement, await guest.apply(announcement), people)


@pytest.mark.parametrize("role", OUTSIDERS)
async def test_others_do_not_see_it(scene: Scene, role: str) -> None:
    assert reason(await scene.moves(role, "GET")) == NOT_YOURS


@pytest.mark.parametrize("role", ["host", "guest", "super"])
async def test_its_two_sides_and_super_see_it(scene: Scene, role: str) -> None:
    assert ok(await scene.moves(role, "GET"))["guest_id"] == scene.people["guest"].id


@pytest.mark.parametrize("role", OUTSIDERS)
@pytest.mark.parametrize("word", [True, False])
async def test_others_do_not_decide_it(scene: Scene, role: str, word: bool) -> None:
    assert reason(await scene.moves(role, "PUT", {"my_status": word})) == NOT_YOURS


@pytest.mark.parametrize("role", [*OUTSIDERS, "host"])
async def test_only_its_guest_withdraws_it(scene: Scene, role: str) -> None:
    assert reason(await scene.moves(role, "DELETE")) == NOT_YOURS


async def test_its_guest_does_not_accept_himself(scene: Scene) -> None:
    await scene.moves("guest", "PUT", {"my_status": True})
    assert ok(await scene.moves("guest", "GET"))["author_status"] is None


@pytest.mark.parametrize("role", ["guest", *OUTSIDERS])
async def test_applications_are_for_the_host(scene: Scene, role: str) -> None:
    assert reason(await scene.of_evening(role, "GET", "applications")) == NOT_YOUR_EVENING


@pytest.mark.parametrize("role", ["guest", *OUTSIDERS])
async def test_only_the_host_decides_many(scene: Scene, role: str) -> None:
    body = {"accept": [scene.booking["id"]]}
    assert reason(await scene.of_evening(role, "POST", "decide", body)) == NOT_YOUR_EVENING


@pytest.mark.parametrize("role", ["guest", *OUTSIDERS])
async def test_only_the_host_records_who_came(scene: Scene, role: str) -> None:
    body = {"attended": [scene.booking["id"]]}
    assert reason(await scene.of_evening(role, "POST", "attendance", body)) == NOT_YOUR_EVENING


async def test_a_host_does_not_decide_about_another_hosts_guests(scene: Scene, film: Any) -> None:
    stranger = scene.people["stranger"]
    own = await stranger.announce(film["id"])
    answer = await stranger.post(f"/app/v1/announcement/{own['id']}/decide", {"accept": [scene.booking["id"]]})
    assert reason(answer) == (404, "BOOKING_NOT_FOUND")


@pytest.mark.parametrize("role", ["stranger", "moderator"])
@pytest.mark.parametrize("side", ["guest", "author"])
async def test_lists_hold_ones_own_only(scene: Scene, role: str, side: str) -> None:
    assert ok(await scene.people[role].get("/app/v1/bookings", params={"filter[self]": side})) == []


async def test_applicants_are_in_no_guest_list_before_they_are_accepted(scene: Scene) -> None:
    shown = ok(await scene.people["stranger"].get(f"/app/v1/announcement/{scene.announcement['id']}"))
    assert shown["guest_list"] == []


@pytest.mark.parametrize("role", ["guest", *OUTSIDERS])
@pytest.mark.parametrize(("method", "body"), [("PUT", {"title": "Mine"}), ("DELETE", None)])
async def test_only_its_host_changes_an_evening(scene: Scene, role: str, method: str, body: Any) -> None:
    answer = await scene.people[role].call(method, f"/app/v1/announcement/{scene.announcement['id']}", body)
    assert reason(answer) == NOT_YOUR_EVENING


@pytest.mark.parametrize("role", ["stranger", "guest"])
async def test_only_who_was_there_reviews(scene: Scene, role: str) -> None:
    body = {"review_text": "Lovely", "score": 9}
    answer = await scene.people[role].post(f"/app/v1/reviews/{scene.announcement['id']}", body)
    assert reason(answer)[0] == 400
