"""A write repeated is the same write."""

import asyncio
import secrets
import uuid

from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.mesh import Mesh
from tests.notify.conftest import event, inbox
from tests.people import Person, ok, reason

INBOX, SHORTENER = "/notify/v1/inbox", "/api/v1/shortener/"


def key() -> dict[str, str]:
    return {"idempotency-key": secrets.token_hex(8)}


def page(mesh: Mesh) -> str:
    """An address of ours that nobody has shortened yet."""
    return f"{mesh.settings.public_url}/app/v1/announcements?page_token={secrets.token_hex(8)}"


async def test_same_key_returns_the_notice_as_it_was_read(notify_inside: NotifyServiceStub, guest: Person) -> None:
    await notify_inside.Publish(event(to=guest.id))
    [notice] = await inbox(guest)
    headers = key()
    answers = [ok(await guest.post(f"{INBOX}/{notice['id']}/read", headers=headers)) for _ in range(2)]
    assert answers == 2 * [{**notice, "read": True}]


async def test_another_notice_under_the_key_is_refused(notify_inside: NotifyServiceStub, guest: Person) -> None:
    for _ in range(2):
        await notify_inside.Publish(event(to=guest.id))
    [one, other] = await inbox(guest)
    headers = key()
    ok(await guest.post(f"{INBOX}/{one['id']}/read", headers=headers))
    answer = await guest.post(f"{INBOX}/{other['id']}/read", headers=headers)
    assert reason(answer) == (400, "IDEMPOTENCY_KEY_REUSED")


async def test_refused_mark_does_not_use_the_key_up(notify_inside: NotifyServiceStub, guest: Person) -> None:
    await notify_inside.Publish(event(to=guest.id))
    [notice] = await inbox(guest)
    headers = key()
    assert reason(await guest.post(f"{INBOX}/{uuid.uuid4()}/read", headers=headers)) == (404, "NOTICE_NOT_FOUND")
    assert ok(await guest.post(f"{INBOX}/{notice['id']}/read", headers=headers))["read"] is True


async def test_reading_all_again_leaves_unread_what_came_since(
    notify_inside: NotifyServiceStub, guest: Person, host: Person
) -> None:
    headers = key()
    for person in (guest, host):
        await notify_inside.Publish(event(to=person.id))
        ok(await person.post(f"{INBOX}/read_all", headers=headers))
        await notify_inside.Publish(event(to=person.id))
        assert ok(await person.post(f"{INBOX}/read_all", headers=headers)) == {}
        assert [notice["read"] for notice in await inbox(person)] == [False, True]


async def test_same_key_at_once_is_one_link(mesh: Mesh, guest: Person) -> None:
    body, headers = {"url": page(mesh)}, key()
    answers = await asyncio.gather(*(guest.post(SHORTENER, body, headers=headers) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["url"] for answer in answers}) == 1


async def test_another_target_under_the_key_is_refused(mesh: Mesh, guest: Person) -> None:
    headers = key()
    assert (await guest.post(SHORTENER, {"url": page(mesh)}, headers=headers)).status_code == 201
    answer = await guest.post(SHORTENER, {"url": page(mesh)}, headers=headers)
    assert reason(answer) == (400, "IDEMPOTENCY_KEY_REUSED")


async def test_refused_target_does_not_use_the_key_up(mesh: Mesh, guest: Person) -> None:
    headers = key()
    answer = await guest.post(SHORTENER, {"url": "https://evil.example/"}, headers=headers)
    assert reason(answer) == (400, "LINK_TARGET_NOT_ALLOWED")
    assert (await guest.post(SHORTENER, {"url": page(mesh)}, headers=headers)).status_code == 201
