"""The live stream, in a mesh with two notify processes."""

import asyncio
import os
import signal
import time
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from matinee.notify.v1.notify_pb2 import BatchPublishRequest, Change, Notice, PublishRequest, StreamNoticesRequest
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.mesh import Mesh, running_mesh
from tests.channels import inner_channel, public_channel, public_client, refusal, signed
from tests.e2e.faults import kill, start, until, until_all_serve, without
from tests.notify.conftest import event, inbox
from tests.notify.streaming import STREAM, Stream, streaming
from tests.people import Person, ok, reason

NIL = str(uuid.UUID(int=0))
MOST = 3
"""Streams of a person that a process holds."""
SETTINGS = {
    "NOTIFY_PROCESSES": "2",
    "HEARTBEAT_SECONDS": "1",
    "SLOW_READER_SECONDS": "1",
    "STREAMS_PER_USER": str(MOST),
}


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    """A mesh that may be torn apart."""
    with running_mesh(extra_env=SETTINGS) as own:
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    """A client at its public port."""
    async with public_client(mesh) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def notify_inside(mesh: Mesh) -> AsyncIterator[NotifyServiceStub]:
    """The first notify process as the booking service sees it."""
    async with inner_channel(mesh, "notify", "booking") as channel:
        yield NotifyServiceStub(channel)


async def tell(notify: NotifyServiceStub, person: Person, *titles: str) -> None:
    """Notices one after the other."""
    for title in titles:
        await notify.Publish(event(to=person.id, title=title))


async def test_a_notice_arrives_while_it_is_fresh(notify_inside: NotifyServiceStub, guest: Person) -> None:
    await tell(notify_inside, guest, "old")
    async with streaming(guest) as stream:
        assert stream.answer.headers["content-type"] == "text/event-stream"
        assert stream.answer.headers["cache-control"] == "no-store"
        began = time.monotonic()
        await tell(notify_inside, guest, "new")
        await stream.until(1)
        assert time.monotonic() - began < 1
        assert stream.notices == [(await inbox(guest))[0]]
        assert stream.titles == ["new"]


@pytest.mark.parametrize("teller", [0, 1])
async def test_both_processes_tell_of_what_one_was_told(mesh: Mesh, guest: Person, teller: int) -> None:
    async with AsyncExitStack() as stack:
        inside = [
            NotifyServiceStub(await stack.enter_async_context(inner_channel(mesh, "notify", name, process)))
            for name, process in (("envoy", 0), ("envoy", 1), ("booking", teller))
        ]
        calls = [stub.StreamNotices(StreamNoticesRequest(), metadata=signed(guest)) for stub in inside[:2]]
        assert [(await anext(aiter(call))).id for call in calls] == ["", ""]
        began = time.monotonic()
        await tell(inside[2], guest, "new")
        assert [await next_title(call) for call in calls] == 2 * ["Accepted: new"]
        assert time.monotonic() - began < 1


async def next_title(call: AsyncIterable[Notice]) -> str:
    """The title of the next notice that is no heartbeat."""
    async for message in call:
        if message.id:
            return message.title
    return ""


async def test_a_stream_resumes_in_order_without_gaps(notify_inside: NotifyServiceStub, guest: Person) -> None:
    titles = [str(number) for number in range(120)]
    await tell(notify_inside, guest, *titles[:110])
    last_id = {notice["title"]: notice["id"] for notice in ok(await guest.get("/notify/v1/inbox?page_size=100"))}
    async with streaming(guest, last_id["Accepted: 10"]) as stream, streaming(guest, NIL) as whole:
        await tell(notify_inside, guest, *titles[110:])
        await stream.until(109)
        await whole.until(120)
    assert (stream.titles, whole.titles) == (titles[11:], titles)


async def test_a_browsers_reader_resumes_by_the_ids_of_events(notify_inside: NotifyServiceStub, guest: Person) -> None:
    async with streaming(guest) as stream:
        await tell(notify_inside, guest, "first", "second")
        await stream.until(2)
    assert stream.ids == [notice["id"] for notice in stream.notices]
    async with streaming(guest, **{"last-event-id": stream.ids[0]}) as resumed:
        await resumed.until(1)
    assert resumed.titles == ["second"]


