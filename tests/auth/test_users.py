"""Who may see what of whom."""

import uuid
from collections.abc import Awaitable, Callable

import grpc
import httpx
import pytest
from matinee.auth.v1.auth_pb2 import BatchGetUsersRequest, GetUserRequest
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from local.mesh import Mesh
from tests.channels import inner_channel, public_channel, refusal, signed
from tests.people import Person, ok, reason

PROFILE = {"phone_number": "+49 30 5550", "birthday": "1990-02-28", "country": "Germany"}
PRIVATE = ("email", "phone_number", "birthday")
NewPerson = Callable[..., Awaitable[Person]]


async def test_private_fields_are_shown_to_oneself(new_person: NewPerson) -> None:
    person = await new_person(**PROFILE)
    user = ok(await person.get(f"/auth/v1/user_info/{person.id}"))
    assert [user[field] for field in PRIVATE] == [person.email, "+49 30 5550", "1990-02-28"]


async def test_private_fields_are_empty_for_others(new_person: NewPerson, guest: Person) -> None:
    person = await new_person(**PROFILE)
    user = ok(await guest.post(f"/auth/v1/user_info/{person.id}"))
    assert [user[field] for field in (*PRIVATE, "country")] == ["", "", "", "Germany"]


async def test_private_fields_are_shown_to_super(new_person: NewPerson, sudo: Person) -> None:
    person = await new_person(**PROFILE)
    assert ok(await sudo.get(f"/auth/v1/user_info/{person.id}"))["email"] == person.email


async def test_documented_fields_are_all_there(guest: Person) -> None:
    documented = (
        "user_id name last_name email phone_number telegram_name gender country time_zone birthday delivery_type"
    )
    assert set(documented.split()) <= set(ok(await guest.post(f"/auth/v1/user_info/{guest.id}")))


async def test_unknown_user_is_not_found(guest: Person) -> None:
    assert reason(await guest.get(f"/auth/v1/user_info/{uuid.uuid4()}")) == (404, "USER_NOT_FOUND")


async def test_id_must_be_a_uuid(guest: Person) -> None:
    assert reason(await guest.get("/auth/v1/user_info/somebody")) == (400, "INVALID_FIELDS")


async def test_nobody_sees_nothing(http: httpx.AsyncClient, guest: Person) -> None:
    assert (await http.get(f"/auth/v1/user_info/{guest.id}")).status_code == 401


async def test_the_service_that_writes_mails_sees_private_fields(mesh: Mesh, guest: Person) -> None:
    async with inner_channel(mesh, "auth", "notify") as channel:
        assert (await AuthServiceStub(channel).GetUser(GetUserRequest(user_id=guest.id))).email == guest.email


async def test_a_service_gets_many_and_unknown_ones_are_left_out(mesh: Mesh, guest: Person, host: Person) -> None:
    ids = [guest.id, host.id, str(uuid.uuid4()), guest.id]
    async with inner_channel(mesh, "auth", "booking") as channel:
        users = (await AuthServiceStub(channel).BatchGetUsers(BatchGetUsersRequest(user_ids=ids))).users
    assert sorted(user.user_id for user in users) == sorted([guest.id, host.id])


@pytest.mark.parametrize(("service", "sees"), [("notify", True), ("booking", False)])
async def test_of_many_only_the_service_that_writes_mails_sees_private_fields(
    mesh: Mesh, guest: Person, service: str, sees: bool
) -> None:
    async with inner_channel(mesh, "auth", service) as channel:
        found = await AuthServiceStub(channel).BatchGetUsers(BatchGetUsersRequest(user_ids=[guest.id]))
    assert [user.email == guest.email for user in found.users] == [sees]


async def test_a_service_that_is_not_named_sees_what_the_user_it_calls_for_sees(
    mesh: Mesh, guest: Person, host: Person
) -> None:
    async with inner_channel(mesh, "auth", "ugc") as channel:
        user = await AuthServiceStub(channel).GetUser(GetUserRequest(user_id=host.id), metadata=signed(guest))
    assert (user.user_id, user.email) == (host.id, "")


@pytest.mark.parametrize("identity", ["envoy", "developer", "bench", "ugc"])
async def test_who_is_not_named_may_not_get_many(mesh: Mesh, guest: Person, identity: str) -> None:
    async with inner_channel(mesh, "auth", identity) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await AuthServiceStub(channel).BatchGetUsers(
                BatchGetUsersRequest(user_ids=[guest.id]), metadata=signed(guest)
            )
    assert refusal(error.value) == (grpc.StatusCode.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_the_public_port_does_not_give_many(mesh: Mesh, guest: Person) -> None:
    async with public_channel(mesh) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await AuthServiceStub(channel).BatchGetUsers(
                BatchGetUsersRequest(user_ids=[guest.id]), metadata=signed(guest)
            )
    assert refusal(error.value)[0] == grpc.StatusCode.PERMISSION_DENIED
