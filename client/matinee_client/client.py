"""The client: one channel to the public port, and a stub for each service."""

import json
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from matinee.auth.v1 import auth_pb2, client_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub
from matinee.auth.v1.client_pb2_grpc import ClientServiceStub
from matinee.booking.v1 import booking_pb2, rating_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub
from matinee.booking.v1.rating_pb2_grpc import RatingServiceStub
from matinee.link.v1 import link_pb2
from matinee.link.v1.link_pb2_grpc import LinkServiceStub
from matinee.movie.v1 import movie_pb2
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub
from matinee.notify.v1 import notify_pb2
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub
from matinee.ugc.v1 import people_pb2, ugc_pb2
from matinee.ugc.v1.people_pb2_grpc import PeopleServiceStub
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceStub

from matinee_client.calls import KEY, StreamCalls, UnaryCalls
from matinee_client.session import Session

FILES = (auth_pb2, client_pb2, booking_pb2, rating_pb2, link_pb2, movie_pb2, notify_pb2, people_pb2, ugc_pb2)
DEADLINE = 10.0
"""Seconds a call may take, retries included; the edge itself waits no longer."""
RETRY = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "1s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


class Matinee:
    """Used as `async with Matinee("films.example:443") as matinee`; then `await matinee.booking.GetBooking(...)`.

    A call that is refused raises a MatineeError. One that finds nobody is tried again where that is harmless: what only
    reads, what is idempotent, and writes with an idempotency key, which get one when the caller gives none.
    """

    def __init__(
        self,
        target: str,
        *,
        tls: bool | grpc.ChannelCredentials = True,
        token: str = "",
        deadline: float = DEADLINE,
    ) -> None:
        """`tls=False` is for a mesh on this machine: passwords and tokens are readable on the way."""
        # Signing in and renewing cannot wait for themselves, so they go by a channel that sends no token.
        self._bare = _channel(target, tls, UnaryCalls(_nobody, deadline))
        self.session = Session(AuthServiceStub(self._bare), token)
        calls = (UnaryCalls(self.session.token, deadline), StreamCalls(self.session.token))
        self._channel = channel = _channel(target, tls, *calls)
        self.auth = AuthServiceStub(channel)
        self.clients = ClientServiceStub(channel)
        self.booking = BookingServiceStub(channel)
        self.ratings = RatingServiceStub(channel)
        self.movies = MovieServiceStub(channel)
        self.ugc = UgcServiceStub(channel)
        self.people = PeopleServiceStub(channel)
        self.notify = NotifyServiceStub(channel)
        self.links = LinkServiceStub(channel)

    async def sign_in(self, email: str, password: str) -> None:
        """Calls are this person's from now on, for as long as wanted. Raises Unauthenticated."""
        await self.session.sign_in(email, password)

    async def sign_out(self) -> None:
        """Ends the session; calls are nobody's from now on."""
        await self.session.sign_out()

    async def close(self) -> None:
        """Hangs up. A session stays: sign out to end it."""
        await self._channel.close()
        await self._bare.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _nobody() -> str:
    return ""


def _channel(
    target: str, tls: bool | grpc.ChannelCredentials, *interceptors: grpc.aio.ClientInterceptor
) -> grpc.aio.Channel:
    options: list[tuple[str, Any]] = [("grpc.service_config", json.dumps(service_config()))]
    if tls is False:
        return grpc.aio.insecure_channel(target, options=options, interceptors=interceptors)
    credentials = grpc.ssl_channel_credentials() if tls is True else tls
    return grpc.aio.secure_channel(target, credentials, options=options, interceptors=interceptors)


def service_config() -> dict[str, Any]:
    """gRPC's own retries, for what may be repeated."""
    names = [{"service": method.containing_service.full_name, "method": method.name} for method in _repeatable()]
    return {"methodConfig": [{"name": names, "retryPolicy": RETRY}]}


def _repeatable() -> Iterator[MethodDescriptor]:
    for file in FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                level = method.GetOptions().idempotency_level
                if level != MethodOptions.IDEMPOTENCY_UNKNOWN or KEY in method.input_type.fields_by_name:
                    yield method
