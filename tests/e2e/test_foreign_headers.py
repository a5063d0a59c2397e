"""Headers that are fine in HTTP and none for gRPC end at the edge: the call goes on without them."""

import httpx
import pytest

FOREIGN = [
    ("x`y", "1"),
    ("x-trace-bin", "%%%"),
    ("grpc-tags-bin", "a"),
    ("grpc-status", "x"),
    ("grpc-previous-rpc-attempts", "x"),
    ("grpc-retry-pushback-ms", "x"),
]


@pytest.mark.parametrize(("name", "value"), FOREIGN)
async def test_a_header_that_grpc_refuses_does_no_harm(http: httpx.AsyncClient, name: str, value: str) -> None:
    answer = await http.post("/app/v1/ping", headers={name: value})
    assert (answer.status_code, answer.json()) == (200, {})
