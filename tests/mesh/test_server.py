"""What stops a server before it starts."""

from types import SimpleNamespace
from typing import Any

import pytest
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceServicer

from booking_svc.servicer import BookingServicer
from mesh.server import Served, handlers
from mesh.streams import Streams
from mesh.verifier import Verifier

BOOKING = booking_pb2.DESCRIPTOR.services_by_name["BookingService"]


async def no_keys() -> dict[str, Any]:
    return {}


VERIFIER = Verifier(no_keys, issuer="", audience="")
STREAMS = Streams(1)


def test_servicer_without_one_of_its_methods_does_not_start() -> None:
    class Forgetful(BookingServicer):
        GetBooking: Any = BookingServiceServicer.GetBooking

    with pytest.raises(ValueError, match=r"Forgetful does not answer matinee.booking.v1.BookingService.GetBooking"):
        handlers(Served(BOOKING, Forgetful.__new__(Forgetful)), VERIFIER, STREAMS)


def test_complete_servicer_has_a_handler_for_every_rpc() -> None:
    handler = handlers(Served(BOOKING, BookingServicer.__new__(BookingServicer)), VERIFIER, STREAMS)
    for method in BOOKING.methods:
        call = SimpleNamespace(method=f"/{BOOKING.full_name}/{method.name}", invocation_metadata=())
        assert handler.service(call) is not None
