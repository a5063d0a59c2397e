"""Drafts and private evenings: to whom they are not shown, there is no telling them from evenings that do not exist."""

import uuid
from typing import Any

import pytest

from tests.people import Person, evening, ok, reason

DOORS: dict[str, tuple[str, str, Any]] = {
    "look": ("GET", "/app/v1/announcement/{}", None),
    "look for friends": ("GET", "/app/v1/announcement/{}/friends", None),
    "edit": ("PUT", "/app/v1/announcement/{}", {"title": "Mine"}),
    "edit its film": ("PUT", "/app/v1/announcement/{}", {"movie_id": str(uuid.uuid4())}),
    "publish": ("PUT", "/app/v1/announcement/{}", {"status": "Alive"}),
    "cancel": ("DELETE", "/app/v1/announcement/{}", None),
    "list applications": ("GET", "/app/v1/announcement/{}/applications", None),
    "decide": ("POST", "/app/v1/announcement/{}/decide", {"accept": [str(uuid.uuid4())]}),
    "record attendance": ("POST", "/app/v1/announcement/{}/attendance", {"attended": [str(uuid.uuid4())]}),
    "apply": ("POST", "/app/v1/booking/{}", {}),
    "apply for the waiting list": ("POST", "/app/v1/booking/{}", {"waiting_list": True}),
    "say that it was not held": ("POST", "/app/v1/announcement/{}/not_held", {}),
    "review": ("POST", "/app/v1/reviews/{}", {"review_text": "Never been there", "score": 5}),
}
HIDDEN: dict[str, dict[str, Any]] = {
    "draft": {"status": "Created"},
    "private": {"sub_only": True},
    "private draft": {"status": "Created", "sub_only": True},
    "cancelled draft": {"status": "Created"},
    "cancelled private": {"sub_only": True},
}
OUTSIDERS = ("stranger", "moderator")


async def hide(host: Person, film: Any, kind: str) -> Any:
    """An evening that is not for everybody."""
    announcement = await host.announce(film["id"], **HIDDEN[kind])
    if kind.startswith("cancelled"):
        ok(await host.delete(f"/app/v1/announcement/{announcement['id']}"))
    return announcement


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", HIDDEN)
@pytest.mark.parametrize("role", OUTSIDERS)
async def test_a_hidden_evening_is_like_one_that_does_not_exist(
    host: Person, outsiders: dict[str, Person], film: Any, door: str, kind: str, role: str
) -> None:
    announcement = await hide(host, film, kind)
    method, path, body = DOORS[door]
    there = await outsiders[role].call(method, path.format(announcement["id"]), body)
    nowhere = await outsiders[role].call(method, path.format(uuid.uuid4()), body)
    assert reason(there)[0] in (400, 404)
    assert (there.status_code, there.json()) == (nowhere.status_code, nowhere.json())


@pytest.mark.parametrize("kind", HIDDEN)
@pytest.mark.parametrize("role", OUTSIDERS)
async def test_no_list_shows_a_hidden_evening(
    host: Person, outsiders: dict[str, Person], film: Any, kind: str, role: str
) -> None:
    hidden = await hide(host, film, kind)
    person, params = outsiders[role], {"filter[author]": host.id}
    rows = ok(await person.get("/app/v1/announcements", params=params))
    assert hidden["id"] not in {row["id"] for row in rows}
    assert host.id not in await hosts_of(film, person)


async def test_the_same_lists_show_what_is_not_hidden(host: Person, stranger: Person, film: Any) -> None:
    shown = await host.announce(film["id"])
    rows = ok(await stranger.get("/app/v1/announcements", params={"filter[author]": host.id}))
    assert [row["id"] for row in rows] == [shown["id"]]
    assert host.id in await hosts_of(film, stranger)


async def hosts_of(film: Any, person: Person) -> set[str]:
    """The hosts of a film, on all the pages that somebody gets."""
    hosts: set[str] = set()
    token: str | None = ""
    while token is not None:
        params = {"filter[movie]": film["id"], "page_size": 100, "page_token": token}
        answer = await person.get("/app/v1/hosts", params=params)
        hosts |= {row["user_id"] for row in ok(answer)}
        token = answer.headers.get("x-next-page-token")
    return hosts


@pytest.mark.parametrize("kind", HIDDEN)
async def test_its_author_sees_it(host: Person, film: Any, kind: str) -> None:
    hidden = await hide(host, film, kind)
    assert ok(await host.get(f"/app/v1/announcement/{hidden['id']}"))["id"] == hidden["id"]


@pytest.mark.parametrize("kind", HIDDEN)
async def test_super_sees_it(host: Person, sudo: Person, film: Any, kind: str) -> None:
    hidden = await hide(host, film, kind)
    assert ok(await sudo.get(f"/app/v1/announcement/{hidden['id']}"))["id"] == hidden["id"]


async def test_a_follower_sees_a_private_one(host: Person, guest: Person, film: Any) -> None:
    private = await host.announce(film["id"], sub_only=True)
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    assert ok(await guest.get(f"/app/v1/announcement/{private['id']}"))["id"] == private["id"]


async def test_a_follower_does_not_see_a_draft(host: Person, guest: Person, film: Any) -> None:
    draft = await host.announce(film["id"], status="Created")
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    assert (await guest.get(f"/app/v1/announcement/{draft['id']}")).status_code == 404


async def test_who_follows_no_more_sees_it_no_more(host: Person, guest: Person, film: Any) -> None:
    private = await host.announce(film["id"], sub_only=True)
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    ok(await guest.get(f"/app/v1/announcement/{private['id']}"))
    ok(await guest.delete(f"/ugc/v1/following/{host.id}"))
    assert (await guest.get(f"/app/v1/announcement/{private['id']}")).status_code == 404


async def test_whom_the_host_follows_is_no_follower(host: Person, guest: Person, film: Any) -> None:
    private = await host.announce(film["id"], sub_only=True)
    ok(await host.put(f"/ugc/v1/following/{guest.id}"))
    assert (await guest.get(f"/app/v1/announcement/{private['id']}")).status_code == 404


async def test_a_clash_with_a_draft_is_not_told_to_others(host: Person, stranger: Person, film: Any) -> None:
    body = evening(status="Created")
    ok(await host.post(f"/app/v1/announcement/{film['id']}", body))
    assert ok(await stranger.post(f"/app/v1/announcement/{film['id']}", body))["author_id"] == stranger.id
