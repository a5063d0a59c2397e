"""Tokens are verified with keys that have to be fetched first."""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from mesh.errors import Internal, MeshError, Unavailable
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


def token() -> str:
    now = int(time.time())
    claims = {"iss": "us", "aud": "matinee", "sub": str(USER), "iat": now, "exp": now + 60, "jti": uuid.uuid4().hex}
    return jwt.encode(claims, KEY, "ES256", headers={"kid": "one"})


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
