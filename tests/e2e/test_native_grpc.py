"""Callers who speak gRPC at the public port: typed stubs, reflection, health, and browsers with gRPC-Web."""

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from local.mesh import Mesh
from mesh.members import STREAMS
from tests.channels import public_channel, refusal, signed
from tests.e2e.faults import until
from tests.people import Person, some_time

SERVICES = {
    f"matinee.{name}.v1.{name.title()}Service" for name in ("auth", "movie", "ugc", "booking", "notify", "link")
}


@pytest_asyncio.fixture(loop_scope="session")
async def channel(mesh: Mesh) -> AsyncIterator[grpc.aio.Channel]:
    async with public_channel(mesh) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def booking(channel: grpc.aio.Channel) -> BookingServiceStub:
    return BookingServiceStub(channel)


@pytest_asyncio.fixture(loop_scope="session")
async def announcement(booking: BookingServiceStub, host: Person, film: Any) -> booking_pb2.AnnouncementDetail:
    """An evening of the host's with one place."""
    event_time = Timestamp()
    event_time.FromDatetime(some_time())
    request = booking_pb2.CreateAnnouncementRequest(
        movie_id=film["id"],
        status=booking_pb2.Alive,
        title="By gRPC",
        tickets_count=1,
        event_time=event_time,
        event_location="Kino, Berlin",
        time_zone="Europe/Berlin",
    )
    return await booking.CreateAnnouncement(request, metadata=signed(host))


async def test_an_evening_is_announced_applied_for_and_accepted(
    booking: BookingServiceStub, announcement: booking_pb2.AnnouncementDetail, host: Person, guest: Person, film: Any
) -> None:
    applied = await booking.CreateBooking(
        booking_pb2.CreateBookingRequest(announcement_id=announcement.id), metadata=signed(guest)
    )
    assert (applied.state, applied.guest_id, applied.movie_title) == (booking_pb2.PENDING, guest.id, film["title"])
    accepted = await booking.UpdateBooking(
        booking_pb2.UpdateBookingRequest(booking_id=applied.id, my_status=True), metadata=signed(host)
    )
    assert accepted.state == booking_pb2.ACCEPTED
    shown = await booking.GetAnnouncement(
        booking_pb2.GetAnnouncementRequest(announcement_id=announcement.id), metadata=signed(guest)
    )
    assert shown.event_time == announcement.event_time
    assert [(entry.booking_id, entry.guest_name) for entry in shown.guest_list] == [(applied.id, "Robin")]
    assert (shown.tickets_left, shown.status) == (0, booking_pb2.Closed)


async def test_a_refusal_says_why_to_programs(
    booking: BookingServiceStub, announcement: booking_pb2.AnnouncementDetail, host: Person
) -> None:
    request = booking_pb2.CreateBookingRequest(announcement_id=announcement.id)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await booking.CreateBooking(request, metadata=signed(host))
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    info = error_details_pb2.ErrorInfo()
    assert status_details(caught.value)[0].Unpack(info)
    assert (info.reason, info.domain) == ("OWN_ANNOUNCEMENT", "matinee")


async def test_a_refusal_names_the_bad_fields(booking: BookingServiceStub, guest: Person) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await booking.GetBooking(booking_pb2.GetBookingRequest(booking_id="1"), metadata=signed(guest))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    bad = error_details_pb2.BadRequest()
    assert status_details(caught.value)[1].Unpack(bad)
    assert [violation.field for violation in bad.field_violations] == ["booking_id"]


def status_details(error: grpc.aio.AioRpcError) -> Any:
    """The details of a refusal as google.rpc has them."""
    metadata = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    assert (status.code, status.message) == (error.code().value[0], error.details())
    return status.details


async def test_reflection_lists_all_services(channel: grpc.aio.Channel) -> None:
    answer = await reflect(channel, reflection_pb2.ServerReflectionRequest(list_services=""))
    assert {service.name for service in answer.list_services_response.service} >= SERVICES


@pytest.mark.parametrize("service", sorted(SERVICES))
async def test_reflection_describes_every_service(channel: grpc.aio.Channel, service: str) -> None:
    answer = await reflect(channel, reflection_pb2.ServerReflectionRequest(file_containing_symbol=service))
    assert answer.file_descriptor_response.file_descriptor_proto


async def reflect(
    channel: grpc.aio.Channel, question: reflection_pb2.ServerReflectionRequest
) -> reflection_pb2.ServerReflectionResponse:
    """The answer to one question."""
    call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([question]))
    async for answer in call:
        return answer
    raise AssertionError("no answer")


async def test_health_is_serving(channel: grpc.aio.Channel) -> None:
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_browser_lists_its_bookings_by_grpc_web(http: httpx.AsyncClient, guest: Person) -> None:
    message = booking_pb2.ListBookingsRequest(page_size=5).SerializeToString()
    answer = await http.post(
        "/matinee.booking.v1.BookingService/ListBookings",
        content=struct.pack(">BI", 0, len(message)) + message,
        headers={"content-type": "application/grpc-web+proto", "authorization": f"Bearer {guest.token}"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/grpc-web+proto")
    (kind, body), (last_kind, trailers) = frames(answer.content)
    assert (kind, last_kind) == (0x00, 0x80)
    assert not booking_pb2.ListBookingsResponse.FromString(body).bookings
    assert "grpc-status:0" in trailers.decode().split("\r\n")


def frames(content: bytes) -> list[tuple[int, bytes]]:
    """The length-prefixed parts of a gRPC-Web answer: messages, and at last the trailers."""
    parts = []
    while content:
        kind, length = struct.unpack(">BI", content[:5])
        parts.append((kind, content[5 : 5 + length]))
        content = content[5 + length :]
    return parts


@pytest.mark.parametrize("wrong", [Timestamp(seconds=2**62), Timestamp(seconds=-(2**62)), Timestamp(nanos=-1)])
async def test_timestamp_that_is_none_is_named(
    booking: BookingServiceStub, host: Person, film: Any, wrong: Timestamp
) -> None:
    request = booking_pb2.CreateAnnouncementRequest(
        movie_id=film["id"], title="Soon", tickets_count=1, event_location="Here", event_time=wrong
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await booking.CreateAnnouncement(request, metadata=signed(host))
    assert refusal(refused.value) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert "event_time" in str(refused.value.details())


async def test_streams_that_need_no_token_are_so_many_at_a_time_and_no_more(mesh: Mesh) -> None:
    async with public_channel(mesh) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        streams = [stub.Watch(health_pb2.HealthCheckRequest()) for _ in range(STREAMS + 20)]
        first = await asyncio.gather(*(stream.read() for stream in streams), return_exceptions=True)
        refused = [refusal(answer) for answer in first if isinstance(answer, BaseException)]
        assert len(refused) >= 20
        assert set(refused) == {(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS")}
        for stream in streams:
            stream.cancel()

        async def is_served() -> bool:
            stream = stub.Watch(health_pb2.HealthCheckRequest())
            try:
                return bool((await stream.read()).status == health_pb2.HealthCheckResponse.SERVING)
            except grpc.aio.AioRpcError:
                return False
            finally:
                stream.cancel()

        await until(is_served, "there is room again")
