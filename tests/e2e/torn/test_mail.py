"""Every mail arrives, whatever the mail server does and whoever dies meanwhile; one that cannot is not forgotten."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.certificates import ensure_certificates
from local.mesh import Mesh, running_mesh
from local.ports import reserved_block
from tests.channels import inner_channel
from tests.notify.conftest import event, inbox
from tests.people import Person, ok, reason, register
from tests.smtp import HANG, HANG_UP, HANG_UP_AFTERWARDS, LATER, NEVER, PASSWORD, USER, MailServer, PostOffice

DELIVERIES = "/notify/v1/deliveries"
ATTEMPTS = 6


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where the mail server listens."""
    with reserved_block() as block:
        yield block


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mail server's."""
    folder = tmp_path_factory.mktemp("certificates")
    ensure_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def post_office(port: int, certificates: Path) -> Iterator[PostOffice]:
    """The mail server as something that can be stopped and started."""
    office = PostOffice(port, certificates)
    yield office
    office.stop()


@pytest.fixture(scope="module")
def server(post_office: PostOffice) -> MailServer:
    """The mail server as those see it who use it."""
    return post_office.server


@pytest.fixture(scope="module")
def mesh(post_office: PostOffice, certificates: Path) -> Iterator[Mesh]:
    """A mesh that sends its mails there, and is impatient."""
    settings = {
        "SMTP_PORT": str(post_office.port),
        "SMTP_TLS": "starttls",
        "SMTP_CA": str(certificates / "developer" / "ca.crt"),
        "SMTP_USER": USER.decode(),
        "SMTP_PASSWORD": PASSWORD.decode(),
        "SMTP_TIMEOUT": "1",
        "SMTP_RETRY_SECONDS": "0.1",
        "SMTP_ATTEMPTS": str(ATTEMPTS),
    }
    with running_mesh(extra_env=settings) as own:
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def notify(mesh: Mesh) -> AsyncIterator[NotifyServiceStub]:
    """The notify service as the booking service sees it."""
    async with inner_channel(mesh, "notify", "booking") as channel:
        yield NotifyServiceStub(channel)


@pytest_asyncio.fixture
async def reader(http: httpx.AsyncClient, server: MailServer) -> Person:
    """Somebody who gets mails, and has been welcomed."""
    person = await register(http)
    await until(lambda: len(server.mails[person.email]) == 1)
    server.mails.pop(person.email)
    server.tries.pop(person.email)
    return person


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sudo(mesh: Mesh, http: httpx.AsyncClient) -> Person:
    """A moderator."""
    tokens = await asyncio.to_thread(mesh.tokens)
    return Person(tokens["sudo"], "", "", tokens["sudo_access_token"], http)


async def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits for something."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def delivery_of(sudo: Person, person: Person, state: str) -> Any:
    """The only delivery to a person who was welcomed, once it is in this state."""
    deadline = time.monotonic() + 30
    while True:
        rows = ok(await sudo.get(f"{DELIVERIES}?page_size=100"))
        [row] = [row for row in rows if row["recipient_id"] == person.id and row["kind"] != "welcome"]
        if row["state"] == state:
            return row
        assert time.monotonic() < deadline, row
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("faults", "mails"),
    [
        ([LATER], 1),
        ([LATER, HANG_UP, HANG, LATER], 1),
        # Whether it was taken cannot be known, so it is sent again, under the same id.
        ([HANG_UP_AFTERWARDS], 2),
    ],
)
async def test_a_mail_that_is_put_off_comes_later(
    notify: NotifyServiceStub, server: MailServer, sudo: Person, reader: Person, faults: list[str], mails: int
) -> None:
    server.faults[reader.email] += faults
    await notify.Publish(event(to=reader.id))
    row = await delivery_of(sudo, reader, "SENT")
    assert row["attempts"] == len(faults) + 1
    arrived = server.mails[reader.email]
    assert (len(arrived), len({mail["message-id"] for mail in arrived})) == (mails, 1)


