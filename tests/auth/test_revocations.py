"""Where one is signed in, and that an ended session's tokens end with it, everywhere."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import httpx
import pytest
from matinee.auth.v1.auth_pb2 import ListRevocationsRequest
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from local.mesh import Mesh
from tests.auth.signing import login, refresh, until_revoked
from tests.channels import inner_channel, public_channel, refusal
from tests.e2e.faults import until
from tests.notify.streaming import streaming
from tests.people import Person, ok, reason

PATH = "/auth/v1/sessions"
EVERYWHERE = {
    "auth": "/auth/v1/sessions",
    "movie": "/movie_api/v1/movies",
    "ugc": "/ugc/v1/followers/f55291b9-c09d-405b-b025-36f26c887905",
    "booking": "/app/v1/bookings",
    "notify": "/notify/v1/inbox",
}


async def again(person: Person, **headers: str) -> Person:
    """The same person at another client."""
    given = await login(person, **headers)
    return Person(person.id, person.email, person.password, given.access, person.http)


async def sessions(person: Person) -> list[Any]:
    return list(ok(await person.get(PATH)))


async def test_sessions_are_listed_last_used_first(guest: Person) -> None:
    phone = await again(guest, **{"user-agent": "Phone/1"})
    laptop = await again(guest, **{"user-agent": "Laptop/2"})
    listed = await sessions(phone)
    assert [each["user_agent"] for each in listed[:2]] == ["Laptop/2", "Phone/1"]
    assert [each["current"] for each in listed] == [False, True, False]
    assert {each["id"] for each in await sessions(laptop)} == {each["id"] for each in listed}


async def test_session_tells_of_its_last_use(guest: Person) -> None:
    given = await login(guest, **{"user-agent": "Phone/1"})
    ok(await refresh(guest, given.refresh, **{"user-agent": "Phone/2" + "x" * 1000}))
    [session] = [each for each in await sessions(guest) if each["id"] == given.session]
    assert session["user_agent"].startswith("Phone/2x")
    assert len(session["user_agent"]) <= 256
    assert session["create_time"] < session["refresh_time"] < session["expire_time"]


async def test_nobody_sees_the_sessions_of_another(guest: Person, host: Person) -> None:
    assert {each["id"] for each in await sessions(host)}.isdisjoint({each["id"] for each in await sessions(guest)})


@pytest.mark.parametrize("service", EVERYWHERE)
async def test_ended_session_is_refused_everywhere(guest: Person, service: str) -> None:
    other = await again(guest)
    # Every process has seen the token, and remembers that it is good.
    ok(await other.get(EVERYWHERE[service]))
    given = await login(guest)
    [session] = [each["id"] for each in await sessions(other) if each["current"]]
    assert session != given.session
    assert ok(await guest.delete(f"{PATH}/{session}")) == {}
    await until_revoked(other, EVERYWHERE[service])
    ok(await guest.get(EVERYWHERE[service]))


async def test_ended_session_cannot_be_refreshed(guest: Person) -> None:
    given = await login(guest)
    ok(await guest.delete(f"{PATH}/{given.session}"))
    assert reason(await refresh(guest, given.refresh)) == (401, "REFRESH_TOKEN_INVALID")


async def test_logout_ends_the_access_token(guest: Person, http: httpx.AsyncClient) -> None:
    given = await login(guest)
    ok(await http.post("/auth/v1/logout/", json={"refresh_token": given.refresh}))
    guest.token = given.access
    await until_revoked(guest)


async def test_copied_refresh_token_ends_the_access_token(guest: Person) -> None:
    given = await login(guest)
    second = ok(await refresh(guest, given.refresh))
    third = ok(await refresh(guest, second["refresh_token"]))
    await refresh(guest, given.refresh)
    guest.token = third["access_token"]
    await until_revoked(guest)


async def test_native_callers_are_refused_too(mesh: Mesh, guest: Person) -> None:
    ok(await guest.delete(f"{PATH}/{(await login(guest)).session}"))
    other = await again(guest)
    ok(await guest.delete(PATH))
    await until_revoked(other, EVERYWHERE["booking"])
    async with public_channel(mesh) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await BookingServiceStub(channel).ListBookings(
                booking_pb2.ListBookingsRequest(), metadata=[("authorization", f"Bearer {other.token}")]
            )
    assert refusal(refused.value)[1] == "TOKEN_REVOKED"


async def test_live_stream_ends_with_its_session(guest: Person) -> None:
    other = await again(guest)
    async with streaming(other) as stream:
        ok(await guest.delete(PATH))

        async def ended() -> bool:
            return stream.ended

        await until(ended, "the stream ends", 10)


async def test_all_others_end_and_the_one_that_calls_goes_on(guest: Person) -> None:
    others = [await again(guest) for _ in range(3)]
    ok(await guest.delete(PATH))
    assert [each["current"] for each in await sessions(guest)] == [True]
    for other in others:
        await until_revoked(other)


async def test_nobody_ends_the_session_of_another(guest: Person, host: Person) -> None:
    [session] = await sessions(host)
    assert ok(await guest.delete(f"{PATH}/{session['id']}")) == {}
    assert len(await sessions(host)) == 1


async def test_ending_an_ended_session_is_no_error(guest: Person) -> None:
    session = (await login(guest)).session
    for _ in range(2):
        ok(await guest.delete(f"{PATH}/{session}"))


async def test_what_ended_so_long_ago_that_its_tokens_have_expired_is_not_listed(
    mesh: Mesh, guest: Person, database: "asyncpg.Connection"
) -> None:
    fresh, old = (await login(guest)).session, str(uuid4())
    ok(await guest.delete(f"{PATH}/{fresh}"))
    await database.execute("INSERT INTO revocations VALUES ($1, now() - interval '17 minutes')", old)
    async with inner_channel(mesh, "auth", "booking") as channel:
        listed = (await AuthServiceStub(channel).ListRevocations(ListRevocationsRequest())).revocations
    assert {fresh, old} & {each.session_id for each in listed} == {fresh}


async def test_of_too_many_sessions_the_one_unused_for_longest_ends(
    guest: Person, database: "asyncpg.Connection"
) -> None:
    await database.execute(
        """INSERT INTO sessions (user_id, family_hash, live_hashes, create_time, refresh_time, expire_time)
        SELECT $1, sha256(gen_random_uuid()::text::bytea), ARRAY['x'::bytea], now(), now() - n * interval '1 hour',
            now() + interval '1 day' FROM generate_series(1, 49) n""",
        guest.id,
    )
    oldest = (await sessions(guest))[-1]["id"]
    await asyncio.gather(*(login(guest) for _ in range(3)))
    listed = [each["id"] for each in await sessions(guest)]
    assert (len(listed), oldest in listed) == (50, False)
