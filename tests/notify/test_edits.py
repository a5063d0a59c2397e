"""Edits that follow each other closely are one notice."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from matinee.notify.v1.notify_pb2 import Change, PublishRequest
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.mail import text_of
from local.mesh import Mesh
from tests.mails import mails, sent
from tests.notify.conftest import EVENING, event, inbox
from tests.people import Person, ok

BEGAN = datetime.now(UTC).replace(microsecond=0)


def edit(to: Person, announcement_id: str, seconds: float, *changes: tuple[str, str, str]) -> PublishRequest:
    """An edit some seconds after the first."""
    listed = [Change(field=field, before=before, after=after) for field, before, after in changes]
    facts: dict[str, Any] = {"announcement_id": announcement_id, "booking_id": "", "changes": listed}
    return event(to=to.id, kind="announcement_changed", occurred=BEGAN + timedelta(seconds=seconds), **facts)


async def test_edits_within_two_minutes_are_one_notice_of_all_changes(
    notify_inside: NotifyServiceStub, guest: Person
) -> None:
    subject = str(uuid.uuid4())
    await notify_inside.Publish(edit(guest, subject, 0, ("city", "Berlin", "Bonn"), ("title", "A", "B")))
    await notify_inside.Publish(edit(guest, subject, 60, ("city", "Bonn", "Köln"), ("tickets_count", "2", "3")))
    [notice] = await inbox(guest)
    assert notice["text"] == f"Anna changed {EVENING}\n- city: Berlin → Köln\n- title: A → B\n- places: 2 → 3"


async def test_an_edit_after_two_minutes_is_told_by_itself(notify_inside: NotifyServiceStub, guest: Person) -> None:
    subject = str(uuid.uuid4())
    for seconds, city in ((0, "Bonn"), (119, "Köln"), (121, "Mainz")):
        await notify_inside.Publish(edit(guest, subject, seconds, ("city", "", city)))
    assert [notice["text"].rpartition(" ")[2] for notice in await inbox(guest)] == ["Mainz", "Köln"]


async def test_what_is_told_anew_is_unread_again(notify_inside: NotifyServiceStub, guest: Person) -> None:
    subject = str(uuid.uuid4())
    await notify_inside.Publish(edit(guest, subject, 0, ("city", "Berlin", "Bonn")))
    ok(await guest.post("/notify/v1/inbox/read_all"))
    await notify_inside.Publish(edit(guest, subject, 5, ("city", "Bonn", "Köln")))
    assert [notice["read"] for notice in await inbox(guest)] == [False]


async def test_a_change_that_is_taken_back_drops_out(notify_inside: NotifyServiceStub, guest: Person) -> None:
    subject = str(uuid.uuid4())
    await notify_inside.Publish(edit(guest, subject, 0, ("city", "Berlin", "Bonn"), ("title", "A", "B")))
    await notify_inside.Publish(edit(guest, subject, 1, ("city", "Bonn", "Berlin")))
    assert [notice["text"] for notice in await inbox(guest)] == [f"Anna changed {EVENING}\n- title: A → B"]
    await notify_inside.Publish(edit(guest, subject, 2, ("title", "B", "A")))
    assert [notice["text"] for notice in await inbox(guest)] == [f"Anna changed {EVENING} and then changed it back"]


async def test_edits_that_arrive_out_of_order_and_again_are_told_in_order(
    notify_inside: NotifyServiceStub, guest: Person
) -> None:
    subject = str(uuid.uuid4())
    edits = [
        edit(guest, subject, number, ("city", f"city {number}", f"city {number + 1}"), (f"field_{number}", "", "x"))
        for number in range(6)
    ]
    await asyncio.gather(*(notify_inside.Publish(one) for one in (*edits[::-1], *edits)))
    [notice] = await inbox(guest)
    lines = sorted(notice["text"].splitlines()[1:])
    assert lines == ["- city: city 0 → city 6", *(f"- field {number}: nothing → x" for number in range(6))]


async def test_edits_of_another_evening_are_told_by_themselves(notify_inside: NotifyServiceStub, guest: Person) -> None:
    for _ in range(2):
        await notify_inside.Publish(edit(guest, str(uuid.uuid4()), 0, ("city", "", "Bonn")))
    assert len(await inbox(guest)) == 2


async def test_edits_are_one_mail_when_no_other_can_follow(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    subject, began = str(uuid.uuid4()), (datetime.now(UTC) - BEGAN).total_seconds() - 116
    await notify_inside.Publish(edit(guest, subject, began, ("city", "Berlin", "Bonn")))
    await notify_inside.Publish(edit(guest, subject, began + 1, ("city", "Bonn", "Köln")))
    assert mails(mesh, guest) == []
    [mail] = await sent(mesh, guest)
    assert "- city: Berlin → Köln" in text_of(mail)


async def test_an_edit_that_arrives_when_the_mail_is_gone_is_another_mail(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    subject, began = str(uuid.uuid4()), (datetime.now(UTC) - BEGAN).total_seconds() - 180
    await notify_inside.Publish(edit(guest, subject, began, ("city", "Berlin", "Bonn")))
    await sent(mesh, guest)
    await notify_inside.Publish(edit(guest, subject, began + 1, ("city", "Bonn", "Köln")))
    first, second = await sent(mesh, guest, 2)
    assert "- city: Berlin → Köln" in text_of(second)
    assert second["message-id"] == first["message-id"].replace(".0@", ".1@")


async def test_edits_that_leave_all_as_it_was_are_no_mail(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    subject, began = str(uuid.uuid4()), (datetime.now(UTC) - BEGAN).total_seconds() - 116
    await notify_inside.Publish(edit(guest, subject, began, ("city", "Berlin", "Bonn")))
    await notify_inside.Publish(edit(guest, subject, began + 1, ("city", "Bonn", "Berlin")))
    await notify_inside.Publish(edit(guest, str(uuid.uuid4()), began + 2, ("city", "", "Mainz")))
    [mail] = await sent(mesh, guest)
    assert "Mainz" in text_of(mail)
