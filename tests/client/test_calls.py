"""What the client adds to a call, at a server that is made to fail."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from matinee.auth.v1.auth_pb2 import GetUserRequest, LoginRequest, RefreshRequest, Tokens
from matinee.auth.v1.auth_pb2_grpc import AuthServiceServicer, add_AuthServiceServicer_to_server
from matinee.booking.v1.booking_pb2 import (
    BookingDetail,
    CreateBookingRequest,
    GetBookingRequest,
    ListAnnouncementsRequest,
    UpdateBookingRequest,
)
from matinee.booking.v1.booking_pb2_grpc import BookingServiceServicer, add_BookingServiceServicer_to_server
from matinee.notify.v1.notify_pb2 import StreamNoticesRequest
from matinee_client import DeadlineExceeded, InvalidArgument, Matinee, NotFound, Unauthenticated, Unavailable, pages

from local.mesh import Mesh
from tests.people import Person

Context = grpc.aio.ServicerContext[Any, Any]


class Failing(BookingServiceServicer):
    """Is away for some calls, or never answers; remembers what was asked."""

    def __init__(self) -> None:
        self.away = 0
        self.keys: list[str] = []
        self.tokens: list[object] = []

    async def CreateBooking(self, request: CreateBookingRequest, context: Context) -> BookingDetail:
        self.keys.append(request.idempotency_key)
        self.tokens.append(dict(context.invocation_metadata() or ()).get("authorization"))
        if self.away:
            self.away -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return BookingDetail(id="booked")

    async def GetBooking(self, request: GetBookingRequest, context: Context) -> BookingDetail:
        await asyncio.Event().wait()
        return BookingDetail()


class Away(AuthServiceServicer):
    """Lets everybody in, and is away when a token is to be renewed."""

    async def Login(self, request: LoginRequest, context: Context) -> Tokens:
        return Tokens(access_token="first", refresh_token="second", expires_in=900)

    async def Refresh(self, request: RefreshRequest, context: Context) -> Tokens:
        await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")


@pytest_asyncio.fixture
async def failing() -> AsyncIterator[tuple[Failing, Matinee]]:
    """Such a server, and a client of it."""
    servicer, server = Failing(), grpc.aio.server()  # type: ignore[abstract]
    add_BookingServiceServicer_to_server(servicer, server)
    add_AuthServiceServicer_to_server(Away(), server)  # type: ignore[abstract]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with Matinee(f"127.0.0.1:{port}", tls=False, deadline=5) as matinee:
        yield servicer, matinee
    await server.stop(None)


@pytest_asyncio.fixture
async def matinee(mesh: Mesh) -> AsyncIterator[Matinee]:
    """A client of the mesh, nobody's."""
    async with Matinee(f"127.0.0.1:{mesh.settings.edge_port}", tls=False) as client:
        yield client


async def test_a_write_is_repeated_with_the_same_key(failing: tuple[Failing, Matinee]) -> None:
    servicer, client = failing
    servicer.away = 2
    assert (await client.booking.CreateBooking(CreateBookingRequest(announcement_id="x"))).id == "booked"
    assert len(servicer.keys) == 3
    assert len({*servicer.keys}) == 1
    assert servicer.keys[0]


async def test_two_writes_have_two_keys(failing: tuple[Failing, Matinee]) -> None:
    servicer, client = failing
    request = CreateBookingRequest(announcement_id="x")
    await asyncio.gather(client.booking.CreateBooking(request), client.booking.CreateBooking(request))
    assert len({*servicer.keys}) == 2


async def test_a_key_of_the_callers_own_stays(failing: tuple[Failing, Matinee]) -> None:
    servicer, client = failing
    await client.booking.CreateBooking(CreateBookingRequest(announcement_id="x", idempotency_key="mine"))
    assert servicer.keys == ["mine"]


async def test_who_stays_away_is_given_up(failing: tuple[Failing, Matinee]) -> None:
    servicer, client = failing
    servicer.away = 100
    with pytest.raises(Unavailable):
        await client.booking.CreateBooking(CreateBookingRequest(announcement_id="x"))
    assert len(servicer.keys) == 4