async def test_nothing_is_missed_among_publishers_who_race(notify_inside: NotifyServiceStub, guest: Person) -> None:
    """Readers who begin anew all the time see everything once, whatever commits late."""
    seen: list[str] = []
    told = asyncio.gather(
        *(notify_inside.BatchPublish(BatchPublishRequest(requests=several(guest))) for _ in range(60))
    )
    last_id = NIL
    while len(seen) < 60 * 5:
        async with streaming(guest, last_id) as stream:
            await stream.until(1)
        seen += [notice["id"] for notice in stream.notices]
        last_id = seen[-1]
    await told
    assert len(seen) == len(set(seen)) == 60 * 5


def several(person: Person) -> list[PublishRequest]:
    return [event(to=person.id) for _ in range(5)]


async def test_a_notice_that_changes_comes_again(notify_inside: NotifyServiceStub, guest: Person) -> None:
    announcement_id = str(uuid.uuid4())
    about: dict[str, Any] = {"kind": "announcement_changed", "booking_id": "", "announcement_id": announcement_id}

    async def change(field: str) -> None:
        changes = [Change(field=field, before="1", after="2")]
        await notify_inside.Publish(event(to=guest.id, changes=changes, **about))

    async with streaming(guest) as stream:
        await change("tickets_count")
        await stream.until(1)
        await change("title")
        await stream.until(2)
    first, second = stream.notices
    assert (first["id"], "title" in first["text"], "title" in second["text"]) == (second["id"], False, True)
    async with streaming(guest, first["id"]) as resumed:
        await resumed.until(1)
    assert resumed.notices == [second]


async def test_heartbeats_are_messages_without_an_id(guest: Person) -> None:
    async with streaming(guest) as stream:
        await stream.until_heartbeats(3, seconds=4)
    assert stream.notices == []


async def test_grpc_callers_stream_too(mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person) -> None:
    async with public_channel(mesh) as channel:
        call = NotifyServiceStub(channel).StreamNotices(StreamNoticesRequest(), metadata=signed(guest))
        assert (await anext(aiter(call))).id == ""
        await tell(notify_inside, guest, "by gRPC")
        assert await next_title(call) == "Accepted: by gRPC"


async def test_nobody_has_too_many_streams(guest: Person, host: Person, mesh: Mesh) -> None:
    async with inner_channel(mesh, "notify", "envoy") as channel:
        stub = NotifyServiceStub(channel)
        calls = [stub.StreamNotices(StreamNoticesRequest(), metadata=signed(guest)) for _ in range(3)]
        for call in calls:
            await call.read()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.StreamNotices(StreamNoticesRequest(), metadata=signed(guest)).read()
        assert refusal(caught.value) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS")
        await stub.StreamNotices(StreamNoticesRequest(), metadata=signed(host)).read()
        calls[0].cancel()

        async def admitted() -> bool:
            call = stub.StreamNotices(StreamNoticesRequest(), metadata=signed(guest))
            try:
                await call.read()
            except grpc.aio.AioRpcError:
                return False
            call.cancel()
            return True

        await until(admitted, "a place is free again", 5)


async def test_somebody_elses_notice_is_no_place_to_resume(
    notify_inside: NotifyServiceStub, guest: Person, host: Person
) -> None:
    await tell(notify_inside, host, "hers")
    [notice] = await inbox(host)
    assert reason(await guest.get(f"{STREAM}?last_id={notice['id']}")) == (404, "NOTICE_NOT_FOUND")
    assert reason(await guest.get(f"{STREAM}?last_id=x")) == (400, "INVALID_FIELDS")
    assert reason(await guest.http.get(STREAM)) == (401, "TOKEN_MISSING")


