"""What auth knows, in our words."""

from uuid import UUID

import grpc
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub


class People:
    """Where people are reached, and in which language. Not cached: addresses do not rest here."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = AuthServiceStub(channel)

    async def find(self, user_id: UUID) -> auth_pb2.User | None:
        """A person, private fields included. Raises MeshError."""
        request = auth_pb2.BatchGetUsersRequest(user_ids=[str(user_id)])
        return next(iter((await self.stub.BatchGetUsers(request)).users), None)
