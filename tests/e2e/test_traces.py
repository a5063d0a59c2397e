"""Traces: what a collector gets, and what happens when there is none."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import NamedTuple

import grpc
import pytest
import pytest_asyncio
from matinee.movie.v1.movie_pb2 import GetMovieRequest, ListMoviesRequest
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub

from local.mesh import Mesh
from mesh.collector import BATCH, WAITING, Collector
from mesh.spans import Tracer
from tests.e2e.faults import until
from tests.otlp import Receiver, Span, receiving
from tests.processes import COLLECTOR, OTHER_COLLECTOR, THIRD_COLLECTOR, TRACED, TRACED_ALONE, own_process

LIST = "matinee.movie.v1.MovieService/ListMovies"
GET = "matinee.movie.v1.MovieService/GetMovie"
STOP_SECONDS = 15


class Traced(NamedTuple):
    """A process that traces every call of nobody's trace, and its collector."""

    stub: MovieServiceStub
    receiver: Receiver

    async def span(self, name: str, trace_id: str) -> Span:
        """The span of this name in a trace, once it is there."""

        async def came() -> bool:
            return any(span.name == name for span in self.receiver.trace(trace_id))

        await until(came, f"the span {name}")
        return next(span for span in self.receiver.trace(trace_id) if span.name == name)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def traced(mesh: Mesh) -> AsyncIterator[Traced]:
    """A process of movie and its collector."""
    async with (
        receiving(mesh.settings.port(COLLECTOR)) as receiver,
        own_process(mesh, "movie", TRACED, **settings(mesh)) as (_, channel),
    ):
        yield Traced(MovieServiceStub(channel), receiver)


def settings(mesh: Mesh, collector: int = COLLECTOR) -> dict[str, str]:
    """Every call is traced."""
    return {"OTLP_URL": f"http://127.0.0.1:{mesh.settings.port(collector)}", "TRACE_SHARE": "1"}


def trace_of_its_own() -> tuple[str, str, str]:
    """A trace, a span in it, and how one process tells another of them."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    return trace_id, span_id, f"00-{trace_id}-{span_id}"


async def test_call_is_a_span_in_the_trace_of_its_caller(traced: Traced) -> None:
    trace_id, span_id, told = trace_of_its_own()
    await traced.stub.ListMovies(ListMoviesRequest(), metadata=(("traceparent", f"{told}-01"),))
    span = await traced.span(LIST, trace_id)
    assert (span.service, span.kind, span.parent_id, span.failed) == ("movie", "SERVER", span_id, False)
    assert span.attributes == {"rpc.system.name": "grpc", "rpc.method": LIST, "rpc.response.status_code": "OK"}
    assert span.begin < span.end


async def test_trace_that_its_caller_does_not_record_is_not_recorded_here(traced: Traced) -> None:
    unwanted, _, told = trace_of_its_own()
    await traced.stub.ListMovies(ListMoviesRequest(), metadata=(("traceparent", f"{told}-00"),))
    wanted, _, told = trace_of_its_own()
    await traced.stub.ListMovies(ListMoviesRequest(), metadata=(("traceparent", f"{told}-01"),))
    await traced.span(LIST, wanted)
    assert traced.receiver.trace(unwanted) == []


@pytest.mark.parametrize("told", ["", "00-no-trace-01", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
async def test_call_without_a_trace_that_makes_sense_begins_one(traced: Traced, told: str) -> None:
    known = {span.trace_id for span in traced.receiver.spans}
    await traced.stub.ListMovies(ListMoviesRequest(), metadata=(("traceparent", told),))

    async def came() -> bool:
        return any(span.trace_id not in known and span.parent_id == "" for span in traced.receiver.named(LIST))

    await until(came, "a trace of its own")


async def test_refusal_is_told_and_is_no_failure_of_who_answers(traced: Traced) -> None:
    trace_id, _, told = trace_of_its_own()
    with pytest.raises(grpc.aio.AioRpcError):
        await traced.stub.GetMovie(GetMovieRequest(movie_id="none"), metadata=(("traceparent", f"{told}-01"),))
    span = await traced.span(GET, trace_id)
    assert (span.attributes["rpc.response.status_code"], span.failed) == ("INVALID_ARGUMENT", False)


async def test_last_spans_leave_when_a_process_stops(mesh: Mesh, traced: Traced) -> None:
    trace_id, _, told = trace_of_its_own()
    async with own_process(mesh, "movie", TRACED_ALONE, **settings(mesh)) as (process, channel):
        await MovieServiceStub(channel).ListMovies(ListMoviesRequest(), metadata=(("traceparent", f"{told}-01"),))
        process.terminate()
        assert await asyncio.wait_for(process.wait(), STOP_SECONDS) == 0
        assert [span.name for span in traced.receiver.trace(trace_id) if span.kind == "SERVER"] == [LIST]


async def test_spans_wait_for_a_collector_that_restarts(mesh: Mesh) -> None:
    port = mesh.settings.port(OTHER_COLLECTOR)
    collector = Collector(f"http://127.0.0.1:{port}")
    Tracer("test", "", 1, collector).resumed(f"{trace_of_its_own()[2]}-01", "before", "INTERNAL", {}).__enter__().end()
    async with receiving(port) as receiver:

        async def came() -> bool:
            return bool(receiver.named("before"))

        await until(came, "the span from before")
        await asyncio.to_thread(collector.close)
    assert collector.dropped == 0


async def test_what_a_hanging_collector_does_not_take_is_dropped_and_counted(mesh: Mesh) -> None:
    port = mesh.settings.port(OTHER_COLLECTOR)
    async with receiving(port, hangs=True):
        collector = Collector(f"http://127.0.0.1:{port}")
        tracer = Tracer("test", "", 1, collector)
        for _ in range(WAITING + 2 * BATCH):
            tracer.serving("/test/Nothing", "", str).__enter__().end()
        assert BATCH <= collector.dropped <= 2 * BATCH
        await asyncio.to_thread(collector.close)


@pytest.mark.parametrize("hangs", [True, False])
async def test_neither_calls_nor_the_end_wait_for_a_collector(mesh: Mesh, *, hangs: bool) -> None:
    async with (
        receiving(mesh.settings.port(OTHER_COLLECTOR if hangs else THIRD_COLLECTOR), hangs=True),
        own_process(mesh, "movie", TRACED_ALONE, **settings(mesh, OTHER_COLLECTOR)) as (process, channel),
    ):
        for _ in range(20):
            await MovieServiceStub(channel).ListMovies(ListMoviesRequest(), timeout=5)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), STOP_SECONDS) == 0
