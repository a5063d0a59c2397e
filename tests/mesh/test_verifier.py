"""Tokens are verified with keys that have to be fetched first."""

import asyncio
import base64
import json
import time
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from mesh.errors import Internal, MeshError, Unauthenticated, Unavailable
from mesh.verifier import Verifier

KEY = ec.generate_private_key(ec.SECP256R1())
USER = uuid.uuid4()


class Keys:
    """A source of keys that answers, or refuses, when it is told to."""

    def __init__(self, error: MeshError | None = None) -> None:
        self.told = asyncio.Event()
        self.asked = 0
        self.error = error

    async def fetch(self) -> Mapping[str, Any]:
        self.asked += 1
        await self.told.wait()
        if self.error is not None:
            raise self.error
        public = json.loads(ECAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [{**public, "kid": "one", "alg": "ES256", "use": "sig"}]}


def token(ahead: float = 0, **others: Any) -> str:
    """Made by somebody whose clock is so many seconds ahead."""
    now = int(time.time() + ahead)
    claims = {"iss": "us", "aud": "matinee", "sub": str(USER), "iat": now, "exp": now + 60, "jti": uuid.uuid4().hex}
    return jwt.encode({**claims, **others}, KEY, "ES256", headers={"kid": "one"})


def verifier(keys: Keys) -> Verifier:
    return Verifier(keys.fetch, issuer="us", audience="matinee")


async def test_those_who_come_while_the_keys_are_fetched_wait_for_them() -> None:
    keys = Keys()
    checking = verifier(keys)
    calls = asyncio.gather(*(checking.verify(token()) for _ in range(5)))
    await asyncio.sleep(0)
    keys.told.set()
    assert {caller.user_id for caller in await calls} == {USER}
    assert keys.asked == 1


async def test_one_who_gives_up_does_not_stop_the_fetch_for_the_others() -> None:
    keys = Keys()
    checking = verifier(keys)
    first, second = (asyncio.create_task(checking.verify(token())) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    keys.told.set()
    assert (await second).user_id == USER
    assert keys.asked == 1


@pytest.mark.parametrize("error", [Unavailable("PEER_UNAVAILABLE", "away"), Internal("INTERNAL_ERROR", "broken")])
async def test_a_source_that_fails_is_unavailable_and_asked_again(error: MeshError) -> None:
    keys = Keys(error)
    checking = verifier(keys)
    keys.told.set()
    with pytest.raises(Unavailable):
        await checking.verify(token())
    keys.error = None
    assert (await checking.verify(token())).user_id == USER


async def test_clock_that_is_most_of_a_minute_ahead_makes_good_tokens() -> None:
    keys = Keys()
    keys.told.set()
    assert (await verifier(keys).verify(token(ahead=50))).user_id == USER


def headed(header: str) -> str:
    """What looks like a token with this header."""
    return ".".join([base64.urlsafe_b64encode(header.encode()).decode().rstrip("="), *token().split(".")[1:]])


@pytest.mark.parametrize(
    "make",
    [
        lambda: token(ahead=90),
        *(partial(token, permissions=loose) for loose in ("3", ["3"], [3.0], {"3": 1}, [True])),
        lambda: token() + "x" * 4096,
        lambda: headed("[" * 2000),
        lambda: headed('{"alg": "none", "kid": "one"}'),
        lambda: headed('{"alg": "ES256", "kid": ["one"]}'),
        lambda: headed('{"alg": "ES256", "kid": "one", "typ": "logout+jwt"}'),
    ],
    ids=[
        "from the future",
        "text",
        "texts",
        "fractions",
        "an object",
        "yes",
        "too long",
        "brackets",
        "unsigned",
        "no name",
        "another kind",
    ],
)
async def test_what_is_no_access_token_of_ours_is_refused_and_not_remembered(make: Callable[[], str]) -> None:
    keys, bad = Keys(), make()
    keys.told.set()
    checking = verifier(keys)
    with pytest.raises(Unauthenticated) as refused:
        await checking.verify(bad)
    assert (refused.value.reason, len(checking.verified)) == ("TOKEN_INVALID", 0)
