"""Parts of the mesh are away for a while and come back while people use it."""

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import redis.asyncio

from local import services
from local.mesh import Mesh
from local.valkey import ADMIN
from tests.e2e.faults import (
    BOTH,
    booking_rows,
    jobs,
    pid,
    start,
    supervisor_log,
    until,
    until_answered,
    until_told,
    without,
)
from tests.people import Person, evening, ok, reason, register

LEAKS = re.compile(r"traceback|asyncpg|sqlalchemy|postgres|errno|127\.0\.0\.1|/\w+/\w+\.py", re.IGNORECASE)
Announced = tuple[Person, Any]
AT_ONCE = 2.0
"""Seconds within which people are answered although something is away."""


@pytest_asyncio.fixture
async def strangers(http: httpx.AsyncClient, films: list[Any]) -> list[Person]:
    """A host and guests whose names nobody has asked for, in a mesh whose services have all seen a token."""
    witness, *people = await asyncio.gather(*(register(http) for _ in range(4)))
    await witness.announce(films.pop()["id"])
    await asyncio.gather(*(witness.get("/app/v1/bookings") for _ in range(16)))
    return people


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
        async with redis.asyncio.Redis(port=port, username=ADMIN, password=password) as client:
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

        await until(degraded, "the processes have forgotten the film", 20)


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


@pytest.mark.parametrize("path", ["/app/v1/announcements?filter[author]={}", "/app/v1/hosts?filter[movie]={}"])
async def test_lists_leave_private_evenings_out_without_ugc(
    mesh: Mesh, host: Person, guest: Person, film: Any, path: str
) -> None:
    private = await host.announce(film["id"], sub_only=True)
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    path = path.format(host.id if "author" in path else film["id"])
    assert len(ok(await guest.get(path))) == 1
    async with without(mesh, "ugc"):
        answer = await guest.get(path)
        assert (ok(answer), answer.headers["x-degraded"]) == ([], "ugc")
        assert len(ok(await host.get(f"/app/v1/announcements?filter[author]={host.id}"))) == 1
    ok(await host.delete(f"/app/v1/announcement/{private['id']}"))


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
