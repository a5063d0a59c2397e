"""A token that is not ours opens nothing, not even what needs no token; one that is ours opens, whoever wrote it."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import grpc
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.access.callers import ADMITTED, DENIED, EDGE
from tests.access.conftest import Inside
from tests.access.doors import ask, knock, owner
from tests.access.signing import Key, bad_tokens, compact
from tests.access.table import ABSENT, KNOWN, RPCS, TABLE

SERVED = [name for name in KNOWN if TABLE[name].who != ABSENT]
PING = "matinee.booking.v1.BookingService.Ping"
LIST_MOVIES = "matinee.movie.v1.MovieService.ListMovies"
LIST_BOOKINGS = "matinee.booking.v1.BookingService.ListBookings"
LIST_ALL = "matinee.booking.v1.BookingService.ListAllBookings"
LIST_NOTICES = "matinee.notify.v1.NotifyService.ListNotices"
GET_USER = "matinee.auth.v1.AuthService.GetUser"
JSON_PATHS = {
    PING: ("POST", "/app/v1/ping"),
    LIST_MOVIES: ("GET", "/movie_api/v1/movies"),
    LIST_BOOKINGS: ("GET", "/app/v1/bookings"),
    LIST_ALL: ("GET", "/app/v1/_bookings"),
    LIST_NOTICES: ("GET", "/notify/v1/inbox"),
    GET_USER: ("GET", "/auth/v1/user_info/{user_id}"),
}


@pytest.mark.parametrize("name", SERVED)
async def test_a_bad_token_opens_no_rpc(inside_as: Inside, key: Key, name: str) -> None:
    bad, channel = bad_tokens(key), inside_as(owner(RPCS[name]), EDGE)
    told = await asyncio.gather(*(knock(channel, RPCS[name], token) for token, _ in bad.values()))
    assert dict(zip(bad, told, strict=True)) == {each: f"UNAUTHENTICATED {why}" for each, (_, why) in bad.items()}


@pytest.mark.parametrize("name", JSON_PATHS)
async def test_a_bad_token_opens_nothing_as_json(http: httpx.AsyncClient, key: Key, name: str) -> None:
    bad = bad_tokens(key)
    told = await asyncio.gather(*(ask(http, RPCS[name], *JSON_PATHS[name], token) for token, _ in bad.values()))
    assert dict(zip(bad, told, strict=True)) == {each: f"UNAUTHENTICATED {why}" for each, (_, why) in bad.items()}


@pytest.mark.parametrize("name", JSON_PATHS)
async def test_a_bad_token_opens_nothing_as_grpc(edge: grpc.aio.Channel, key: Key, name: str) -> None:
    bad = bad_tokens(key)
    told = await asyncio.gather(*(knock(edge, RPCS[name], token) for token, _ in bad.values()))
    assert dict(zip(bad, told, strict=True)) == {each: f"UNAUTHENTICATED {why}" for each, (_, why) in bad.items()}


@pytest.mark.parametrize("certificate", ["booking", "developer"])
async def test_a_certificate_does_not_make_up_for_a_bad_token(inside_as: Inside, key: Key, certificate: str) -> None:
    bad, channel = bad_tokens(key), inside_as("auth", certificate)
    told = await asyncio.gather(*(knock(channel, RPCS[GET_USER], token) for token, _ in bad.values()))
    assert dict(zip(bad, told, strict=True)) == {each: f"UNAUTHENTICATED {why}" for each, (_, why) in bad.items()}


async def verdicts(http: httpx.AsyncClient, edge: grpc.aio.Channel, inside_as: Inside, token: str) -> set[str]:
    """What a token is told at each of the three doors, where super is wanted."""
    rpc = RPCS[LIST_ALL]
    return {
        await ask(http, rpc, *JSON_PATHS[LIST_ALL], token),
        await knock(edge, rpc, token),
        await knock(inside_as("booking", EDGE), rpc, token),
    }


@pytest.mark.parametrize(
    "changes",
    [{}, {"aud": ["another-mesh", "matinee"]}, {"permissions": None}, {"color": "blue"}],
    ids=["as ours", "for several audiences", "without permissions", "with more claims"],
)
async def test_a_good_token_of_another_implementation_opens(
    http: httpx.AsyncClient, edge: grpc.aio.Channel, inside_as: Inside, key: Key, changes: dict[str, object]
) -> None:
    token = key.token(is_super=True, **changes)
    assert await verdicts(http, edge, inside_as, token) == {ADMITTED}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to sign with")
async def test_a_good_token_signed_by_openssl_opens(
    http: httpx.AsyncClient, edge: grpc.aio.Channel, inside_as: Inside, key: Key, tmp_path: Path
) -> None:
    pem = tmp_path / "signing.key"
    pem.touch(0o600)
    pem.write_bytes(key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def sign(text: bytes) -> bytes:
        command = ["openssl", "dgst", "-sha256", "-sign", str(pem)]
        r, s = decode_dss_signature(subprocess.run(command, input=text, capture_output=True, check=True).stdout)
        return r.to_bytes(32) + s.to_bytes(32)

    token = compact(key.header, key.claims(is_super=True), sign)
    assert await verdicts(http, edge, inside_as, token) == {ADMITTED}


@pytest.mark.parametrize("claim", ["true", 1, ["yes"]])
async def test_super_is_who_is_said_to_be_in_so_many_words(edge: grpc.aio.Channel, key: Key, claim: object) -> None:
    assert await knock(edge, RPCS[LIST_ALL], key.token(is_super=claim)) == DENIED
