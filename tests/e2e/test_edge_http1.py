"""Callers who bend HTTP/1.1, written by hand: each gets one answer or none, and the others are served on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.edge_toys import Edge, running_edge, token

POST = b"POST /app/v1/booking/x HTTP/1.1\r\nhost: x\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
CROWD = 30


@pytest_asyncio.fixture(scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path_factory.mktemp("edge"), edge_patience=1) as running:
        yield running


async def said(edge: Edge, request: bytes, seconds: float = 2.0) -> tuple[bytes, bool]:
    """What the edge answers to these bytes, and whether it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    answer, hung_up = b"", False
    try:
        writer.write(request)
        async with asyncio.timeout(seconds):
            while more := await reader.read(65536):
                answer += more
        hung_up = True
    except ConnectionError:
        hung_up = True
    except TimeoutError:
        pass
    finally:
        writer.close()
    return answer, hung_up


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"transfer-encoding: xchunked\r\ncontent-length: 0\r\n\r\n" + SMUGGLED,
        POST + b"transfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"content-length: 0\r\ncontent-length: 39\r\n\r\n" + SMUGGLED,
        POST + b"content-length: 0, 39\r\n\r\n" + SMUGGLED,
        POST + b"content-length: +0\r\n\r\n" + SMUGGLED,
        POST + b"content-length: -1\r\n\r\n" + SMUGGLED,
        POST + b"content-length : 39\r\n\r\n" + SMUGGLED,
        POST + b"transfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n" + SMUGGLED,
        POST + b"x-any: a\0b\r\n\r\n" + SMUGGLED,
        b"GET /app/v1/booking/x HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET /app/v1/booking/x HTTP/1.1\r\n\r\n",
        b"GET /app/v1%2fbooking/x HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /app/v1%5Cbooking/x HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /app/v1/booking/x%00 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /app/v1/booking/x#y HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /app/v1/booking/\xc3\xbc HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00" + bytes(160),
    ],
    ids=lambda value: value[:120].split(b"\r\n", 2)[-1].decode(errors="replace"),
)
async def test_what_two_readers_could_read_differently_is_refused_once(edge: Edge, request_: bytes) -> None:
    answer, hung_up = await said(edge, request_)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"INVALID_FIELDS" in answer
    assert hung_up


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /app/v1/booking/x HTTP/1.1\r\nhost: x\r\nx-any: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET /app/v1/booking/x HTTP/1.1\r\nhost: x\r\n" + b"x-any: a\r\n" * 120 + b"\r\n",
        b"GET /app/v1/announcements?filter[location]=" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
    ids=["a long header", "many headers", "a long query"],
)
async def test_headers_have_a_limit(edge: Edge, request_: bytes) -> None:
    answer, hung_up = await said(edge, request_)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"TOO_LARGE" in answer
    assert hung_up


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: x\r\n\r\n", b"404"),
        (b"TRACE /app/v1/booking/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", b"404"),
        (b"GET /app/v1/booking/x HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", b"403"),
        (b"GET /app/v1/booking/x HTTP/1.0\r\n\r\n", b"426"),
    ],
    ids=["CONNECT", "TRACE", "websocket", "HTTP/1.0"],
)
async def test_what_is_not_offered_is_refused(edge: Edge, request_: bytes, status: bytes) -> None:
    answer, _ = await said(edge, request_)
    assert answer.startswith(b"HTTP/1.1 " + status)


async def test_of_two_tokens_neither_counts(edge: Edge) -> None:
    good = b"authorization: Bearer " + token().encode() + b"\r\n"
    ask = b"GET /app/v1/booking/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    answer, _ = await said(edge, ask + good + good + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /app/v1/booking/x HTTP/1.1\r\nhost",
        POST + b"content-length: 10\r\n\r\n{",
        POST + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
        POST + b"content-length: 70000\r\n\r\n{",
    ],
    ids=["headers", "a body", "a body in chunks", "a body that is too large"],
)
async def test_who_stops_in_the_middle_does_not_hold_a_place(edge: Edge, beginning: bytes) -> None:
    before = edge.booking.calls["CreateBooking"]
    crowd = await asyncio.gather(*(said(edge, beginning, 10) for _ in range(CROWD)))
    assert {(answer[:13], hung_up) for answer, hung_up in crowd} <= {(b"HTTP/1.1 408 ", True), (b"HTTP/1.1 413 ", True)}
    assert edge.booking.calls["CreateBooking"] == before


async def test_who_sends_on_byte_by_byte_does_not_hold_a_place(edge: Edge) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(b"GET /app/v1/booking/x HTTP/1.1\r\nhost: x\r\n")

    async def drip() -> None:
        while True:
            writer.write(b"x-a: a\r\n")
            await writer.drain()
            await asyncio.sleep(0.2)

    dripping = asyncio.create_task(drip())
    async with asyncio.timeout(5):
        assert (await reader.read(65536)).startswith(b"HTTP/1.1 408 ")
    dripping.cancel()
    writer.close()


async def test_who_asks_on_and_reads_nothing_is_hung_up_on(edge: Edge) -> None:
    _reader, writer = await asyncio.open_connection("127.0.0.1", edge.port, limit=1024)

    async def ask_on() -> None:
        while True:
            writer.write(b"GET /app/v1/booking/x HTTP/1.1\r\nhost: x\r\n\r\n" * 100)
            await writer.drain()

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(ask_on(), 30)
    writer.close()
    assert (await edge.http.get("/app/v1/booking/x")).status_code == 200


async def test_beyond_the_crowd_that_is_let_in_nobody_is(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("edge")
    async with running_edge(folder, edge_connections=CROWD, edge_patience=1) as edge:
        beginnings = [said(edge, b"GET / HTTP/1.1\r\nhost", 10) for _ in range(2 * CROWD)]
        crowd = await asyncio.gather(*beginnings)
        # The test's own client holds one of the places.
        assert sum(answer.startswith(b"HTTP/1.1 408 ") for answer, _ in crowd) == CROWD - 1
        assert all(hung_up for _, hung_up in crowd)
        assert (await edge.http.get("/app/v1/booking/x")).status_code == 200


@pytest.mark.parametrize("path", ["/app/v1/booking/x", "/nothing", "/app/v1/nothing", "/healthz"])
async def test_no_answer_names_the_software(edge: Edge, path: str) -> None:
    for body in (b"", b" " * 70_000):
        answer = await edge.http.post(path, content=body)
        assert not [name for name in answer.headers if name in ("server", "via") or name.startswith("x-envoy")]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "envoy" not in answer.text.lower()
