"""What the edge adds between HTTP and the services, and what it says when they are away."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from grpc_health.v1 import health_pb2
from matinee.booking.v1 import booking_pb2
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from mesh.errors import from_call
from tests.e2e.edge_toys import Edge, running_edge, token

FORGER = ec.generate_private_key(ec.SECP256R1())
BAD_TOKENS = {
    "expired": (token(exp=int(time.time()) - 120), "TOKEN_EXPIRED"),
    "forged": (token(FORGER), "TOKEN_INVALID"),
    "for somebody else": (token(aud="another"), "TOKEN_INVALID"),
    "by somebody else": (token(iss="another"), "TOKEN_INVALID"),
    "garbage": ("garbage", "TOKEN_INVALID"),
}
bad_tokens = pytest.mark.parametrize(("bad", "reason"), BAD_TOKENS.values(), ids=BAD_TOKENS)


@pytest_asyncio.fixture(scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path_factory.mktemp("edge")) as running:
        yield running


def refusal(answer: httpx.Response) -> tuple[int, int, str]:
    """HTTP status, gRPC code and reason of a refusal, which must be JSON of the documented form."""
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert set(body) == {"code", "message", "details"}
    assert body["message"]
    return answer.status_code, body["code"], body["details"][0]["reason"] if body["details"] else ""


@pytest.mark.parametrize("query", ["filter[location]=a[b]", "filter%5Blocation%5D=a[b]", "filter%5blocation]=a%5Bb%5D"])
@pytest.mark.parametrize("path", ["/app/v1/announcements", "/app/v1/announcements/"])
async def test_bracketed_filters_arrive_and_lists_are_arrays(edge: Edge, path: str, query: str) -> None:
    answer = await edge.http.get(f"{path}?{query}&filter[tickets]=3")
    rows = answer.json()
    assert [(row["title"], row["tickets_left"]) for row in rows] == [("a[b]", 3)]
    assert answer.headers["x-next-page-token"] == "abc_-="
    assert not {"x-json-unwrap", "grpc-status", "grpc-message"} & set(answer.headers)


async def test_an_empty_list_is_an_empty_array(edge: Edge) -> None:
    assert (await edge.http.get("/app/v1/announcements?page_size=1")).text == "[]"


async def test_null_is_written(edge: Edge) -> None:
    assert (await edge.http.get("/app/v1/booking/x")).json()["author_status"] is None


@pytest.mark.parametrize("content", [None, b"", b"{}"])
async def test_a_post_needs_no_body(edge: Edge, content: bytes | None) -> None:
    answer = await edge.http.post("/app/v1/booking/x/", content=content)
    assert (answer.status_code, answer.json()["announcement_id"]) == (200, "x")


async def test_a_service_chooses_the_http_status(edge: Edge) -> None:
    answer = await edge.http.post("/app/v1/booking/elsewhere")
    assert (answer.status_code, answer.headers["location"]) == (302, "http://localhost/there")
    assert "x-http-status" not in answer.headers


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"{bad", "Expected"),
        (b"[]", "message"),
        (b'{"tickets": "many"}', "tickets"),
        (b'{"announcement_id": "another"}', "announcement_id"),
    ],
)
async def test_a_bad_body_is_explained(edge: Edge, content: bytes, word: str) -> None:
    answer = await edge.http.post("/app/v1/booking/x", content=content)
    assert refusal(answer) == (400, 3, "INVALID_FIELDS")
    assert word in answer.json()["message"]


@pytest.mark.parametrize("query", ["filter[nothing]=1", "nothing=1", "page_size=many", "filter[is_free]=perhaps"])
async def test_a_bad_query_is_refused(edge: Edge, query: str) -> None:
    assert refusal(await edge.http.get(f"/app/v1/announcements?{query}")) == (400, 3, "INVALID_FIELDS")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/nothing"), ("GET", "/app/v1/nothing"), ("PATCH", "/app/v1/booking/x")]
)
async def test_what_nobody_serves_is_not_found(edge: Edge, method: str, path: str) -> None:
    assert refusal(await edge.http.request(method, path)) == (404, 5, "")


@pytest.mark.parametrize("size", [65_537, 10_000_000])
async def test_a_body_that_is_too_large_gets_an_answer(edge: Edge, size: int) -> None:
    before = edge.booking.calls["CreateBooking"]
    for _ in range(3):
        answer = await edge.http.post("/app/v1/booking/x", content=b" " * size)
        assert refusal(answer) == (413, 8, "TOO_LARGE")
    assert edge.booking.calls["CreateBooking"] == before


async def test_the_largest_body_is_taken(edge: Edge) -> None:
    content = json.dumps({"tickets": 1}).encode().ljust(65_536)
    assert (await edge.http.post("/app/v1/booking/x", content=content)).status_code == 200


@bad_tokens
async def test_a_bad_token_is_refused_over_http(edge: Edge, bad: str, reason: str) -> None:
    answer = await edge.http.get("/app/v1/booking/x", headers={"authorization": f"Bearer {bad}"})
    assert refusal(answer) == (401, 16, reason)


@bad_tokens
async def test_a_bad_token_is_refused_over_grpc(edge: Edge, bad: str, reason: str) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{edge.port}") as channel:
        call = BookingServiceStub(channel).GetBooking(
            booking_pb2.GetBookingRequest(booking_id="x"), metadata=(("authorization", f"Bearer {bad}"),)
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert from_call(caught.value).reason == reason


async def test_a_good_token_travels_on(edge: Edge) -> None:
    good = f"Bearer {token()}"
    assert (await edge.http.get("/app/v1/booking/x", headers={"authorization": good})).status_code == 200
    assert edge.booking.headers["authorization"] == good


async def test_a_write_is_never_sent_twice(edge: Edge) -> None:
    before = edge.booking.calls["CreateBooking"]
    greedy = {"x-envoy-retry-grpc-on": "unavailable", "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "5"}
    answer = await edge.http.post("/app/v1/booking/unavailable", headers=greedy)
    assert refusal(answer) == (503, 14, "")
    assert edge.booking.calls["CreateBooking"] == before + 1


async def test_a_read_is_tried_again(edge: Edge) -> None:
    before = edge.booking.calls["GetBooking"]
    assert refusal(await edge.http.get("/app/v1/booking/unavailable")) == (503, 14, "")
    assert edge.booking.calls["GetBooking"] == before + 3


async def test_a_plain_request_id_is_kept(edge: Edge) -> None:
    answer = await edge.http.get("/app/v1/booking/x", headers={"x-request-id": "mine-1"})
    assert answer.headers["x-request-id"] == edge.booking.headers["x-request-id"] == "mine-1"


@pytest.mark.parametrize("given", [None, "", "two words", '{"a":1}', "a" * 129])
async def test_any_other_request_id_is_replaced(edge: Edge, given: str | None) -> None:
    headers = {} if given is None else {"x-request-id": given}
    answer = await edge.http.get("/app/v1/booking/x", headers=headers)
    assert len(answer.headers["x-request-id"]) == 36
    assert answer.headers["x-request-id"] == edge.booking.headers["x-request-id"]


async def test_a_caller_cannot_speak_for_the_edge(edge: Edge) -> None:
    forged = {
        "x-http-status": "302",
        "x-json-unwrap": "id",
        "grpc-timeout": "1n",
        "x-envoy-original-path": "/elsewhere",
    }
    answer = await edge.http.get("/app/v1/booking/x", headers={**forged, "idempotency-key": "key"})
    assert (answer.status_code, answer.json()["id"]) == (200, "x")
    arrived = edge.booking.headers
    assert not {"x-http-status", "x-json-unwrap"} & set(arrived)
    assert (arrived["idempotency-key"], arrived["x-envoy-original-path"]) == ("key", "/app/v1/booking/x")


async def test_a_service_that_is_away_is_a_503(edge: Edge) -> None:
    assert refusal(await edge.http.get("/movie_api/v1/movies")) == (503, 14, "PEER_UNAVAILABLE")


async def test_healthz_names_what_does_not_serve(edge: Edge) -> None:
    answer = await edge.http.get("/healthz")
    assert (answer.status_code, answer.json()["not_serving"]) == (503, ["movie", "ugc", "notify"])
    await edge.health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    try:
        everybody = (await edge.http.get("/healthz")).json()["not_serving"]
        # It is called nevertheless, so that it can say why itself.
        assert (await edge.http.get("/app/v1/booking/x")).status_code == 200
    finally:
        await edge.health.set("", health_pb2.HealthCheckResponse.SERVING)
    assert everybody == ["auth", "movie", "ugc", "booking", "notify"]


async def test_without_keys_a_token_is_not_called_bad(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running_edge(tmp_path_factory.mktemp("edge"), with_keys=False) as edge:
        answer = await edge.http.get("/app/v1/booking/x", headers={"authorization": f"Bearer {token()}"})
        assert refusal(answer) == (503, 14, "PEER_UNAVAILABLE")
