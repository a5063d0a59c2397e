"""The ways in."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
import pytest_asyncio
from matinee.notify.v1.notify_pb2 import PublishRequest
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.mesh import Mesh
from tests.channels import inner_channel
from tests.people import Person, ok

Recipient = PublishRequest.Recipient
EVENING = "'Night of cinema', Thu 27 Nov 2036 19:00 (Europe/Berlin)"
"""The evening of event(), as notices name it."""


@pytest.fixture(scope="session")
def notify(public: grpc.aio.Channel) -> NotifyServiceStub:
    """gRPC through the public port."""
    return NotifyServiceStub(public)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def notify_inside(mesh: Mesh) -> AsyncIterator[NotifyServiceStub]:
    """The service as the booking service sees it."""
    async with inner_channel(mesh, "notify", "booking") as channel:
        yield NotifyServiceStub(channel)


def event(*, to: str = "", host: bool = False, **changes: Any) -> PublishRequest:
    """A new event: Anna's evening, and Boris, who was accepted; told to `to` unless recipients are given."""
    facts: dict[str, Any] = {
        "event_id": str(uuid.uuid4()),
        "kind": "booking_status",
        "announcement_id": str(uuid.uuid4()),
        "booking_id": str(uuid.uuid4()),
        "title": "Night of cinema",
        "movie_title": "Metropolis",
        "author_name": "Anna",
        "guest_name": "Boris",
        "event_time": datetime(2036, 11, 27, 18, tzinfo=UTC),
        "time_zone": "Europe/Berlin",
        "cause": "accepted",
        "occurred": datetime.now(UTC),
    }
    if to:
        facts["recipients"] = [Recipient(user_id=to, host=host)]
    return PublishRequest(**{**facts, **changes})


async def inbox(person: Person) -> list[Any]:
    """A person's notices, newest first."""
    return list(ok(await person.get("/notify/v1/inbox")))
