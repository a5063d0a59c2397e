"""Private evenings: for followers and those who have to do with them, and nobody else learns of them."""

import base64
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from tests.people import Person, ok, reason, some_time


async def ids(person: Person, query: str) -> list[str]:
    """What the list of announcements has."""
    return [row["id"] for row in ok(await person.get(f"/app/v1/announcements?{query}"))]


async def test_private_evening_is_for_followers_only(host: Person, guest: Person, film: Any) -> None:
    private = await host.announce(film["id"], sub_only=True)
    path = f"/app/v1/announcement/{private['id']}"
    assert await ids(guest, f"filter[author]={host.id}") == []
    assert reason(await guest.get(path)) == (404, "ANNOUNCEMENT_NOT_FOUND")
    assert reason(await guest.post(f"/app/v1/booking/{private['id']}")) == (404, "ANNOUNCEMENT_NOT_FOUND")
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    assert await ids(guest, f"filter[author]={host.id}") == [private["id"]]
    ok(await guest.get(path))
    await guest.apply(private)


async def with_many_private(host: Person, film: Any) -> tuple[list[Any], Any]:
    """Private evenings of a host that follow each other at a place of their own, and the public one behind them."""
    begin, place = some_time(), secrets.token_hex(8)
    private = [
        await host.announce(
            film["id"], sub_only=True, event_location=place, event_time=(begin + timedelta(hours=number)).isoformat()
        )
        for number in range(12)
    ]
    later = (begin + timedelta(days=1)).isoformat()
    return private, await host.announce(film["id"], event_location=place, event_time=later)


async def test_private_evenings_leave_no_gap(host: Person, guest: Person, film: Any) -> None:
    _, public = await with_many_private(host, film)
    for query in (f"filter[author]={host.id}", f"filter[location]={public['event_location']}"):
        response = await guest.get(f"/app/v1/announcements?page_size=1&{query}")
        assert [row["id"] for row in ok(response)] == [public["id"]]
        assert "x-next-page-token" not in response.headers


async def test_behind_a_gap_is_what_a_follower_or_a_guest_may_see(
    host: Person, guest: Person, new_person: Any, film: Any
) -> None:
    private, public = await with_many_private(host, film)
    path, query = f"/app/v1/announcement/{private[-1]['id']}", f"filter[location]={public['event_location']}"
    ok(await host.put(path, {"sub_only": False}))
    await guest.apply(private[-1])
    ok(await host.put(path, {"sub_only": True}))
    assert await ids(guest, f"page_size=2&{query}") == [private[-1]["id"], public["id"]]
    other = await new_person()
    followed = await other.announce(film["id"], sub_only=True, event_location=public["event_location"])
    ok(await guest.put(f"/ugc/v1/following/{other.id}"))
    assert followed["id"] in await ids(guest, f"page_size=3&{query}")


async def test_a_page_token_names_no_private_evening(host: Person, guest: Person, film: Any) -> None:
    private, _ = await with_many_private(host, film)
    later = (datetime.fromisoformat(private[-1]["event_time"]) + timedelta(hours=2)).isoformat()
    await host.announce(film["id"], event_time=later)
    response = await guest.get(f"/app/v1/announcements?page_size=1&filter[author]={host.id}")
    (row,) = ok(response)
    _, _, identity = json.loads(base64.urlsafe_b64decode(response.headers["x-next-page-token"] + "=="))
    assert identity == row["id"]


async def test_guest_of_an_evening_sees_it_when_it_becomes_private(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    await guest.apply(announcement)
    path = f"/app/v1/announcement/{announcement['id']}"
    ok(await host.put(path, {"sub_only": True}))
    assert ok(await guest.get(path))["sub_only"] is True


async def test_private_evening_is_not_given_away_by_a_refused_edit(host: Person, guest: Person, film: Any) -> None:
    private = await host.announce(film["id"], sub_only=True)
    path = f"/app/v1/announcement/{private['id']}"
    assert reason(await guest.put(path, {"title": "Mine"})) == (404, "ANNOUNCEMENT_NOT_FOUND")
