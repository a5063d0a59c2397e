"""Where people are told of their accounts, in our words."""

from typing import Any
from uuid import UUID

import grpc
from matinee.notify.v1 import notify_pb2
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from mesh.errors import InvalidArgument
from mesh.logs import logger

PUBLISH_SECONDS = 5.0


class Inboxes:
    """People's inboxes and mails."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = NotifyServiceStub(channel)

    async def tell(self, event_id: UUID, kind: str, user_id: UUID, **facts: Any) -> None:
        """Tells a person of an event, once however often it is told; raises MeshError while notify does not answer.

        One that notify refuses is a defect of ours, and is logged.
        """
        event = notify_pb2.AccountEvent(
            event_id=str(event_id), kind=notify_pb2.Kind.Value(kind), user_id=str(user_id), **facts
        )
        try:
            await self.stub.PublishAccountEvent(event, timeout=PUBLISH_SECONDS)
        except InvalidArgument as error:
            logger().error("notice refused", event_id=str(event_id), problem=error.message)