async def test_who_never_answers_is_not_waited_for(failing: tuple[Failing, Matinee]) -> None:
    _, client = failing
    with pytest.raises(DeadlineExceeded):
        await client.booking.GetBooking(GetBookingRequest(booking_id="x"), timeout=0.2)


async def test_a_refusal_has_its_reason_and_the_id_to_ask_for_help_with(matinee: Matinee, guest: Person) -> None:
    await matinee.sign_in(guest.email, guest.password)
    with pytest.raises(NotFound) as refusal:
        await matinee.booking.GetBooking(GetBookingRequest(booking_id=str(uuid4())))
    assert refusal.value.reason == "BOOKING_NOT_FOUND"
    assert refusal.value.request_id


async def test_a_bad_field_is_named(matinee: Matinee, guest: Person) -> None:
    await matinee.sign_in(guest.email, guest.password)
    with pytest.raises(InvalidArgument) as refusal:
        await matinee.booking.UpdateBooking(UpdateBookingRequest(booking_id="no uuid", my_status=True))
    assert [*refusal.value.fields] == ["booking_id"]


async def test_a_stream_is_refused_alike(matinee: Matinee) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        async for _ in matinee.notify.StreamNotices(StreamNoticesRequest()):
            pass
    assert refusal.value.reason == "TOKEN_MISSING"


async def test_a_wrong_password_is_refused(matinee: Matinee, guest: Person) -> None:
    with pytest.raises(Unauthenticated):
        await matinee.sign_in(guest.email, "not the password")


async def test_who_signed_out_is_nobody(matinee: Matinee, guest: Person) -> None:
    await matinee.sign_in(guest.email, guest.password)
    await matinee.sign_out()
    with pytest.raises(Unauthenticated):
        await matinee.auth.GetUser(GetUserRequest(user_id=guest.id))


async def test_a_token_that_is_given_is_used(mesh: Mesh, guest: Person) -> None:
    async with Matinee(f"127.0.0.1:{mesh.settings.edge_port}", tls=False, token=guest.token) as client:
        assert (await client.auth.GetUser(GetUserRequest(user_id=guest.id))).email == guest.email


async def test_many_calls_renew_an_old_token_once(
    matinee: Matinee, guest: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await matinee.sign_in(guest.email, guest.password)
    before = await matinee.session.token()
    monkeypatch.setattr("matinee_client.session.monotonic", lambda: monotonic() + 3600)
    asked = GetUserRequest(user_id=guest.id)
    users = await asyncio.gather(*(matinee.auth.GetUser(asked) for _ in range(20)))
    assert {user.email for user in users} == {guest.email}
    after = await matinee.session.token()
    assert after != before
    # A refresh token that was used twice would have ended the session.
    monkeypatch.setattr("matinee_client.session.monotonic", lambda: monotonic() + 7200)
    assert await matinee.session.token() != after


async def test_a_token_is_used_to_its_end_while_nobody_renews_it(
    failing: tuple[Failing, Matinee], monkeypatch: pytest.MonkeyPatch
) -> None:
    servicer, client = failing
    await client.sign_in("maya@example.com", "a long password")
    monkeypatch.setattr("matinee_client.session.monotonic", lambda: monotonic() + 850)
    await client.booking.CreateBooking(CreateBookingRequest(announcement_id="x"))
    assert servicer.tokens == ["Bearer first"]


async def test_pages_follow_each_other_until_the_last(matinee: Matinee, host: Person, film: Any) -> None:
    evenings = [await host.announce(film["id"]) for _ in range(5)]
    await matinee.sign_in(host.email, host.password)
    wanted = ListAnnouncementsRequest(filter=ListAnnouncementsRequest.Filter(author=host.id), page_size=2)
    found = [page.announcements async for page in pages(matinee.booking.ListAnnouncements, wanted)]
    assert sorted(row.id for rows in found for row in rows) == sorted(evening["id"] for evening in evenings)
    assert len(found) > 2
    assert wanted.page_token == ""
