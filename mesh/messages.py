"""Messages as they arrive. Left to gRPC, what cannot be read is answered with the text of a traceback."""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import TypeVar

from google.protobuf.message import DecodeError

from mesh.errors import InvalidArgument

Read = TypeVar("Read")


def message_in(raw: bytes, read: Callable[[bytes], Read]) -> Read:
    """The message that these bytes are. Raises InvalidArgument (INVALID_FIELDS)."""
    try:
        return read(raw)
    except DecodeError:
        raise InvalidArgument("INVALID_FIELDS", "the message cannot be read; text has to be UTF-8") from None


async def messages_in(raws: AsyncIterable[bytes], read: Callable[[bytes], Read]) -> AsyncIterator[Read]:
    """Each as message_in()."""
    async for raw in raws:
        yield message_in(raw, read)
