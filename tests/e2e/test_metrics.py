"""The numbers that each process gives to Prometheus."""

import asyncio
import re
from collections.abc import AsyncIterator

import grpc
import httpx
import pytest
import pytest_asyncio
from matinee.movie.v1.movie_pb2 import GetMovieRequest, ListMoviesRequest
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub
from prometheus_client.parser import text_string_to_metric_families

from local.home import PYTHON, ROOT
from local.mesh import Mesh
from local.processes import all_processes, service_environment
from local.services import METRICS, NAMES, get_service
from tests.channels import signed
from tests.e2e.faults import until
from tests.people import Person, evening, ok
from tests.processes import METERED, own_process

SERVICE = "matinee.movie.v1.MovieService"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def ask(port: int, path: str = "/metrics") -> httpx.Response:
    """What a process answers where it gives away its numbers."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}")


async def scraped(port: int) -> Samples:
    """What a process tells, by name and labels."""
    families = text_string_to_metric_families(ok_text(await ask(port)))
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def ok_text(answer: httpx.Response) -> str:
    """The text of an answer that has to be good."""
    assert answer.status_code == 200
    return answer.text


async def value(port: int, metric: str, /, **labels: str) -> float:
    """One number; 0 if there is none yet."""
    return (await scraped(port)).get((metric, frozenset(labels.items())), 0)


def port_of(mesh: Mesh, name: str) -> int:
    """Where a process of the mesh tells."""
    return next(process.metrics_port for process in all_processes(mesh.settings) if process.name == name)


@pytest_asyncio.fixture(loop_scope="session")
async def movie(mesh: Mesh) -> AsyncIterator[tuple[MovieServiceStub, int]]:
    """A process of movie of the test's own, and where it tells."""
    async with own_process(mesh, "movie", METERED) as (_, channel):
        yield MovieServiceStub(channel), mesh.settings.port(METERED + METRICS)


@pytest.mark.parametrize("name", NAMES)
async def test_every_service_tells_that_it_serves_and_what_it_is(mesh: Mesh, name: str) -> None:
    samples = await scraped(port_of(mesh, name))
    assert samples["matinee_serving", frozenset()] == 1
    assert [dict(labels)["service"] for metric, labels in samples if metric == "matinee_info"] == [name]


async def test_answered_call_is_counted_once_with_its_code(movie: tuple[MovieServiceStub, int], guest: Person) -> None:
    stub, port = movie
    for _ in range(3):
        await stub.ListMovies(ListMoviesRequest(), metadata=signed(guest))
    assert await value(port, "matinee_rpc_seconds_count", method=f"{SERVICE}/ListMovies", code="OK") == 3


async def test_refused_call_is_counted_by_code_and_reason(movie: tuple[MovieServiceStub, int], guest: Person) -> None:
    stub, port = movie
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.GetMovie(GetMovieRequest(movie_id="no uuid"), metadata=signed(guest))
    method = f"{SERVICE}/GetMovie"
    assert await value(port, "matinee_rpc_seconds_count", method=method, code="INVALID_ARGUMENT") == 1
    assert await value(port, "matinee_refusals_total", method=method, reason="INVALID_FIELDS") == 1


async def test_no_call_stays_under_way_after_its_answer(movie: tuple[MovieServiceStub, int], guest: Person) -> None:
    stub, port = movie
    await asyncio.gather(*(stub.ListMovies(ListMoviesRequest(), metadata=signed(guest)) for _ in range(50)))
    assert await value(port, "matinee_rpcs_under_way", method=f"{SERVICE}/ListMovies") == 0


async def test_pool_tells_of_its_connections(mesh: Mesh, guest: Person) -> None:
    ok(await guest.get("/app/v1/bookings"))
    samples = await scraped(port_of(mesh, "booking"))
    states = [
        samples["matinee_pool_connections", frozenset({("pool", "booking"), ("state", state)})]
        for state in ("idle", "busy")
    ]
    assert 0 < sum(states) <= samples["matinee_pool_limit", frozenset({("pool", "booking")})]


async def test_names_that_are_asked_for_again_come_from_the_process(
    mesh: Mesh, host: Person, guest: Person, film: dict[str, object]
) -> None:
    shown = ok(await host.post(f"/app/v1/announcement/{film['id']}", evening()))
    port = port_of(mesh, "booking")
    ok(await guest.get(f"/app/v1/announcement/{shown['id']}"))
    before = await value(port, "matinee_cache_lookups_total", cache="booking:user", found="process")
    ok(await guest.get(f"/app/v1/announcement/{shown['id']}"))
    assert await value(port, "matinee_cache_lookups_total", cache="booking:user", found="process") > before


async def test_jobs_of_a_booking_are_counted(mesh: Mesh, host: Person, guest: Person, film: dict[str, object]) -> None:
    port = port_of(mesh, "booking")
    shown = ok(await host.post(f"/app/v1/announcement/{film['id']}", evening()))
    before = await value(port, "matinee_job_seconds_count", name="tell", outcome="done")
    ok(await guest.post(f"/app/v1/booking/{shown['id']}"))

    async def counted() -> bool:
        return await value(port, "matinee_job_seconds_count", name="tell", outcome="done") > before

    await until(counted, "the job is counted")


async def test_periodic_work_tells_when_it_went_well(mesh: Mesh) -> None:
    port = port_of(mesh, "booking")
    before = await value(port, "matinee_periodic_success_timestamp_seconds", work="reminders")

    async def again() -> bool:
        return await value(port, "matinee_periodic_success_timestamp_seconds", work="reminders") > before > 0

    await until(again, "reminders are looked for again")


@pytest.mark.parametrize("name", NAMES)
async def test_numbers_name_nobody(mesh: Mesh, guest: Person, name: str) -> None:
    ok(await guest.get(f"/app/v1/average_score/{guest.id}"))
    text = ok_text(await ask(port_of(mesh, name)))
    assert re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|[\w.]+@[\w.]+|eyJ", text) == []


@pytest.mark.parametrize("path", ["/", "/metrics/", "/favicon.ico", "/metricsx"])
async def test_nothing_but_numbers_is_given_away(mesh: Mesh, path: str) -> None:
    assert (await ask(port_of(mesh, "auth"), path)).status_code == 404


async def test_process_without_the_setting_listens_nowhere_and_serves(mesh: Mesh, guest: Person) -> None:
    async with own_process(mesh, "movie", METERED, METRICS_LISTEN="") as (_, channel):
        await MovieServiceStub(channel).ListMovies(ListMoviesRequest(), metadata=signed(guest))
        with pytest.raises(httpx.ConnectError):
            await ask(mesh.settings.port(METERED + METRICS))


async def test_process_whose_port_is_taken_says_so_and_ends(mesh: Mesh) -> None:
    taken = port_of(mesh, "auth")
    environment = service_environment(mesh.settings, get_service("movie"), mesh.settings.port(METERED))
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        "-m",
        "movie_svc",
        cwd=ROOT,
        env={**environment, "METRICS_LISTEN": f"127.0.0.1:{taken}"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, b"METRICS_LISTEN" in stderr) == (1, True)
