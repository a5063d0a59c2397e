"""Parts of the mesh die while people use it; two booking processes share the work."""

import asyncio
import itertools
import secrets
import signal
import time
from collections import Counter
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from local.mesh import Mesh
from tests.channels import public_channel, refusal, signed
from tests.e2e.faults import BOTH, booking_rows, kill, lines_of, pid, supervisor_log, until, until_all_serve, until_told
from tests.e2e.story import Story
from tests.people import Person, evening, ok, register

# Those in a row die one after the other, the next before the one before is back.
TORN = (("booking",), ("auth", "movie", "ugc", "notify"), ("envoy",), ("valkey",), ("postgres",))
MOMENTS = (0.0, 0.002, 0.005, 0.01, 0.02, 0.1)
"""Seconds after which a client hangs up: before, while and after its call is executed."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stories(http: httpx.AsyncClient, films: list[Any]) -> list[Story]:
    """Two hosts with four guests each."""
    people = await asyncio.gather(*(register(http) for _ in range(10)))
    return [Story(people[0], people[1:5], films[0]["id"]), Story(people[5], people[6:], films[0]["id"])]


@pytest.mark.parametrize("names", TORN, ids="-".join)
async def test_what_was_acknowledged_survives_the_death_of(
    mesh: Mesh, stories: list[Story], names: tuple[str, ...]
) -> None:
    end = asyncio.Event()
    told = asyncio.gather(*(story.go_on(end) for story in stories))
    before = sum(len(story.promised) for story in stories)

    async def in_the_middle() -> bool:
        return told.done() or sum(len(story.promised) for story in stories) > before

    try:
        for name in names:
            await until(in_the_middle, "evenings go on")
            before = sum(len(story.promised) for story in stories)
            await kill(mesh, name)
        await asyncio.to_thread(mesh.wait_healthy, *names)
    finally:
        end.set()
        await told
    for story in stories:
        await story.check()
    await until_all_serve(mesh)


async def test_a_process_told_to_stop_under_load_fails_nobody(
    mesh: Mesh, host: Person, guest: Person, film: Any
) -> None:
    announcement = await host.announce(film["id"])
    stopped = await asyncio.to_thread(pid, mesh, "booking-2")
    known = len(supervisor_log(mesh))
    end = asyncio.Event()
    answers: Counter[int] = Counter()

    async def load() -> None:
        while not end.is_set():
            answers[(await host.get(f"/app/v1/announcement/{announcement['id']}")).status_code] += 1
            answers[(await host.post(f"/app/v1/announcement/{film['id']}", evening(status="Created"))).status_code] += 1
            # The machine is needed for starting the process again, too.
            await asyncio.sleep(0.01)

    async def left() -> bool:
        return await asyncio.to_thread(pid, mesh, "booking-2") != stopped

    loads = asyncio.gather(*(load() for _ in range(4)))
    await asyncio.to_thread(mesh.supervisor.signal, "booking-2", signal.SIGTERM)
    await until(left, "booking-2 has left")
    await asyncio.to_thread(mesh.wait_healthy, "booking-2")
    end.set()
    await loads
    assert set(answers) == {200}
    assert "exited: booking-2 (exit status 0; expected)" in supervisor_log(mesh)[known:]


async def test_an_application_whose_answer_was_lost_is_executed_once(
    mesh: Mesh, host: Person, crowd: list[Person], film: Any
) -> None:
    announcement = await host.announce(film["id"])
    path = f"/app/v1/booking/{announcement['id']}"
    keys = {guest.id: secrets.token_hex(8) for guest in crowd}
    lost = zip(crowd, itertools.cycle(MOMENTS), strict=False)
    await asyncio.gather(*(send_and_hang_up(mesh, guest, path, keys[guest.id], moment) for guest, moment in lost))
    repeated = [
        [ok(await guest.post(path, headers={"idempotency-key": keys[guest.id]})) for _ in range(2)] for guest in crowd
    ]
    for guest, (first, second) in zip(crowd, repeated, strict=True):
        assert first == second
        assert [row["id"] for row in ok(await guest.get("/app/v1/bookings?filter[self]=guest"))] == [first["id"]]
    events = "SELECT booking_id::text FROM booking_events WHERE announcement_id = $1 AND booking_id IS NOT NULL"
    told = [row["booking_id"] for row in await booking_rows(mesh, events, announcement["id"])]
    assert Counter(told) == Counter(first["id"] for first, _ in repeated)


async def send_and_hang_up(mesh: Mesh, person: Person, path: str, key: str, moment: float) -> None:
    """Sends a POST and closes the connection a moment later, whatever has become of it by then."""
    _, writer = await asyncio.open_connection(mesh.settings.edge_host, mesh.settings.edge_port)
    lines = [f"POST {path} HTTP/1.1", "host: matinee", f"authorization: Bearer {person.token}"]
    lines += [f"idempotency-key: {key}", "content-length: 0", "", ""]
    writer.write("\r\n".join(lines).encode())
    await writer.drain()
    await asyncio.sleep(moment)
    writer.transport.abort()


# -- two processes


async def test_both_processes_serve(mesh: Mesh, host: Person) -> None:
    async def both() -> bool:
        mine = secrets.token_hex(8)
        for number in range(20):
            ok(await host.get("/app/v1/bookings", headers={"x-request-id": f"{mine}-{number}"}))
        served = [len(lines) for lines in (await lines_of(mesh, BOTH, rf"{mine}-\d+", 20)).values()]
        assert sum(served) == 20
        return all(served)

    # Envoy looks at a process that has just started once a second.
    await until(both, "both processes serve")


async def test_places_are_sold_once_over_both_processes(
    mesh: Mesh, host: Person, crowd: list[Person], film: Any
) -> None:
    for places in (1, 2, 5):
        mine = secrets.token_hex(8)
        announcement = await host.announce(film["id"], tickets_count=places, accept_at_once=True)
        path, headers = f"/app/v1/booking/{announcement['id']}", {"x-request-id": mine}
        answers = await asyncio.gather(*(guest.post(path, headers=headers) for guest in crowd))
        assert Counter(answer.status_code for answer in answers) == {200: places, 400: len(crowd) - places}
        shown = ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))
        assert len(shown["guest_list"]) == shown["places_taken"] == places
        assert all((await lines_of(mesh, BOTH, mine, len(crowd))).values())


async def test_everybody_reads_his_own_last_write_over_both_processes(
    mesh: Mesh, crowd: list[Person], film: Any
) -> None:
    async def write_and_read(person: Person) -> None:
        path = f"/app/v1/announcement/{(await person.announce(film['id']))['id']}"
        for number in range(15):
            ok(await person.put(path, {"title": f"Take {number}"}))
            assert ok(await person.get(path))["title"] == f"Take {number}"
            rows = ok(await person.get(f"/app/v1/announcements?filter[author]={person.id}"))
            assert [row["title"] for row in rows] == [f"Take {number}"]

    await asyncio.gather(*(write_and_read(person) for person in crowd[:4]))


async def test_of_overlapping_applications_by_grpc_one_wins_and_none_waits(
    mesh: Mesh, guest: Person, crowd: list[Person], film: Any
) -> None:
    first = await crowd[0].announce(film["id"])
    others = [await person.announce(film["id"], event_time=first["event_time"]) for person in crowd[1:8]]
    slowest = 0.0

    async def apply(announcement: Any) -> tuple[grpc.StatusCode, str]:
        nonlocal slowest
        began = time.monotonic()
        try:
            request = booking_pb2.CreateBookingRequest(announcement_id=announcement["id"])
            await stub.CreateBooking(request, metadata=signed(guest))
            return grpc.StatusCode.OK, ""
        except grpc.aio.AioRpcError as error:
            return refusal(error)
        finally:
            slowest = max(slowest, time.monotonic() - began)

    async with public_channel(mesh) as channel:
        stub = BookingServiceStub(channel)
        await channel.channel_ready()
        answers = await asyncio.gather(*(apply(announcement) for announcement in (first, *others)))
    conflict = (grpc.StatusCode.FAILED_PRECONDITION, "TIME_CONFLICT")
    assert Counter(answers) == {(grpc.StatusCode.OK, ""): 1, conflict: 7}
    assert slowest < 1


async def test_everything_was_told_once_in_spite_of_all(mesh: Mesh, stories: list[Story]) -> None:
    for story in stories:
        await story.meet()
    await until_told(mesh)
    for story in stories:
        evenings, accepted = len(story.promised), sum(map(len, story.promised.values()))
        inbox = await story.everything(story.host, "/notify/v1/inbox?page_size=100")
        kinds = Counter(notice["kind"] for notice in inbox)
        assert kinds == {"booking_created": evenings * len(story.guests), "booking_status": accepted}
        told = [await story.everything(guest, "/notify/v1/inbox?page_size=100") for guest in story.guests]
        assert sum(map(len, told)) == accepted
