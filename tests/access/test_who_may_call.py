"""Every RPC, every kind of caller, every door: what happens is what docs/access.md says."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping

import grpc
import httpx
import pytest

from envoy.routes import http_rules
from tests.access.callers import Caller, expected, inside, outside
from tests.access.conftest import Inside
from tests.access.doors import ask, knock, owner
from tests.access.table import ABSENT, KNOWN, RPCS, TABLE

BINDINGS = sorted((name, *rule) for name in KNOWN if TABLE[name].who != ABSENT for rule in http_rules(RPCS[name]))
Tokens = Mapping[str, str | None]


async def verdicts(tries: Mapping[Caller, Awaitable[str]]) -> dict[str, str]:
    """What each caller is told."""
    told = await asyncio.gather(*tries.values())
    return {str(caller): verdict for caller, verdict in zip(tries, told, strict=True)}


def says(name: str, callers: Iterable[Caller]) -> dict[str, str]:
    """What docs/access.md says of them."""
    return {str(caller): expected(TABLE[name], caller) for caller in callers}


@pytest.mark.parametrize("name", KNOWN)
async def test_at_the_services_own_port(inside_as: Inside, tokens: Tokens, name: str) -> None:
    rpc = RPCS[name]
    tries = {
        caller: knock(inside_as(owner(rpc), caller.certificate), rpc, tokens[caller.person]) for caller in inside()
    }
    assert await verdicts(tries) == says(name, inside())


@pytest.mark.parametrize("name", KNOWN)
async def test_as_grpc_through_the_public_port(edge: grpc.aio.Channel, tokens: Tokens, name: str) -> None:
    tries = {caller: knock(edge, RPCS[name], tokens[caller.person]) for caller in outside()}
    assert await verdicts(tries) == says(name, outside())


@pytest.mark.parametrize(("name", "verb", "path"), BINDINGS)
async def test_as_json_through_the_public_port(
    http: httpx.AsyncClient, tokens: Tokens, name: str, verb: str, path: str
) -> None:
    tries = {caller: ask(http, RPCS[name], verb, path, tokens[caller.person]) for caller in outside()}
    assert await verdicts(tries) == says(name, outside())


@pytest.mark.parametrize("name", [name for name in KNOWN if not [*http_rules(RPCS[name])]])
async def test_no_json_where_the_contract_has_no_path(http: httpx.AsyncClient, tokens: Tokens, name: str) -> None:
    service, _, rpc = name.rpartition(".")
    headers = {"authorization": f"Bearer {tokens['super']}"}
    answer = await http.post(f"/{service}/{rpc}", json={}, headers=headers)
    assert (answer.status_code, "nobody serves" in answer.text) == (404, True)
