"""The RPCs of BlockService."""

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from matinee.booking.v1 import block_pb2
from matinee.booking.v1.block_pb2_grpc import BlockServiceServicer

from booking_svc.blocks import Blocks
from mesh import clock
from mesh.interceptors import Context


class BlockServicer(BlockServiceServicer):
    """Answers for matinee.booking.v1.BlockService."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks

    async def SetBlock(self, request: block_pb2.SetBlockRequest, context: Context) -> Empty:
        decided = request.change_time.ToDatetime(tzinfo=clock.UTC)
        await self.blocks.note(UUID(request.blocker_id), UUID(request.blocked_id), request.blocked, decided)
        return Empty()
