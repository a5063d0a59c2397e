"""Blocks as ugc tells of them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from matinee.booking.v1.block_pb2 import SetBlockRequest
from matinee.booking.v1.block_pb2_grpc import BlockServiceStub

from local.mesh import Mesh
from tests.channels import inner_channel
from tests.people import Person

Block = Callable[..., Awaitable[None]]


def telling(mesh: Mesh) -> Block:
    """Tells booking that somebody blocks another, or no longer does."""

    async def block(blocker: Person, blocked: Person, on: bool = True, *, decided: datetime | None = None) -> None:
        request = SetBlockRequest(blocker_id=blocker.id, blocked_id=blocked.id, blocked=on)
        request.change_time.FromDatetime(decided or datetime.now(UTC))
        async with inner_channel(mesh, "booking", "ugc") as channel:
            await BlockServiceStub(channel).SetBlock(request)

    return block
