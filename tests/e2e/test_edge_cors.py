"""Pages of other origins: only those that the settings name may call from a browser."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from envoy.settings import parse_origins
from tests.e2e.edge_toys import Edge, running_edge, token

ORIGINS = ("https://app.example", "http://localhost:3000")


@pytest_asyncio.fixture(scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path_factory.mktemp("edge"), cors_origins=ORIGINS) as running:
        yield running


def preflight(origin: str, method: str, headers: str = "authorization,content-type,idempotency-key") -> dict[str, str]:
    """What a browser asks before the call itself; it never sends a token along."""
    return {"origin": origin, "access-control-request-method": method, "access-control-request-headers": headers}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_page_that_is_named_may_call(edge: Edge, origin: str, method: str) -> None:
    answer = await edge.http.options("/app/v1/booking/x", headers=preflight(origin, method))
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "content-type", "idempotency-key"} <= set(allowed)
    # Tokens come in a header, cookies never: a page cannot use what the browser keeps for somebody.
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "https://app.example.evil.example", "http://app.example", "null"]
)
async def test_any_other_page_may_not(edge: Edge, origin: str) -> None:
    asked = await edge.http.options("/app/v1/booking/x", headers=preflight(origin, "POST"))
    called = await edge.http.get("/app/v1/booking/x", headers={"origin": origin})
    assert not [name for answer in (asked, called) for name in answer.headers if name.startswith("access-control")]


async def test_a_page_reads_the_headers_of_the_contract(edge: Edge) -> None:
    answer = await edge.http.get("/app/v1/announcements", headers={"origin": ORIGINS[0]})
    shown = set(answer.headers["access-control-expose-headers"].split(", "))
    assert {"x-next-page-token", "x-unread-count", "x-degraded", "retry-after", "x-request-id"} <= shown


async def test_a_page_reads_refusals_too(edge: Edge) -> None:
    bad = {"origin": ORIGINS[0], "authorization": f"Bearer {token(aud='another')}"}
    answer = await edge.http.get("/app/v1/booking/x", headers=bad)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, ORIGINS[0])


async def test_an_answer_kept_for_one_page_is_not_given_to_another(edge: Edge) -> None:
    answer = await edge.http.get("/app/v1/booking/x", headers={"origin": ORIGINS[0]})
    assert "origin" in answer.headers["vary"]


async def test_by_default_no_page_may_call(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running_edge(tmp_path_factory.mktemp("edge")) as edge:
        answer = await edge.http.get("/app/v1/booking/x", headers={"origin": "https://app.example"})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", ["app.example", "https://app.example/", "https://*.example", "ftp://app.example"])
def test_what_is_no_origin_is_named(origin: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        parse_origins(origin)
