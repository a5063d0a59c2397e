"""Whose notices, preferences and plans who sees."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from tests.access.conftest import Inside
from tests.notify.conftest import event, inbox
from tests.notify.streaming import STREAM, streaming
from tests.people import Person, ok, reason

OTHERS = ("stranger", "moderator", "super")


@pytest_asyncio.fixture(loop_scope="session")
async def booking(inside_as: Inside) -> AsyncIterator[NotifyServiceStub]:
    """notify as the booking service sees it."""
    yield NotifyServiceStub(inside_as("notify", "booking"))


@pytest_asyncio.fixture(loop_scope="session")
async def notice(booking: NotifyServiceStub, guest: Person) -> Any:
    """What the guest was told."""
    await booking.Publish(event(to=guest.id))
    return (await inbox(guest))[0]


@pytest.mark.parametrize("role", OTHERS)
async def test_a_notice_is_in_no_other_inbox(outsiders: dict[str, Person], notice: Any, role: str) -> None:
    assert notice["id"] not in {each["id"] for each in await inbox(outsiders[role])}


@pytest.mark.parametrize("role", OTHERS)
async def test_a_notice_of_another_does_not_exist(outsiders: dict[str, Person], notice: Any, role: str) -> None:
    answer = await outsiders[role].post(f"/notify/v1/inbox/{notice['id']}/read")
    assert reason(answer) == (404, "NOTICE_NOT_FOUND")


@pytest.mark.parametrize("role", OTHERS)
async def test_reading_all_reads_ones_own(outsiders: dict[str, Person], notice: Any, guest: Person, role: str) -> None:
    ok(await outsiders[role].post("/notify/v1/inbox/read_all"))
    assert [each["read"] for each in await inbox(guest)] == [False]


@pytest.mark.parametrize("role", ["stranger", "moderator"])
async def test_a_stream_tells_ones_own(
    outsiders: dict[str, Person], booking: NotifyServiceStub, guest: Person, role: str
) -> None:
    reader = outsiders[role]
    async with streaming(reader) as stream:
        await booking.Publish(event(to=guest.id, title="Not for you"))
        await booking.Publish(event(to=reader.id, title="For you"))
        await stream.until(1)
        assert stream.titles == ["For you"]


@pytest.mark.parametrize("role", OTHERS)
async def test_a_stream_does_not_go_on_from_anothers_notice(
    outsiders: dict[str, Person], notice: Any, role: str
) -> None:
    answer = await outsiders[role].get(STREAM, params={"last_id": notice["id"]})
    assert reason(answer) == (404, "NOTICE_NOT_FOUND")


async def test_preferences_are_ones_own(guest: Person, stranger: Person) -> None:
    ok(await guest.put("/notify/v1/preferences", {"booking_created": {"email": False}}))
    assert ok(await stranger.get("/notify/v1/preferences"))["booking_created"]["email"] is True


async def test_what_is_planned_is_ones_own(host: Person, stranger: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    planned = {entry["subject"] for entry in ok(await host.get("/notify/v1/plan"))}
    others = {entry["subject"] for entry in ok(await stranger.get("/notify/v1/plan"))}
    assert (announcement["id"] in planned, announcement["id"] in others) == (True, False)


async def test_deliveries_say_to_whom_and_not_what_was_written(
    booking: NotifyServiceStub, guest: Person, moderator: Person
) -> None:
    await booking.Publish(event(to=guest.id, title="Between you and me"))
    rows = ok(await moderator.get("/notify/v1/deliveries", params={"page_size": 100}))
    own = [str(row) for row in rows if row["recipient_id"] == guest.id]
    assert own
    assert [secret for secret in ("Between you and me", guest.email) if any(secret in row for row in own)] == []