async def test_a_mail_that_is_refused_for_good_is_not_tried_again_until_a_moderator_says_so(
    notify: NotifyServiceStub, server: MailServer, sudo: Person, reader: Person
) -> None:
    server.faults[reader.email] += [NEVER]
    await notify.Publish(event(to=reader.id))
    row = await delivery_of(sudo, reader, "DEAD")
    assert (row["attempts"], row["problem"]) == (1, "550 5.1.1 no such mailbox")
    dead = ok(await sudo.get(f"{DELIVERIES}?filter[state]=DEAD"))
    assert row in dead
    assert server.mails[reader.email] == []
    assert ok(await sudo.post(f"{DELIVERIES}/{row['id']}/retry"))["state"] == "PENDING"
    await delivery_of(sudo, reader, "SENT")
    assert len(server.mails[reader.email]) == 1
    assert reason(await sudo.post(f"{DELIVERIES}/{row['id']}/retry")) == (400, "DELIVERY_NOT_DEAD")


async def test_a_mail_that_is_put_off_too_often_is_given_up(
    notify: NotifyServiceStub, server: MailServer, sudo: Person, reader: Person
) -> None:
    server.faults[reader.email] += [LATER] * ATTEMPTS
    await notify.Publish(event(to=reader.id))
    row = await delivery_of(sudo, reader, "DEAD")
    assert (row["attempts"], server.tries[reader.email]) == (ATTEMPTS, ATTEMPTS)
    ok(await sudo.post(f"{DELIVERIES}/{row['id']}/retry"))
    await delivery_of(sudo, reader, "SENT")


async def test_deliveries_are_for_moderators(sudo: Person, reader: Person) -> None:
    for answer in (await reader.get(DELIVERIES), await reader.post(f"{DELIVERIES}/{uuid.uuid4()}/retry")):
        assert reason(answer) == (403, "ACCESS_DENIED")
    assert reason(await sudo.post(f"{DELIVERIES}/{uuid.uuid4()}/retry")) == (404, "DELIVERY_NOT_FOUND")


async def test_nothing_is_lost_when_the_process_is_killed_while_it_sends(
    mesh: Mesh, notify: NotifyServiceStub, server: MailServer, reader: Person
) -> None:
    events = [event(to=reader.id) for _ in range(40)]
    server.open.clear()
    try:
        await asyncio.gather(*(notify.Publish(each) for each in events))
        await until(lambda: server.tries[reader.email] > 0)
        mesh.kill("notify")
    finally:
        server.open.set()
    await until(lambda: server.tries[reader.email] > 10)
    mesh.kill("notify")
    mesh.wait_healthy("notify")
    await until(lambda: len({mail["message-id"] for mail in server.mails[reader.email]}) == len(events))
    # Only what was on its way when the process died may come twice.
    assert len(server.mails[reader.email]) <= len(events) + 2 * 4
    notices = ok(await reader.get("/notify/v1/inbox?page_size=100"))
    ids = {f"<{notice['id']}.0@localhost>" for notice in notices}
    assert {mail["message-id"] for mail in server.mails[reader.email]} == ids


async def test_the_inbox_does_not_need_the_mail_server(
    notify: NotifyServiceStub, post_office: PostOffice, sudo: Person, reader: Person
) -> None:
    post_office.stop()
    try:
        await notify.Publish(event(to=reader.id))
        assert len(await inbox(reader)) == 1
        row = await delivery_of(sudo, reader, "PENDING")
    finally:
        post_office.start()
    row = await delivery_of(sudo, reader, "SENT")
    assert row["attempts"] >= 1


async def test_the_inbox_does_not_need_auth_and_the_mail_waits_for_it(
    mesh: Mesh, notify: NotifyServiceStub, server: MailServer, sudo: Person, reader: Person
) -> None:
    mesh.supervisor.stop("auth")
    try:
        await notify.Publish(event(to=reader.id))
        assert len(await inbox(reader)) == 1
        row = await delivery_of(sudo, reader, "PENDING")
        assert row["attempts"] == 0
    finally:
        mesh.supervisor.start("auth")
        mesh.wait_healthy("auth")
    assert (await delivery_of(sudo, reader, "SENT"))["attempts"] == 1
