"""What people are told of their accounts."""

import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

import asyncpg
import grpc
import pytest
import pytest_asyncio
from matinee.notify.v1.notify_pb2 import AccountEvent
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.mail import text_of
from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from notify_svc.kinds import ABOUT_ACCOUNTS
from tests.channels import inner_channel, refusal
from tests.mails import sent
from tests.notify.conftest import event, inbox
from tests.people import Person


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def from_auth(mesh: Mesh) -> Any:
    """The service as the auth service sees it."""
    async with inner_channel(mesh, "notify", "auth") as channel:
        yield NotifyServiceStub(channel)


def nobody() -> Person:
    """Somebody whom auth does not know: what is needed comes with the event."""
    empty: Any = None
    return Person(str(uuid.uuid4()), f"{secrets.token_hex(10)}@test.example.com", "", "", empty)


def happened(person: Person, cause: str = "password_forgotten", **changes: Any) -> AccountEvent:
    facts: dict[str, Any] = {
        "event_id": str(uuid.uuid4()),
        "kind": "welcome" if "registered" in cause else "security",
        "user_id": person.id,
        "name": "Maya",
        "address": person.email,
        "language": "en",
        "cause": cause,
        "occurred": datetime.now(UTC),
    }
    return AccountEvent(**{**facts, **changes})


async def test_mail_goes_to_the_address_that_came_with_it(mesh: Mesh, from_auth: NotifyServiceStub) -> None:
    person, link = nobody(), f"https://example.com/#{secrets.token_hex()}"
    await from_auth.PublishAccountEvent(happened(person, link=link))
    [message] = await sent(mesh, person, about_account=True)
    assert message["To"] == f"Maya <{person.email}>"
    assert link in text_of(message, "plain")
    assert f'href="{link}"' in text_of(message, "html")


async def test_mail_is_in_the_language_that_came_with_it(mesh: Mesh, from_auth: NotifyServiceStub) -> None:
    person = nobody()
    await from_auth.PublishAccountEvent(happened(person, "password_changed", language="ru"))
    assert [mail["subject"] for mail in await sent(mesh, person, about_account=True)] == ["Пароль изменён"]


async def test_event_told_again_is_told_once(mesh: Mesh, from_auth: NotifyServiceStub) -> None:
    person = nobody()
    once = happened(person, "password_changed")
    for told in (once, once, happened(person, "password_changed")):
        await from_auth.PublishAccountEvent(told)
    await sent(mesh, person, 2, about_account=True)


async def test_inbox_tells_of_security_without_the_link(from_auth: NotifyServiceStub, guest: Person) -> None:
    secret = secrets.token_hex()
    await from_auth.PublishAccountEvent(happened(guest, link=f"https://example.com/#{secret}"))
    [notice] = await inbox(guest)
    assert (notice["kind"], notice["link"]) == ("security", "")
    assert secret not in str(notice)


async def test_welcome_is_mailed_only(mesh: Mesh, from_auth: NotifyServiceStub, guest: Person) -> None:
    await from_auth.PublishAccountEvent(happened(guest, "already_registered"))
    assert await inbox(guest) == []


async def test_secrets_are_forgotten_when_the_mail_is_gone(mesh: Mesh, from_auth: NotifyServiceStub) -> None:
    person, secret = nobody(), secrets.token_hex()
    await from_auth.PublishAccountEvent(happened(person, link=f"https://example.com/#{secret}"))
    await sent(mesh, person, about_account=True)
    connection = await asyncpg.connect(database_url(mesh.settings, get_service("notify")).replace("+asyncpg", ""))
    # The mail is there a moment before its row says so.
    row = "SELECT d::text || n::text FROM deliveries d JOIN notices n ON n.id = notice_id WHERE d.recipient_id = $1"
    await connection.execute("SELECT 1 FROM deliveries WHERE recipient_id = $1 FOR UPDATE", uuid.UUID(person.id))
    kept = await connection.fetchval(row, uuid.UUID(person.id))
    await connection.close()
    assert secret not in kept
    assert person.email not in kept


@pytest.mark.parametrize("kind", ABOUT_ACCOUNTS)
async def test_evenings_are_not_told_as_accounts(notify_inside: NotifyServiceStub, guest: Person, kind: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await notify_inside.Publish(event(to=guest.id, kind=kind))
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")


async def test_unknown_cause_is_refused(from_auth: NotifyServiceStub, guest: Person) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await from_auth.PublishAccountEvent(happened(guest, "whatever"))
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")


async def test_only_auth_tells_of_accounts(notify_inside: NotifyServiceStub, guest: Person) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await notify_inside.PublishAccountEvent(happened(guest))
    assert refusal(refused.value) == (grpc.StatusCode.PERMISSION_DENIED, "ACCESS_DENIED")
