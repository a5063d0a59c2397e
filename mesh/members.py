"""Who is at the other end of a connection: a member of the mesh, known by the SPIFFE name in its certificate."""

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import Any

import grpc

from mesh import stubs
from mesh.errors import DETAILS_KEY, MeshError, PermissionDenied, ResourceExhausted
from mesh.messages import message_in, messages_in

Context = grpc.aio.ServicerContext[Any, Any]

TRUST_DOMAIN = "spiffe://matinee.local/"
MEMBERS = stubs.MEMBERS | {"envoy", "developer", "bench"}
"""Who may connect. What the last three send counts as nobody's word but that of the token in it."""
STREAMS = 100
"""Of each library's service, in one process: they need no token, last as long as the caller likes, and take memory."""


def find_member(context: Context) -> str:
    """Whose certificate opened the connection; empty when our authority signed it, but not for a member of the mesh."""
    # gRPC tells the name only if the certificate has just one.
    for name in context.auth_context().get("peer_spiffe_id", ()):
        identity = name.decode() if isinstance(name, bytes) else str(name)
        member = identity.removeprefix(TRUST_DOMAIN)
        if identity.startswith(TRUST_DOMAIN) and member in MEMBERS:
            return member
    return ""


def member_of(context: Context) -> str:
    """Whose certificate opened the connection. Raises PermissionDenied (ACCESS_DENIED) if no member's did."""
    if member := find_member(context):
        return member
    raise PermissionDenied("ACCESS_DENIED", "the caller may not do this")


class MembersOnly:
    """Stands for a server while a library adds RPCs of its own to it, and lets nobody but members call them."""

    def __init__(self, server: grpc.aio.Server) -> None:
        self.server = server

    def add_generic_rpc_handlers(self, handlers: tuple[grpc.GenericRpcHandler, ...]) -> None:
        """The generated code adds each service twice: the other time with the names of its methods."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Adds the RPCs of a service."""
        places = Places(STREAMS)
        guarded = {name: guard(handler, places) for name, handler in handlers.items()}
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, guarded),))


class Places:
    """So many at a time, and no more."""

    def __init__(self, free: int) -> None:
        self.free = free

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One of them. Raises ResourceExhausted (TOO_MANY_STREAMS) if there is none."""
        if not self.free:
            raise ResourceExhausted("TOO_MANY_STREAMS", "too many streams are open; try again later")
        self.free -= 1
        try:
            yield
        finally:
            self.free += 1


def guard(handler: Any, places: Places) -> Any:
    """The same RPC for members only; a stream, while there is room for it."""
    kinds = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
    read, found = handler.request_deserializer, {kind: getattr(handler, kind) for kind in kinds}
    room = places.taken if handler.response_streaming else nullcontext
    guarded = {kind: own(behaviour, read, room) for kind, behaviour in found.items() if behaviour}
    # Messages are read by own().
    return handler._replace(request_deserializer=None, **guarded)


def own(behaviour: Any, read: Callable[[bytes], Any], room: Callable[[], AbstractContextManager[None]]) -> Any:
    """What answers an RPC, after a look at who calls."""

    async def answered(raw: bytes, context: Context) -> Any:
        async with refusals_told(context):
            member_of(context)
            with room():
                return await behaviour(message_in(raw, read), context)

    async def streamed(raw: bytes | AsyncIterable[bytes], context: Context) -> Any:
        async with refusals_told(context):
            member_of(context)
            request = message_in(raw, read) if isinstance(raw, bytes) else messages_in(raw, read)
            with room():
                async for message in behaviour(request, context):
                    yield message

    # Of the libraries' streams some yield their messages, others write them.
    return streamed if inspect.isasyncgenfunction(behaviour) else answered


@asynccontextmanager
async def refusals_told(context: Context) -> AsyncIterator[None]:
    """Ends the call with the status of a refusal."""
    try:
        yield
    except MeshError as error:
        await context.abort(error.code, error.message, ((DETAILS_KEY, error.to_status()),))
