"""One event, one notice per person, in words that suit his side."""

import asyncio
import uuid
from typing import Any

import grpc
import pytest
from matinee.notify.v1.notify_pb2 import Change
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.mesh import Mesh
from mesh.errors import from_call
from tests.channels import inner_channel, refusal, signed
from tests.notify.conftest import Recipient, event
from tests.people import Person, ok

EVENING = "'Night of cinema', Fri 27 Nov 2026 19:00 (Europe/Berlin)"
FILM = "\nFilm: Metropolis"


async def inbox(person: Person) -> list[Any]:
    return list(ok(await person.get("/notify/v1/inbox")))


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


@pytest.mark.parametrize(
    ("kind", "cause", "for_guest", "for_host"),
    [
        ("announcement_published", "", f"Anna announced {{}}{FILM}", f"Your evening is published: {{}}{FILM}"),
        ("announcement_cancelled", "", "Anna called off {}", "Your evening was called off: {}"),
        ("booking_created", "", "You applied for {}", "Boris applied for {}"),
        ("booking_created", "applied", "You applied for {}", "Boris applied for {}"),
        ("booking_created", "accepted", "You have a place at {}", "Boris booked a place at {}"),
        ("booking_status", "accepted", "Anna accepted you: {}", "You accepted Boris: {}"),
        ("booking_status", "declined", "Anna declined your application: {}", "You declined Boris: {}"),
        ("booking_status", "revoked", "Anna took your place back: {}", "You took the place of Boris back: {}"),
        ("booking_status", "withdrawn", "You withdrew: {}", "Boris withdrew: {}"),
        ("booking_status", "returned", "You applied again: {}", "Boris applied again: {}"),
    ],
)  # fmt: skip
async def test_each_side_is_told_in_its_own_words(
    notify_inside: NotifyServiceStub,
    host: Person,
    guest: Person,
    kind: str,
    cause: str,
    for_guest: str,
    for_host: str,
) -> None:
    both = [Recipient(user_id=host.id, host=True), Recipient(user_id=guest.id)]
    await notify_inside.Publish(event(kind=kind, cause=cause, recipients=both))
    told = [(await inbox(person))[0]["text"] for person in (guest, host)]
    assert told == [for_guest.format(EVENING), for_host.format(EVENING)]


async def test_changes_are_listed_with_before_and_after(notify_inside: NotifyServiceStub, guest: Person) -> None:
    changes = [
        Change(field="event_time", before="2026-11-27T18:00:00+00:00", after="2026-11-28T19:30:00Z"),
        Change(field="event_location", before="Kino 1", after="Kino <2>"),
        Change(field="description", before="", after="Two\nlines"),
        Change(field="sub_only", before="False", after="True"),
    ]
    await notify_inside.Publish(event(to=guest.id, kind="announcement_changed", changes=changes))
    [notice] = await inbox(guest)
    assert notice["text"] == (
        f"Anna changed {EVENING}\n"
        "- time: Fri 27 Nov 2026 19:00 (Europe/Berlin) → Sat 28 Nov 2026 20:30 (Europe/Berlin)\n"
        "- place: Kino 1 → Kino <2>\n"
        "- description: nothing → Two lines\n"
        "- for followers only: no → yes"
    )


@pytest.mark.parametrize(
    ("cause", "for_guest", "for_host"),
    [
        ("accepted", "The host accepted you: {}", "You accepted a guest: {}"),
        ("withdrawn", "You withdrew: {}", "A guest withdrew: {}"),
    ],
)
async def test_a_name_that_nobody_could_tell_is_written_around(
    notify_inside: NotifyServiceStub, host: Person, guest: Person, cause: str, for_guest: str, for_host: str
) -> None:
    both = [Recipient(user_id=host.id, host=True), Recipient(user_id=guest.id)]
    await notify_inside.Publish(event(recipients=both, cause=cause, author_name="", guest_name="", movie_title=""))
    told = [(await inbox(person))[0]["text"] for person in (guest, host)]
    assert told == [for_guest.format(EVENING), for_host.format(EVENING)]


async def test_a_title_comes_back_as_it_went_in_but_on_one_line(
    notify_inside: NotifyServiceStub, guest: Person
) -> None:
    await notify_inside.Publish(event(to=guest.id, title="<i>Ночь</i> {host} %s\r\n& more", author_name="{title}"))
    [notice] = await inbox(guest)
    assert notice["title"] == "Accepted: <i>Ночь</i> {host} %s & more"
    assert notice["text"].startswith("{title} accepted you: '<i>Ночь</i> {host} %s & more', ")


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
    booking_id = str(uuid.uuid4())
    await asyncio.gather(*(notify_inside.Publish(event(to=guest.id, booking_id=booking_id)) for _ in range(10)))
    notices = await inbox(guest)
    assert (len(notices), len({notice["link"] for notice in notices})) == (10, 1)


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
        ({"cause": "promoted"}, {"cause"}),
        ({"booking_id": "", "title": ""}, {"booking_id", "title"}),
        ({"kind": "announcement_changed"}, {"changes"}),
        ({"time_zone": "Atlantis/Capital"}, {"time_zone"}),
        ({"time_zone": "../../etc/passwd"}, {"time_zone"}),
        ({"event_id": "no uuid"}, {"event_id"}),
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
