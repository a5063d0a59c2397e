"""Whose e-mail address, phone number and birthday who sees."""

from collections.abc import Mapping

import grpc
import pytest
import pytest_asyncio
from matinee.auth.v1.auth_pb2 import GetUserRequest, User
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from local.services import NAMES
from tests.access.callers import NOT_SERVICES
from tests.access.conftest import Inside
from tests.channels import signed
from tests.people import Person, ok, register

SECRETS = {"phone_number": "+49 30 5550", "birthday": "1990-02-28"}


@pytest_asyncio.fixture(loop_scope="session")
async def owner(stranger: Person) -> Person:
    """Somebody with something to hide."""
    return await register(stranger.http, **SECRETS)


def private(user: User) -> dict[str, str]:
    """What others must not know."""
    return {"email": user.email, "phone_number": user.phone_number, "birthday": user.birthday}


def hidden(user: Mapping[str, str]) -> bool:
    """Whether a profile in JSON tells nothing private."""
    return not any(user[field] for field in ("email", "phone_number", "birthday"))


async def test_oneself_sees_them(owner: Person) -> None:
    user = ok(await owner.get(f"/auth/v1/user_info/{owner.id}"))
    assert {field: user[field] for field in ("email", *SECRETS)} == {"email": owner.email, **SECRETS}


@pytest.mark.parametrize("role", ["stranger", "moderator"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_others_do_not(owner: Person, outsiders: dict[str, Person], role: str, method: str) -> None:
    assert hidden(ok(await outsiders[role].call(method, f"/auth/v1/user_info/{owner.id}")))


async def test_super_sees_them(owner: Person, sudo: Person) -> None:
    assert ok(await sudo.get(f"/auth/v1/user_info/{owner.id}"))["email"] == owner.email


async def test_others_do_not_by_grpc(edge: grpc.aio.Channel, owner: Person, stranger: Person) -> None:
    user = await AuthServiceStub(edge).GetUser(GetUserRequest(user_id=owner.id), metadata=signed(stranger))
    assert private(user) == dict.fromkeys(private(user), "")


async def test_no_public_answer_about_an_evening_holds_them(
    owner: Person, stranger: Person, film: dict[str, str]
) -> None:
    announcement = await owner.announce(film["id"])
    booking = await stranger.apply(announcement)
    ok(await owner.decide(booking, True))
    pages = [f"/app/v1/announcement/{announcement['id']}", f"/app/v1/booking/{booking['id']}", "/app/v1/bookings"]
    told = "".join([(await stranger.get(page)).text for page in pages])
    assert [secret for secret in (owner.email, *SECRETS.values()) if secret in told] == []


async def test_members_of_a_group_are_ids_alone(stranger: Person) -> None:
    members = ok(await stranger.get("/auth/v1/user_group/hosts"))
    assert {len(member) for member in members} == {36}


async def test_the_service_that_writes_mails_sees_them(inside_as: Inside, owner: Person) -> None:
    user = await AuthServiceStub(inside_as("auth", "notify")).GetUser(GetUserRequest(user_id=owner.id))
    assert user.email == owner.email


@pytest.mark.parametrize("certificate", sorted({*NAMES, *NOT_SERVICES} - {"notify"}))
async def test_no_other_certificate_shows_them(
    inside_as: Inside, owner: Person, stranger: Person, certificate: str
) -> None:
    stub = AuthServiceStub(inside_as("auth", certificate))
    user = await stub.GetUser(GetUserRequest(user_id=owner.id), metadata=signed(stranger))
    assert private(user) == dict.fromkeys(private(user), "")
