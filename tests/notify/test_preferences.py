"""People say where they are told of what."""

import base64

import httpx
import pytest
from matinee.notify.v1 import notify_pb2
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.mesh import Mesh
from notify_svc.kinds import KINDS
from tests.mails import mails, sent
from tests.notify.conftest import event, inbox
from tests.people import Person, ok, reason

PREFERENCES = "/notify/v1/preferences"
BOTH = {"inbox": True, "email": True}
USUAL = {**dict.fromkeys(KINDS, BOTH), "welcome": {"inbox": False, "email": True}, "security": BOTH}


@pytest.mark.parametrize("channel", ["security.inbox", "security.email", "welcome.email"])
async def test_what_tells_of_an_account_cannot_be_switched_off(guest: Person, channel: str) -> None:
    kind, _, name = channel.partition(".")
    answer = await guest.put(PREFERENCES, {kind: {name: False}})
    assert reason(answer) == (400, "INVALID_FIELDS")
    assert channel in answer.text


async def test_every_kind_comes_both_ways_until_one_says_otherwise(guest: Person) -> None:
    assert ok(await guest.get(PREFERENCES)) == USUAL


async def test_what_is_not_given_stays(guest: Person) -> None:
    ok(await guest.put(PREFERENCES, {"booking_status": {"inbox": False}, "evening_over": {"email": False}}))
    answer = ok(await guest.put(PREFERENCES, {"booking_status": {"email": False}}))
    wanted = {"booking_status": {"inbox": False, "email": False}, "evening_over": {"inbox": True, "email": False}}
    assert answer == ok(await guest.get(PREFERENCES)) == {**USUAL, **wanted}


async def test_what_must_not_be_switched_off_is_named_and_nothing_changes(guest: Person) -> None:
    off = {"inbox": False, "email": False}
    answer = await guest.put(PREFERENCES, {"booking_created": off, "announcement_cancelled": off})
    assert reason(answer) == (400, "INVALID_FIELDS")
    assert "announcement_cancelled.inbox" in answer.text
    assert ok(await guest.get(PREFERENCES))["booking_created"] == BOTH


async def test_no_mail_of_a_kind_that_is_switched_off(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    ok(await guest.put(PREFERENCES, {"booking_status": {"email": False}}))
    await notify_inside.Publish(event(to=guest.id))
    await notify_inside.Publish(event(to=guest.id, kind="booking_created", cause="applied"))
    assert [mail["subject"] for mail in await sent(mesh, guest)] == ["Applied: Night of cinema"]
    assert len(await inbox(guest)) == 2


async def test_what_is_switched_off_in_the_inbox_is_mailed_only(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    ok(await guest.put(PREFERENCES, {"booking_status": {"inbox": False}}))
    await notify_inside.Publish(event(to=guest.id))
    await sent(mesh, guest)
    answer = await guest.get("/notify/v1/inbox")
    assert (ok(answer), answer.headers["x-unread-count"]) == ([], "0")


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_preferences_are_not_for_strangers(http: httpx.AsyncClient, method: str) -> None:
    assert reason(await http.request(method, PREFERENCES, json={})) == (401, "TOKEN_MISSING")


async def link(mesh: Mesh, notify_inside: NotifyServiceStub, person: Person) -> str:
    """The path of the link that ends mails about bookings."""
    await notify_inside.Publish(event(to=person.id))
    [mail] = await sent(mesh, person)
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    return str(mail["list-unsubscribe"]).strip("<>").removeprefix(mesh.settings.public_url)


async def test_looking_at_the_link_changes_nothing(
    mesh: Mesh, notify_inside: NotifyServiceStub, http: httpx.AsyncClient, guest: Person
) -> None:
    answer = await http.get(await link(mesh, notify_inside, guest))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<form method="post">' in answer.text
    assert ok(await guest.get(PREFERENCES))["booking_status"] == BOTH


@pytest.mark.parametrize("body", [b"List-Unsubscribe=One-Click", b""])
async def test_one_click_ends_the_mails_of_the_kind_and_no_others(
    mesh: Mesh, notify_inside: NotifyServiceStub, http: httpx.AsyncClient, guest: Person, body: bytes
) -> None:
    path = await link(mesh, notify_inside, guest)
    form = {"content-type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        answer = await http.post(path, content=body, headers=form)
        assert answer.status_code == 200, answer.text
    wanted = {"booking_status": {"inbox": True, "email": False}}
    assert ok(await guest.get(PREFERENCES)) == {**USUAL, **wanted}
    await notify_inside.Publish(event(to=guest.id))
    await notify_inside.Publish(event(to=guest.id, kind="announcement_published"))
    assert len(await sent(mesh, guest, 2)) == 2
    assert "New evening" in mails(mesh, guest)[1]["subject"]


async def test_a_link_that_we_did_not_sign_does_nothing(
    mesh: Mesh, notify_inside: NotifyServiceStub, http: httpx.AsyncClient, guest: Person, host: Person
) -> None:
    path = await link(mesh, notify_inside, guest)
    token = path.rpartition("=")[2]
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    other_kind = raw[:16] + int(notify_pb2.evening_over).to_bytes(2) + raw[18:]
    other_person = bytes(16) + raw[16:]
    forged = [
        base64.urlsafe_b64encode(each).decode().rstrip("=") for each in (other_kind, other_person, raw[:20], raw + b"x")
    ]
    for each in (*forged, token[:-2] + "AA", "x", "%D1%8F"):
        for method in ("GET", "POST"):
            answer = await http.request(method, f"/notify/v1/unsubscribe?token={each}")
            assert reason(answer) == (404, "LINK_NOT_FOUND"), each
    assert ok(await guest.get(PREFERENCES)) == USUAL


async def test_the_link_is_no_token(
    mesh: Mesh, notify_inside: NotifyServiceStub, http: httpx.AsyncClient, guest: Person
) -> None:
    token = (await link(mesh, notify_inside, guest)).rpartition("=")[2]
    answer = await http.get("/notify/v1/inbox", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401
