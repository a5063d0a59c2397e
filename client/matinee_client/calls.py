"""What every call gets: its caller's token, a deadline, a key by which a repeated write is the same, typed errors."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from matinee_client.errors import from_call

KEY = "idempotency_key"

Details = grpc.aio.ClientCallDetails
Continue = Callable[[Details, Any], Awaitable[Any]]
Token = Callable[[], Awaitable[str]]


class UnaryCalls(grpc.aio.UnaryUnaryClientInterceptor):
    """For calls with one answer."""

    def __init__(self, token: Token, deadline: float) -> None:
        self.token = token
        self.deadline = deadline

    async def intercept_unary_unary(self, continuation: Continue, client_call_details: Details, request: Any) -> Any:
        """Raises MatineeError."""
        timeout = self.deadline if client_call_details.timeout is None else client_call_details.timeout
        details = await called_by(client_call_details, self.token, timeout)
        try:
            return await (await continuation(details, with_key(request)))
        except grpc.aio.AioRpcError as error:
            raise from_call(error) from None


class StreamCalls(grpc.aio.UnaryStreamClientInterceptor):
    """For calls with many answers; they have no deadline of their own accord."""

    def __init__(self, token: Token) -> None:
        self.token = token

    async def intercept_unary_stream(self, continuation: Continue, client_call_details: Details, request: Any) -> Any:
        """The answers raise MatineeError."""
        details = await called_by(client_call_details, self.token, client_call_details.timeout)
        return typed(await continuation(details, request))


async def called_by(details: Details, token: Token, timeout: float | None) -> Details:
    """The same call with a token, unless it has brought one along."""
    metadata = grpc.aio.Metadata(*(details.metadata or ()))
    if metadata.get("authorization") is None and (access := await token()):
        metadata.add("authorization", f"Bearer {access}")
    return Details(
        method=details.method,
        timeout=timeout,
        metadata=metadata,
        credentials=details.credentials,
        wait_for_ready=details.wait_for_ready,
    )


def with_key(request: Any) -> Any:
    """The same request with a key of its own, where it has room for one and none was given: then it may be repeated."""
    if KEY not in request.DESCRIPTOR.fields_by_name or getattr(request, KEY):
        return request
    keyed = type(request)()
    keyed.CopyFrom(request)
    setattr(keyed, KEY, uuid.uuid4().hex)
    return keyed


async def typed(answers: Any) -> AsyncIterator[Any]:
    """The same answers; what ends them early is a MatineeError. Who stops listening hangs up."""
    try:
        async for answer in answers:
            yield answer
    except grpc.aio.AioRpcError as error:
        raise from_call(error) from None
    finally:
        answers.cancel()
