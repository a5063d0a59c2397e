"""One event, one notice per person."""

import asyncio
import uuid
from typing import Any

import grpc
import pytest
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.mesh import Mesh
from mesh.errors import from_call
from tests.channels import inner_channel, refusal, signed
from tests.notify.conftest import EVENING, Recipient, event, inbox
from tests.people import Person


async def test_a_published_event_lies_in_the_inbox(mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person) -> None:
    await notify_inside.Publish(event(to=guest.id))
    [notice] = await inbox(guest)
    assert notice.pop("created").endswith("Z")
    assert notice.pop("link").startswith(f"{mesh.settings.public_url}/s/")
    assert uuid.UUID(notice.pop("id"))
    assert notice == {
        "kind": "booking_status",
        "title": "Accepted: Night of cinema",
        "text": f"Anna accepted you: {EVENING}",
        "read": False,
    }


async def test_an_event_published_many_times_at_once_is_told_once(
    notify_inside: NotifyServiceStub, host: Person, guest: Person
) -> None:
    both = [Recipient(user_id=host.id, host=True), Recipient(user_id=guest.id), Recipient(user_id=guest.id)]
    told = event(recipients=both)
    await asyncio.gather(*(notify_inside.Publish(told) for _ in range(20)))
    assert [len(await inbox(person)) for person in (host, guest)] == [1, 1]


async def test_many_events_at_once_share_the_link_of_their_subject(
    notify_inside: NotifyServiceStub, guest: Person
) -> None:
    for _ in range(20):
        booking_id = str(uuid.uuid4())
        await asyncio.gather(*(notify_inside.Publish(event(to=guest.id, booking_id=booking_id)) for _ in range(10)))
        notices = (await inbox(guest))[:10]
        assert (len(notices), len({notice["link"] for notice in notices})) == (10, 1)


async def test_events_of_one_schedule_version_are_one_notice(notify_inside: NotifyServiceStub, guest: Person) -> None:
    booking_id = str(uuid.uuid4())
    for version in ("1", "1", "2"):
        told = event(to=guest.id, kind="reminder_24h", booking_id=booking_id, schedule_version=version)
        await notify_inside.Publish(told)
    await notify_inside.Publish(event(to=guest.id, schedule_version="2", kind="reminder_24h"))
    assert len(await inbox(guest)) == 3


@pytest.mark.parametrize(
    ("kind", "subject"), [("booking_status", "booking"), ("announcement_cancelled", "announcement")]
)
async def test_a_notice_links_to_its_subject(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person, kind: str, subject: str
) -> None:
    told = event(to=guest.id, kind=kind)
    await notify_inside.Publish(told)
    [notice] = await inbox(guest)
    path = notice["link"].removeprefix(mesh.settings.public_url)
    followed = await guest.get(path)
    identity = told.booking_id if subject == "booking" else told.announcement_id
    assert followed.headers["location"] == f"{mesh.settings.public_url}/app/v1/{subject}/{identity}"


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"title": ""}, {"title"}),
        ({"cause": ""}, {"cause"}),
        ({"cause": "cancelled"}, {"cause"}),
        ({"booking_id": "", "title": ""}, {"booking_id", "title"}),
        ({"kind": "announcement_changed"}, {"changes"}),
        ({"time_zone": "Atlantis/Capital"}, {"time_zone"}),
        ({"time_zone": "../../etc/passwd"}, {"time_zone"}),
        ({"event_id": "no uuid"}, {"event_id"}),
        ({"reason": "x" * 501}, {"reason"}),
    ],
)
async def test_missing_facts_are_named(
    notify_inside: NotifyServiceStub, guest: Person, changes: dict[str, Any], missing: set[str]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await notify_inside.Publish(event(to=guest.id, **changes))
    assert refusal(error.value) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert set(from_call(error.value).fields) == missing


async def test_people_do_not_publish(notify: NotifyServiceStub, sudo: Person) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await notify.Publish(event(to=sudo.id), metadata=signed(sudo))
    assert refusal(error.value) == (grpc.StatusCode.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_the_edge_is_not_a_service(mesh: Mesh, guest: Person) -> None:
    async with inner_channel(mesh, "notify", "envoy") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await NotifyServiceStub(channel).Publish(event(to=guest.id))
    assert refusal(error.value) == (grpc.StatusCode.PERMISSION_DENIED, "ACCESS_DENIED")
