"""HTTP/2 as no library would speak it: frames by hand, on a plain connection."""

import asyncio
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 0x1, 0x4
INITIAL_WINDOW_SIZE = 4
CANCEL = struct.pack(">I", 8)


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def initial_window(size: int) -> bytes:
    """The settings of a reader who takes so much of an answer unasked."""
    return frame(SETTINGS, payload=struct.pack(">HI", INITIAL_WINDOW_SIZE, size))


def field(name: str, value: str) -> bytes:
    """A header field as it is, for no table."""
    return b"\0" + text(name) + text(value)


def text(value: str) -> bytes:
    """Its length, in seven bits and then seven by seven from the last on, and the letters."""
    rest = len(value) - 127
    if rest < 0:
        return bytes((len(value),)) + value.encode()
    length = bytes((127,))
    while rest > 127:
        length += bytes((128 | rest & 127,))
        rest >>= 7
    return length + bytes((rest,)) + value.encode()


def request(path: str, method: str = "GET", **more: str) -> bytes:
    """The fields of a request."""
    fields = {":method": method, ":scheme": "http", ":authority": "x", ":path": path}
    return b"".join(field(name.replace("_", "-"), value) for name, value in (fields | more).items())


class Connection:
    """A connection that has begun; what comes back is counted by kind of frame."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, beginning: bytes = b"") -> "Connection":
        """Connects, and says the preface and no settings but those given."""
        connection = cls(*await asyncio.open_connection("127.0.0.1", port))
        connection.writer.write(PREFACE + (beginning or frame(SETTINGS)))
        return connection

    async def next(self) -> tuple[int, int, int, bytes]:
        """Kind, flags, stream and payload of the next frame. IncompleteReadError or ConnectionError at the end."""
        head = await self.reader.readexactly(9)
        (length,) = struct.unpack(">I", b"\0" + head[:3])
        (stream,) = struct.unpack(">I", head[5:])
        return head[3], head[4], stream, await self.reader.readexactly(length)

    async def until(self, kind: int) -> tuple[int, int, int, bytes]:
        """The next frame of a kind."""
        while True:
            if (got := await self.next())[0] == kind:
                return got

    async def ended(self, seconds: float) -> bool:
        """Whether the other side hangs up in time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.next()
        except TimeoutError:
            return False
        except (asyncio.IncompleteReadError, ConnectionError):
            return True

    def close(self) -> None:
        """Hangs up."""
        self.writer.close()
