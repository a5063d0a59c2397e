"""The API pages as the edge serves them; no service has to run for that."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from auth_svc.tokens import PEOPLE
from envoy.pages import address
from envoy.rates import Rate
from local.processes import SAMPLE_PEOPLE
from local.services import NAMES
from tests.e2e.edge_toys import Edge, running_edge

ROOT = Path(__file__).parents[2]
DOCUMENTED = {
    "booking": "/api/openapi",
    "auth": "/auth/api/openapi",
    "ugc": "/ugc/api/openapi",
    "movie": "/movie/api/openapi",
    "notify": "/notify/api/openapi",
}
FEW = Rate(90, 3600)
"""Enough for all tests together but the one that uses it up."""
LOADED = re.compile(r'(?:src|href)="(/[^"]+\.(?:js|css))"')


@pytest_asyncio.fixture(scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    """Behind a proxy, so that a test can have an address of its own."""
    async with running_edge(tmp_path_factory.mktemp("edge"), trusted_hops=1, edge_limit_pages=FEW) as running:
        yield running


@pytest.fixture(params=NAMES)
def path(request: pytest.FixtureRequest) -> str:
    """The address of each page."""
    return DOCUMENTED[request.param]


async def test_every_service_has_its_page_at_the_documented_address(edge: Edge, path: str) -> None:
    for spelled in (path, f"{path}/", f"{path}?x=1"):
        answer = await edge.http.get(spelled)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert f'<a id="document" href="{path}.json">' in answer.text


@pytest.mark.parametrize("service", NAMES)
async def test_the_description_beside_it_is_the_committed_one(edge: Edge, service: str) -> None:
    answer = await edge.http.get(f"{address(service)}.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text())


async def test_all_that_a_page_loads_is_there_and_may_be_kept(edge: Edge) -> None:
    assets = LOADED.findall((await edge.http.get("/api/openapi")).text)
    answers = [await edge.http.get(asset) for asset in assets]
    assert len(assets) == 4
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=31536000, immutable"}


async def test_a_page_runs_nothing_but_what_comes_from_here_and_cannot_be_framed(edge: Edge, path: str) -> None:
    policy = (await edge.http.get(path)).headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert "unsafe" not in " ".join(policy)


@pytest.mark.parametrize("encoding", ["gzip", "br, gzip;q=0.8", "identity", "xgzip", "gzip;q=0"])
async def test_who_understands_it_gets_it_compressed(edge: Edge, encoding: str) -> None:
    async with edge.http.stream("GET", "/api/openapi.json", headers={"accept-encoding": encoding}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    zipped = answer.headers.get("content-encoding") == "gzip"
    assert zipped == (encoding in ("gzip", "br, gzip;q=0.8"))
    assert body.startswith(b"\x1f\x8b") == zipped


async def test_what_is_large_is_always_compressed(edge: Edge) -> None:
    """Envoy holds all of an answer that its caller does not take."""
    for asset in LOADED.findall((await edge.http.get("/api/openapi")).text):
        answer = await edge.http.get(asset, headers={"accept-encoding": "identity"})
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < 500_000


async def test_a_page_is_only_read(edge: Edge) -> None:
    assert (await edge.http.head("/api/openapi")).status_code == 200
    assert (await edge.http.post("/api/openapi", json={})).status_code == 404


async def test_without_sample_people_nobody_is_offered(edge: Edge) -> None:
    assert "example.com" not in (await edge.http.get("/api/openapi")).text


async def test_who_loads_them_too_often_is_told_to_wait(edge: Edge) -> None:
    headers = {"x-forwarded-for": "192.0.2.77"}
    paths = ["/api/openapi", "/auth/api/openapi.json", *LOADED.findall((await edge.http.get("/api/openapi")).text)]
    statuses = [(await edge.http.get(paths[n % 6], headers=headers)).status_code for n in range(FEW.requests + 6)]
    assert statuses == [200] * FEW.requests + [429] * 6


def test_the_image_has_the_descriptions() -> None:
    assert "COPY docs/openapi docs/openapi\n" in (ROOT / "Dockerfile").read_text()
    assert "!docs/openapi" in (ROOT / ".dockerignore").read_text().split()


def test_those_who_are_offered_are_the_sample_people() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["edge-config"]["environment"]
    emails = tuple(f"{role}@example.com" for role in PEOPLE)
    assert emails == SAMPLE_PEOPLE
    assert compose["SAMPLE_PEOPLE"] == "${SAMPLE_PEOPLE-" + ",".join(emails) + "}"
