"""Parts of the mesh stop, die and come back while people use it; two booking processes share the work."""

import asyncio
import itertools
import re
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
import redis.asyncio
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from local import services
from local.mesh import Mesh, running_mesh
from tests.channels import public_channel, refusal, signed
from tests.e2e.faults import (
    booking_rows,
    jobs,
    kill,
    logged,
    pid,
    start,
    supervisor_log,
    until,
    until_all_serve,
    until_answered,
    until_told,
    without,
)
from tests.e2e.story import Story
from tests.people import Person, evening, ok, reason, register

BOTH = ("booking", "booking-2")
# Those in a row die one after the other, the next before the one before is back.
TORN = (("booking",), ("auth", "movie", "ugc", "notify"), ("envoy",), ("valkey",), ("postgres",))
MOMENTS = (0.0, 0.002, 0.005, 0.01, 0.02, 0.1)
"""Seconds after which a client hangs up: before, while and after its call is executed."""
LEAKS = re.compile(r"traceback|asyncpg|sqlalchemy|postgres|errno|127\.0\.0\.1|/\w+/\w+\.py", re.IGNORECASE)
Announced = tuple[Person, Any]
AT_ONCE = 2.0
"""Seconds within which people are answered although something is away."""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    """A mesh that may be torn apart."""
    with running_mesh(extra_env={"BOOKING_PROCESSES": "2"}) as own:
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    """A client at its public port."""
    url = f"http://{mesh.settings.edge_host}:{mesh.settings.edge_port}"
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def films(http: httpx.AsyncClient) -> list[Any]:
    """Films that evenings may be announced for; each is taken by one test, so that nobody has heard of it."""
    return list(ok(await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=100")))


@pytest.fixture
def film(films: list[Any]) -> Any:
    """A film that no service has been asked for."""
    return films.pop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stories(http: httpx.AsyncClient, films: list[Any]) -> list[Story]:
    """Two hosts with four guests each."""
    people = await asyncio.gather(*(register(http) for _ in range(10)))
    return [Story(people[0], people[1:5], films[0]["id"]), Story(people[5], people[6:], films[0]["id"])]


@pytest_asyncio.fixture
async def strangers(http: httpx.AsyncClient, films: list[Any]) -> list[Person]:
    """A host and guests whose names nobody has asked for, in a mesh whose services have all seen a token."""
    witness, *people = await asyncio.gather(*(register(http) for _ in range(4)))
    await witness.announce(films.pop()["id"])
    await asyncio.gather(*(witness.get("/app/v1/bookings") for _ in range(16)))
    return people


# -- what is away for a while


async def test_notices_owed_while_notify_was_down_arrive_once_each(
    mesh: Mesh, host: Person, crowd: list[Person], film: Any
) -> None:
    guests = crowd[:4]
    async with without(mesh, "notify"):
        announcement = await host.announce(film["id"], tickets_count=4)
        for booking in [await guest.apply(announcement) for guest in guests]:
            began = time.monotonic()
            ok(await host.decide(booking, True))
            assert time.monotonic() - began < AT_ONCE
    await until_told(mesh)
    inbox = ok(await host.get("/notify/v1/inbox?page_size=100"))
    assert Counter(notice["kind"] for notice in inbox) == {"booking_created": 4, "booking_status": 4}
    for guest in guests:
        assert [notice["kind"] for notice in ok(await guest.get("/notify/v1/inbox"))] == ["booking_status"]


@pytest_asyncio.fixture(scope="class", loop_scope="session")
async def without_notify(mesh: Mesh) -> AsyncIterator[None]:
    """Jobs wait, so that they can be counted."""
    async with without(mesh, "notify"):
        yield


@pytest.mark.usefixtures("without_notify")
class TestWithoutNotify:
    """What is decided waits to be told, what is refused does not."""

    async def test_an_acceptance_adds_one_job(self, mesh: Mesh, host: Person, guest: Person, film: Any) -> None:
        booking = await guest.apply(await host.announce(film["id"]))
        before = await jobs(mesh)
        ok(await host.decide(booking, True))
        assert len(await jobs(mesh) - before) == 1

    async def test_refusals_leave_no_job_behind(
        self, mesh: Mesh, host: Person, guest: Person, strangers: list[Person], film: Any
    ) -> None:
        announcement = await host.announce(film["id"], tickets_count=1)
        path = f"/app/v1/booking/{announcement['id']}"
        first, second = await guest.apply(announcement), await strangers[0].apply(announcement)
        ok(await host.decide(first, True))
        before = await jobs(mesh)
        refused = [
            await strangers[1].post(path),
            await guest.post(path),
            await host.post(path),
            await host.decide(first, True),
            await host.decide(second, True),
            await strangers[1].decide(second, True),
        ]
        assert [reason(answer)[1] for answer in refused] == [
            "NO_PLACES_LEFT",
            "BOOKING_EXISTS",
            "OWN_ANNOUNCEMENT",
            "WRONG_BOOKING_STATE",
            "NO_PLACES_LEFT",
            "NOT_YOUR_BOOKING",
        ]
        assert not await jobs(mesh) - before

    async def test_processes_with_notices_to_deliver_stop_cleanly(
        self, mesh: Mesh, host: Person, guest: Person, film: Any
    ) -> None:
        await guest.apply(await host.announce(film["id"]))
        known = len(supervisor_log(mesh))
        await asyncio.to_thread(mesh.supervisor.stop, *BOTH)
        written = supervisor_log(mesh)[known:]
        await start(mesh, *BOTH)
        assert [f"stopped: {name} (exit status 0)" in written for name in BOTH] == [True, True]


@pytest_asyncio.fixture(scope="class", loop_scope="session")
async def announced(mesh: Mesh, http: httpx.AsyncClient, films: list[Any]) -> AsyncIterator[Announced]:
    """An evening of before the catalogue stopped, for a film that is left in no cache but the processes' own."""
    host = await register(http)
    announcement = await host.announce(films.pop()["id"])
    async with without(mesh, "movie"):
        port, password = mesh.settings.port(services.VALKEY), mesh.settings.valkey_password
        async with redis.asyncio.Redis(port=port, password=password) as client:
            await client.flushdb()
        yield host, announcement


@pytest.mark.usefixtures("announced")
class TestWithoutMovie:
    """What the catalogue knows may be missing from an answer; what it decides is refused."""

    async def test_announcing_is_refused_and_nothing_is_written(self, mesh: Mesh, host: Person, film: Any) -> None:
        path = f"/app/v1/announcement/{film['id']}"
        assert reason(await host.post(path, evening())) == (503, "PEER_UNAVAILABLE")
        assert ok(await host.get(f"/app/v1/announcements?filter[author]={host.id}")) == []
        assert await booking_rows(mesh, "SELECT FROM announcements WHERE author_id = $1", host.id) == []

    async def test_healthz_names_it(self, http: httpx.AsyncClient) -> None:
        answer = await http.get("/healthz")
        assert (answer.status_code, answer.json()) == (503, {"status": "NOT_SERVING", "not_serving": ["movie"]})

    async def test_titles_are_empty(self, announced: Announced) -> None:
        host, announcement = announced

        async def degraded() -> bool:
            seen = await host.get(f"/app/v1/announcement/{announcement['id']}")
            assert (ok(seen)["movie_title"] == "") == (seen.headers.get("x-degraded") == "movie")
            assert ok(seen)["author_name"] == "Robin"
            return bool(ok(seen)["movie_title"] == "")

        await until(degraded, "the processes have forgotten the film", 10)


async def test_without_auth_names_are_empty_and_tokens_are_believed(
    mesh: Mesh, strangers: list[Person], film: Any
) -> None:
    host, guest, _ = strangers
    async with without(mesh, "auth"):
        announced = await host.post(f"/app/v1/announcement/{film['id']}", evening())
        booked = await guest.post(f"/app/v1/booking/{ok(announced)['id']}")
        decided = await host.decide(ok(booked), True)
        listed = await guest.get("/app/v1/bookings?filter[self]=guest")
    assert {ok(answer)["author_name"] for answer in (announced, booked, decided)} == {""}
    assert [(row["author_name"], row["guest_name"]) for row in ok(listed)] == [("", "")]
    assert {answer.headers["x-degraded"] for answer in (announced, booked, decided, listed)} == {"auth"}


async def test_a_private_evening_is_refused_without_ugc(mesh: Mesh, host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], sub_only=True)
    path = f"/app/v1/announcement/{announcement['id']}"
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    async with without(mesh, "ugc"):
        assert reason(await guest.post(f"/app/v1/booking/{announcement['id']}")) == (503, "PEER_UNAVAILABLE")
        assert reason(await guest.get(path)) == (503, "PEER_UNAVAILABLE")
        ok(await host.get(path))
        assert ok(await guest.get("/app/v1/bookings?filter[self]=guest")) == []
    await until_answered(lambda: guest.post(f"/app/v1/booking/{announcement['id']}"))


async def test_without_valkey_everything_is_as_before(mesh: Mesh, http: httpx.AsyncClient, film: Any) -> None:
    async def live() -> None:
        host, guest = await register(http), await register(http)
        booking = await guest.apply(await host.announce(film["id"]))
        ok(await host.decide(booking, True))
        seen = ok(await guest.get(f"/app/v1/announcement/{booking['announcement_id']}"))
        assert (seen["author_name"], seen["movie_title"]) == ("Robin", film["title"])
        assert ok(await guest.get("/app/v1/bookings?filter[self]=guest"))

    async with without(mesh, "valkey"):
        await live()
    await live()


async def test_without_postgres_everything_is_a_quick_503_and_then_as_before(
    mesh: Mesh, http: httpx.AsyncClient, host: Person, guest: Person, film: Any
) -> None:
    announcement = await host.announce(film["id"])
    before = {name: await asyncio.to_thread(pid, mesh, name) for name in (*BOTH, "auth", "movie", "ugc", "notify")}
    account = {"email": f"{secrets.token_hex(8)}@test.example.com", "password": secrets.token_hex(8), "name": "Robin"}

    async def ask() -> list[httpx.Response]:
        return await asyncio.gather(
            host.get("/app/v1/announcements"),
            host.get(f"/app/v1/announcement/{announcement['id']}"),
            host.get("/app/v1/bookings"),
            host.post(f"/app/v1/announcement/{film['id']}", evening()),
            guest.post(f"/app/v1/booking/{announcement['id']}", headers={"idempotency-key": secrets.token_hex(8)}),
            guest.get("/notify/v1/inbox"),
            guest.put(f"/ugc/v1/following/{host.id}"),
            http.get("/movie_api/v1/movies"),
            http.post("/auth/v1/register/", json=account),
            http.post("/auth/v1/login/", json={"email": host.email, "password": host.password}),
        )

    async with without(mesh, "postgres"):
        for _ in range(2):
            began = time.monotonic()
            answers = await ask()
            assert time.monotonic() - began < 5
            assert {reason(answer) for answer in answers} == {(503, "PEER_UNAVAILABLE")}
            assert not [answer.text for answer in answers if LEAKS.search(answer.text)]
    assert {answer.status_code for answer in await ask()} == {200}
    assert {name: await asyncio.to_thread(pid, mesh, name) for name in before} == before


# -- what dies


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
        served = [len(logged(mesh, name, rf"{mine}-\d+")) for name in BOTH]
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
        assert all(logged(mesh, name, mine) for name in BOTH)


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
