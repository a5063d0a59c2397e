"""Reading one's notices."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from tests.notify.conftest import event
from tests.people import Person, ok, reason

INBOX = "/notify/v1/inbox"


async def tell(notify_inside: NotifyServiceStub, person: Person, count: int) -> None:
    """Notices number 0 to count - 1, a minute apart."""
    begin = datetime.now(UTC) - timedelta(days=1)
    events = [
        event(to=person.id, title=str(number), occurred=begin + timedelta(minutes=number)) for number in range(count)
    ]
    await asyncio.gather(*(notify_inside.Publish(one) for one in events))


async def test_an_empty_inbox_is_an_empty_list(guest: Person) -> None:
    answer = await guest.get(INBOX)
    assert (ok(answer), answer.headers["x-unread-count"]) == ([], "0")


async def test_notices_come_newest_first_without_gaps(notify_inside: NotifyServiceStub, guest: Person) -> None:
    await tell(notify_inside, guest, 7)
    titles: list[str] = []
    token: str | None = ""
    while token is not None:
        page = await guest.get(f"{INBOX}?page_size=3&page_token={token}")
        titles += [notice["title"].removeprefix("Accepted: ") for notice in ok(page)]
        token = page.headers.get("x-next-page-token")
    assert titles == list("6543210")


async def test_unread_ones_are_counted_and_listed(notify_inside: NotifyServiceStub, guest: Person) -> None:
    await tell(notify_inside, guest, 3)
    newest = ok(await guest.get(INBOX))[0]
    assert ok(await guest.post(f"{INBOX}/{newest['id']}/read"))["read"] is True
    unread = await guest.get(f"{INBOX}?filter[unread]=true&page_size=1")
    assert [notice["title"] for notice in ok(unread)] == ["Accepted: 1"]
    assert unread.headers["x-unread-count"] == "2"
    assert len(ok(await guest.get(INBOX))) == 3


async def test_reading_twice_is_once(notify_inside: NotifyServiceStub, guest: Person) -> None:
    await tell(notify_inside, guest, 1)
    [notice] = ok(await guest.get(INBOX))
    answers = [ok(await guest.post(f"{INBOX}/{notice['id']}/read")) for _ in range(2)]
    assert answers == 2 * [{**notice, "read": True}]


async def test_all_are_read_at_once(notify_inside: NotifyServiceStub, guest: Person, host: Person) -> None:
    await tell(notify_inside, guest, 3)
    await tell(notify_inside, host, 1)
    await asyncio.gather(*(guest.post(f"{INBOX}/read_all") for _ in range(4)))
    counts = [(await person.get(INBOX)).headers["x-unread-count"] for person in (guest, host)]
    assert counts == ["0", "1"]


async def test_a_notice_of_somebody_else_is_not_found(
    notify_inside: NotifyServiceStub, guest: Person, host: Person
) -> None:
    await tell(notify_inside, guest, 1)
    [notice] = ok(await guest.get(INBOX))
    for notice_id in (notice["id"], uuid.uuid4()):
        assert reason(await host.post(f"{INBOX}/{notice_id}/read")) == (404, "NOTICE_NOT_FOUND")
    assert ok(await guest.get(INBOX)) == [notice]


async def test_a_page_token_of_somebody_else_is_refused(
    notify_inside: NotifyServiceStub, guest: Person, host: Person
) -> None:
    await tell(notify_inside, guest, 2)
    token = (await guest.get(f"{INBOX}?page_size=1")).headers["x-next-page-token"]
    assert reason(await host.get(f"{INBOX}?page_token={token}")) == (400, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", f"/{uuid.UUID(int=1)}/read"), ("POST", "/read_all")]
)
async def test_an_inbox_is_not_for_strangers(http: httpx.AsyncClient, method: str, path: str) -> None:
    assert reason(await http.request(method, INBOX + path)) == (401, "TOKEN_MISSING")