async def test_a_slow_reader_is_cut_off_and_nobody_waits_for_him(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person, host: Person
) -> None:
    changes = [Change(field=f"field_{number}", before="b" * 200, after="a" * 200) for number in range(32)]
    async with public_channel(mesh) as channel, streaming(host) as other:
        call = NotifyServiceStub(channel).StreamNotices(StreamNoticesRequest(), metadata=signed(guest))
        assert (await anext(aiter(call))).id == ""
        for _ in range(10):
            long = [event(to=guest.id, kind="announcement_changed", changes=changes) for _ in range(40)]
            await notify_inside.BatchPublish(BatchPublishRequest(requests=long))
        began = time.monotonic()
        await tell(notify_inside, host, "in time")
        await other.until(1)
        assert time.monotonic() - began < 1
        # He takes nothing for longer than he may; then what was on its way arrives, and the stream is over.
        await asyncio.sleep(2.5)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await drained(call)
        assert refusal(caught.value) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "READER_TOO_SLOW")


async def drained(call: AsyncIterable[Notice]) -> int:
    """How many messages are left in a stream."""
    async with asyncio.timeout(20):
        return len([message async for message in call])


async def test_without_valkey_it_takes_a_moment_longer(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(streaming(guest)) for _ in range(3)]
        async with without(mesh, "valkey"):
            began = time.monotonic()
            await tell(notify_inside, guest, "without")
            for stream in streams:
                await stream.until(1)
            assert time.monotonic() - began < 5

        async def rung() -> bool:
            began, count = time.monotonic(), len(streams[0].notices)
            await tell(notify_inside, guest, "with")
            for stream in streams:
                await stream.until(count + 1)
            return time.monotonic() - began < 0.3

        await until(rung, "it is quick again", 10)
        titles = ["without", *(len(streams[0].notices) - 1) * ["with"]]
        assert [stream.titles for stream in streams] == 3 * [titles]


async def test_while_valkey_hangs_it_takes_a_moment_longer(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    valkey = mesh.supervisor.processes()["valkey"]["pid"]
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(streaming(guest)) for _ in range(4)]
        os.kill(valkey, signal.SIGSTOP)
        try:
            began = time.monotonic()
            await tell(notify_inside, guest, "meanwhile")
            for stream in streams:
                await stream.until(1)
            assert time.monotonic() - began < 5
        finally:
            os.kill(valkey, signal.SIGCONT)
    await until_all_serve(mesh)


async def test_nothing_is_missed_when_processes_die(mesh: Mesh, guest: Person) -> None:
    seen: list[str] = []
    titles = [str(number) for number in range(150)]

    async def read() -> None:
        last_id = NIL
        while len(seen) < len(titles):
            try:
                async with streaming(guest, last_id) as stream:
                    while not stream.ended and len(seen) + len(stream.notices) < len(titles):
                        stream.news.clear()
                        await stream.news.wait()
            except (AssertionError, TimeoutError, httpx.TransportError):
                await asyncio.sleep(0.1)
                continue
            seen.extend(stream.titles)
            last_id = stream.notices[-1]["id"] if stream.notices else last_id

    async def publish() -> None:
        for title in titles:
            one = event(to=guest.id, title=title)

            async def published(one: PublishRequest = one) -> bool:
                try:
                    async with inner_channel(mesh, "notify", "booking") as channel:
                        await NotifyServiceStub(channel).Publish(one)
                except grpc.aio.AioRpcError:
                    return False
                return True

            await until(published, "notify takes it")

    reading = asyncio.create_task(read())
    publishing = asyncio.create_task(publish())
    for name in ("notify-2", "envoy", "notify"):
        await asyncio.sleep(0.5)
        await kill(mesh, name)
    await publishing
    await asyncio.wait_for(reading, 60)
    assert seen == titles
    await until_all_serve(mesh)


async def test_a_process_that_stops_lets_its_streams_resume_elsewhere(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    async with AsyncExitStack() as stack:
        streams: list[Stream] = []

        async def one_more_than_a_process_holds() -> bool:
            # Refused by the one that is full, it may find the other next time.
            with suppress(AssertionError):
                streams.append(await stack.enter_async_context(streaming(guest)))
            return len(streams) > MOST

        await until(one_more_than_a_process_holds, "both processes have streams")
        await asyncio.to_thread(mesh.supervisor.stop, "notify-2")

        async def some_ended() -> bool:
            return any(stream.ended for stream in streams)

        await until(some_ended, "the streams of the process have ended")
    async with streaming(guest, NIL) as resumed:
        await tell(notify_inside, guest, "goes on")
        await resumed.until(1)
    await start(mesh, "notify-2")
    await until_all_serve(mesh)
