"""Callers who bend HTTP/2, frame by frame: they are hung up on, and the others are served on."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.e2e import http2
from tests.e2e.edge_toys import Edge, running_edge
from tests.e2e.faults import until
from tests.e2e.http2 import END_HEADERS, END_STREAM, Connection, field, frame, request

GET = request("/app/v1/booking/x")
UNARY = request("/matinee.booking.v1.BookingService/GetBooking", "POST", content_type="application/grpc", te="trailers")
BLOCK = field("x-a", "a" * 100)


@pytest_asyncio.fixture(scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path_factory.mktemp("edge"), edge_patience=1) as running:
        yield running


def rapid_resets(turn: int) -> bytes:
    stream = 2 * turn + 1
    return frame(http2.HEADERS, END_STREAM | END_HEADERS, stream, GET) + frame(
        http2.RST_STREAM, 0, stream, http2.CANCEL
    )


def endless_headers(turn: int) -> bytes:
    if turn == 0:
        return frame(http2.HEADERS, END_STREAM, 1, GET)
    return frame(http2.CONTINUATION, 0, 1, BLOCK)


def empty_continuations(turn: int) -> bytes:
    return frame(http2.HEADERS, END_STREAM, 1, GET) if turn == 0 else frame(http2.CONTINUATION, 0, 1)


def a_header_that_grows_in_the_table(turn: int) -> bytes:
    """A field of 4,000 bytes is told once, and then named by one byte a thousand times over."""
    stream = 2 * turn + 1
    large = b"\x40" + http2.text("a") + http2.text("a" * 4000)
    return frame(http2.HEADERS, END_STREAM | END_HEADERS, stream, GET + (large if turn == 0 else b"") + b"\xbe" * 1000)


def settings(turn: int) -> bytes:
    return http2.initial_window(turn)


def pings(turn: int) -> bytes:
    return frame(http2.PING, payload=turn.to_bytes(8, "big"))


def priorities(turn: int) -> bytes:
    return frame(http2.PRIORITY, 0, 2 * turn + 1, bytes(5))


def empty_data(turn: int) -> bytes:
    return frame(http2.HEADERS, END_HEADERS, 1, UNARY) if turn == 0 else frame(http2.DATA, 0, 1)


def window_updates(turn: int) -> bytes:
    return frame(http2.WINDOW_UPDATE, payload=struct.pack(">I", 1))


@pytest.mark.parametrize(
    "flood",
    [
        rapid_resets,
        endless_headers,
        empty_continuations,
        a_header_that_grows_in_the_table,
        settings,
        pings,
        priorities,
        empty_data,
        window_updates,
    ],
)
async def test_a_flood_is_cut_off(edge: Edge, flood: Callable[[int], bytes]) -> None:
    connection = await Connection.open(edge.port)
    try:
        # Much at once: what comes by and by Envoy answers as it comes.
        for begin in range(0, 20_000, 5_000):
            connection.writer.write(b"".join(flood(turn) for turn in range(begin, begin + 5_000)))
            await connection.writer.drain()
    except ConnectionError:
        pass
    assert await connection.ended(30)
    connection.close()
    assert (await edge.http.get("/app/v1/booking/x")).status_code == 200


async def test_a_reader_who_opens_no_window_loses_his_answers(edge: Edge) -> None:
    connection = await Connection.open(edge.port, http2.initial_window(0))
    streams = [2 * turn + 1 for turn in range(50)]
    for stream in streams:
        connection.writer.write(frame(http2.HEADERS, END_STREAM | END_HEADERS, stream, GET))
    reset = {(await connection.until(http2.RST_STREAM))[2] for _ in streams}
    assert reset == set(streams)
    connection.close()


async def test_calls_that_do_not_arrive_whole_hold_no_place_in_a_service(edge: Edge) -> None:
    before = edge.booking.calls["GetBooking"]
    connections = [await Connection.open(edge.port) for _ in range(10)]
    for connection in connections:
        for turn in range(100):
            connection.writer.write(frame(http2.HEADERS, END_HEADERS, 2 * turn + 1, UNARY))
        # Its answer shows that what came before it has been read.
        connection.writer.write(frame(http2.HEADERS, END_STREAM | END_HEADERS, 201, GET))
        await connection.until(http2.DATA)
    assert edge.booking.calls["GetBooking"] == before + len(connections)
    assert await edge.busy("booking") == 0
    for connection in connections:
        connection.close()


async def test_more_calls_at_a_time_than_one_connection_may_have_are_refused(edge: Edge) -> None:
    connection = await Connection.open(edge.port)
    for turn in range(257):
        connection.writer.write(frame(http2.HEADERS, END_HEADERS, 2 * turn + 1, UNARY))
    kind, _, stream, _ = await connection.until(http2.RST_STREAM)
    assert (kind, stream) == (http2.RST_STREAM, 513)
    connection.close()


async def test_answers_that_nobody_takes_do_not_take_all_memory(tmp_path_factory: pytest.TempPathFactory) -> None:
    large = request(f"/app/v1/announcements?filter.location={'a' * 15_000}")
    async with running_edge(tmp_path_factory.mktemp("edge"), edge_patience=2, edge_memory=128) as edge:
        connections = [await Connection.open(edge.port, http2.initial_window(0)) for _ in range(20)]

        async def hold() -> None:
            for connection in connections:
                for turn in range(200):
                    connection.writer.write(frame(http2.HEADERS, END_STREAM | END_HEADERS, 2 * turn + 1, large))
                await connection.writer.drain()

        async def refuses() -> bool:
            return (await edge.http.get("/app/v1/booking/x")).status_code == 503

        async def serves() -> bool:
            return (await edge.http.get("/app/v1/booking/x")).status_code == 200

        holding = asyncio.create_task(hold())
        await until(refuses, "the edge takes no more")
        await until(serves, "the edge has let go of what nobody takes", 120)
        await holding
        for connection in connections:
            connection.close()
