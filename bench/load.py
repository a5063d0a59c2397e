"""Clients that keep the public port busy: HTTP/1.1 on kept-alive connections, as plain as they can be.

A full HTTP client would cost more than the servers it measures, on the same cores.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson


@dataclass
class Samples:
    """How long each answer took, in seconds, and how many were not what they should be."""

    seconds: list[float] = field(default_factory=list)
    failures: int = 0
    elapsed: float = 0.0
    example: str = ""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0

    def quantile(self, percent: int) -> float:
        """A percentile in milliseconds."""
        return statistics.quantiles(self.seconds, n=100)[percent - 1] * 1000 if len(self.seconds) > 1 else 0.0

    def add(self, other: "Samples") -> None:
        """Takes the samples of another round in."""
        self.seconds += other.seconds
        self.failures += other.failures
        self.elapsed += other.elapsed
        self.example = self.example or other.example


Requests = Iterator[bytes]
"""What to send next; shared by all clients, so that nothing is sent twice."""


def request(method: str, path: str, token: str, body: object = None) -> bytes:
    """An HTTP request as bytes; an empty token is left out."""
    content = b"" if body is None else orjson.dumps(body)
    bearer = f"authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: matinee\r\n{bearer}"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def repeated(message: bytes) -> Requests:
    """The same request for ever."""
    return itertools.repeat(message)


async def drive(host: str, port: int, requests: Requests, clients: int, seconds: float) -> Samples:
    """Keeps `clients` connections busy for `seconds`, or until there are no requests left."""
    samples = Samples()
    began = time.perf_counter()
    await asyncio.gather(*(client(host, port, requests, began + seconds, samples) for _ in range(clients)))
    samples.elapsed = time.perf_counter() - began
    return samples


async def client(host: str, port: int, requests: Requests, until: float, samples: Samples) -> None:
    """One connection: a request, its answer, the next."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        for message in requests:
            began = time.perf_counter()
            writer.write(message)
            status, body = await answer(reader)
            now = time.perf_counter()
            samples.seconds.append(now - began)
            # A short link answers 302.
            if status >= 400:
                samples.failures += 1
                samples.example = samples.example or f"{status} {body[:300].decode(errors='replace')}"
            if now >= until:
                return
    finally:
        writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The status and the body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    length = int(lowered[at + 15 : lowered.index(b"\r\n", at)]) if at >= 0 else 0
    return int(head[9:12]), await reader.readexactly(length) if length else b""
