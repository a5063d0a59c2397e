"""Central logging: what a Graylog gets, read by another maker's decoder, and what happens when there is none."""

import asyncio
import json
import os
import random
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from matinee.movie.v1.movie_pb2 import ListMoviesRequest
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub

from local.mesh import Mesh
from mesh import VERSION
from mesh.graylog import WAITING, Graylog
from tests.channels import signed
from tests.e2e.faults import until
from tests.people import Person
from tests.processes import GRAYLOG, LOGGED, NOWHERE, own_process

READER = Path(__file__).parents[1] / "gelf"
REQUEST_ID = "seen-by-graylog"
LINE = {"event": "line", "level": "info", "timestamp": "2026-11-23T12:00:00+00:00"}
STOP_SECONDS = 15

Messages = list[dict[str, Any]]


@pytest.fixture(scope="module")
def reader() -> list[str]:
    """The command of the decoder, installed as its lock says."""
    with FileLock(READER / ".lock"):
        if not (READER / "node_modules").exists():
            npm = ["npm", "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(npm, cwd=READER, check=True, capture_output=True)
    return [shutil.which("node") or "node", str(READER / "reader.js")]


@asynccontextmanager
async def reading(command: list[str], port: int) -> AsyncIterator[Messages]:
    """A Graylog that listens on UDP: what it got so far."""
    process = await asyncio.create_subprocess_exec(*command, str(port), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    messages: Messages = []

    async def collect(lines: asyncio.StreamReader) -> None:
        async for line in lines:
            messages.append(json.loads(line))

    try:
        assert await process.stdout.readline() == b"ready\n"
        collecting = asyncio.create_task(collect(process.stdout))
        yield messages
        collecting.cancel()
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def accepting(port: int, *, hangs: bool = False) -> AsyncIterator[Messages]:
    """A Graylog that listens on TCP, where a NUL ends a message; or one that takes connections and reads nothing."""
    messages: Messages = []
    over = asyncio.Event()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
            while not hangs:
                messages.append(json.loads((await reader.readuntil(b"\0"))[:-1]))
            await over.wait()

    server = await asyncio.start_server(collect, "127.0.0.1", port)
    try:
        yield messages
    finally:
        over.set()
        server.close()


@asynccontextmanager
async def movie(mesh: Mesh, url: str, **environment: str) -> AsyncIterator[MovieServiceStub]:
    """A process of movie whose lines go to a Graylog."""
    async with own_process(mesh, "movie", LOGGED, GRAYLOG_URL=url, **environment) as (_, channel):
        yield MovieServiceStub(channel)


def of_call(messages: Messages, request_id: str) -> dict[str, Any] | None:
    """The line of a call."""
    return next((each for each in messages if each.get("_request_id") == request_id), None)


async def test_line_of_a_call_has_all_its_fields(mesh: Mesh, guest: Person, reader: list[str]) -> None:
    port = mesh.settings.port(GRAYLOG)
    async with reading(reader, port) as messages, movie(mesh, f"udp://127.0.0.1:{port}") as stub:
        await stub.ListMovies(ListMoviesRequest(), metadata=(*signed(guest), ("x-request-id", REQUEST_ID)))

        async def came() -> bool:
            return of_call(messages, REQUEST_ID) is not None

        await until(came, "the line of the call")
        line = of_call(messages, REQUEST_ID)
    assert line is not None
    assert line["_ms"] > 0
    assert line["timestamp"] > 1_000_000_000
    assert {key: line[key] for key in line if key not in ("_ms", "timestamp", "host")} == {
        "version": "1.1",
        "short_message": "rpc",
        "level": 6,
        "_service": "movie",
        "_version": VERSION,
        "_method": "/matinee.movie.v1.MovieService/ListMovies",
        "_code": "OK",
        "_caller": guest.id,
        "_peer": "envoy",
        "_request_id": REQUEST_ID,
    }


async def test_line_of_a_call_that_is_recorded_names_its_trace(mesh: Mesh) -> None:
    port, trace_id = mesh.settings.port(GRAYLOG), "0af7651916cd43dd8448eb211c80319c"
    nowhere = {"OTLP_URL": f"http://127.0.0.1:{mesh.settings.port(NOWHERE)}"}
    told = (("x-request-id", REQUEST_ID), ("traceparent", f"00-{trace_id}-b7ad6b7169203331-01"))
    async with accepting(port) as messages, movie(mesh, f"tcp://127.0.0.1:{port}", **nowhere) as stub:
        await stub.ListMovies(ListMoviesRequest(), metadata=told)

        async def came() -> bool:
            return of_call(messages, REQUEST_ID) is not None

        await until(came, "the line of the call")
        line = of_call(messages, REQUEST_ID)
    assert line is not None
    assert line["_trace_id"] == trace_id


async def test_line_that_no_datagram_holds_arrives_in_chunks(mesh: Mesh, reader: list[str]) -> None:
    text = random.Random(1).randbytes(20_000).hex()
    port = mesh.settings.port(GRAYLOG)
    async with reading(reader, port) as messages:
        graylog = Graylog(f"udp://127.0.0.1:{port}")
        graylog(None, "", {**LINE, "exception": text})

        async def came() -> bool:
            return bool(messages)

        await until(came, "the long line")
        graylog.close()
    assert messages[0]["full_message"] == text


async def test_line_that_no_chunks_hold_is_counted_and_the_next_one_arrives(mesh: Mesh, reader: list[str]) -> None:
    port = mesh.settings.port(GRAYLOG)
    async with reading(reader, port) as messages:
        graylog = Graylog(f"udp://127.0.0.1:{port}")
        graylog(None, "", {**LINE, "exception": os.urandom(400_000).hex()})
        graylog(None, "", {**LINE, "event": "next"})

        async def came() -> bool:
            return [each["short_message"] for each in messages] == ["next"]

        await until(came, "the next line")
        graylog.close()
    assert graylog.dropped == 1


async def test_lines_wait_for_a_graylog_that_restarts(mesh: Mesh) -> None:
    port = mesh.settings.port(GRAYLOG)
    graylog = Graylog(f"tcp://127.0.0.1:{port}")
    graylog(None, "", {**LINE, "event": "before"})
    async with accepting(port) as messages:

        async def came() -> bool:
            return [each["short_message"] for each in messages] == ["before"]

        await until(came, "the line from before")
        await asyncio.to_thread(graylog.close)
    assert graylog.dropped == 0


async def test_calls_do_not_notice_that_there_is_no_graylog(mesh: Mesh) -> None:
    async with movie(mesh, f"tcp://127.0.0.1:{mesh.settings.port(GRAYLOG)}") as stub:
        for _ in range(20):
            await stub.ListMovies(ListMoviesRequest(), timeout=5)


async def test_process_stops_though_its_graylog_hangs(mesh: Mesh) -> None:
    port = mesh.settings.port(GRAYLOG)
    url = f"tcp://127.0.0.1:{port}"
    async with accepting(port, hangs=True), own_process(mesh, "movie", LOGGED, GRAYLOG_URL=url) as (process, channel):
        await MovieServiceStub(channel).ListMovies(ListMoviesRequest())
        process.terminate()
        assert await asyncio.wait_for(process.wait(), STOP_SECONDS) == 0


async def test_what_a_hanging_graylog_does_not_take_is_dropped_and_counted(mesh: Mesh) -> None:
    port = mesh.settings.port(GRAYLOG)
    async with accepting(port, hangs=True):
        graylog = Graylog(f"tcp://127.0.0.1:{port}")
        much = {**LINE, "problem": "x" * 1_000}

        async def full() -> bool:
            for _ in range(WAITING):
                graylog(None, "", much)
            return graylog.dropped > 0

        await until(full, "more lines than wait")
        await asyncio.to_thread(graylog.close)
