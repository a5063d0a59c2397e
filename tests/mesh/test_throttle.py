"""A few tries are free, then each waits longer; in Redis and, while that is down, in the process."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio
import redis.asyncio

from local.mesh import Mesh
from local.processes import redis_url
from mesh.errors import ResourceExhausted
from mesh.throttle import Limit, Throttle, client_key

FREE = 3
SLOW = Limit(FREE, 60.0, 60.0)
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session", params=["redis", "process"])
async def throttle(mesh: Mesh, request: pytest.FixtureRequest) -> AsyncIterator[Throttle]:
    """One that counts in Redis, and one that cannot."""
    address = redis_url(mesh.settings, "auth") if request.param == "redis" else "redis://127.0.0.1:1/0"
    client: redis.asyncio.Redis = redis.asyncio.from_url(address)
    yield Throttle(client, "auth")
    await client.aclose()


async def waits(
    throttle: Throttle, key: str, limit: Limit, count: int, mode: Literal["take", "count"] = "count"
) -> list[int]:
    """How long there is to wait after each of so many tries."""
    found = []
    for _ in range(count):
        await throttle.ask(mode, key, limit)
        found.append(round(await throttle.ask("look", key, limit)))
    return found


def new_key() -> str:
    return secrets.token_hex(8)


async def test_delays_grow_to_the_longest_after_a_few_tries(throttle: Throttle) -> None:
    assert await waits(throttle, new_key(), Limit(FREE, 5.0, 60.0), 8) == [0, 0, 0, 1, 2, 4, 5, 5]


async def test_refused_tries_do_not_make_the_delay_longer(throttle: Throttle) -> None:
    assert await waits(throttle, new_key(), SLOW, 10, "take") == [0, 0, 0, *[1] * 7]


async def test_refusal_says_when_to_try_again(throttle: Throttle) -> None:
    key = new_key()
    await waits(throttle, key, SLOW, FREE + 3)
    with pytest.raises(ResourceExhausted) as refused:
        await throttle.take(key, SLOW)
    assert (refused.value.reason, refused.value.metadata) == ("TOO_MANY_ATTEMPTS", {"retry_seconds": "4"})


async def test_forgotten_key_is_free(throttle: Throttle) -> None:
    key = new_key()
    await waits(throttle, key, SLOW, FREE + 3)
    await throttle.forget(key)
    await throttle.take(key, SLOW)


async def test_keys_do_not_disturb_each_other(throttle: Throttle) -> None:
    await waits(throttle, new_key(), SLOW, FREE + 3)
    await throttle.take(new_key(), SLOW)


async def test_tries_are_forgotten_one_by_one(throttle: Throttle) -> None:
    key, quick = new_key(), Limit(FREE, 0.2, 0.2)
    for _ in range(FREE + 1):
        await throttle.take(key, quick)
    deadline = asyncio.get_running_loop().time() + 5
    while await throttle.ask("look", key, quick) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await throttle.take(key, quick)


async def test_of_many_at_once_only_the_free_ones_get_through(throttle: Throttle) -> None:
    key = new_key()
    tries = [throttle.take(key, SLOW) for _ in range(20)]
    refused = [answer for answer in await asyncio.gather(*tries, return_exceptions=True) if answer is not None]
    assert len(refused) == 20 - FREE - 1


async def test_process_remembers_a_bounded_number_of_failures() -> None:
    assert Limit(FREE, 60.0, 60.0).delay(SLOW.most) == 60.0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2:0:0:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("not an address", "", True),
    ],
)
async def test_addresses_of_one_subscriber_are_one(one: str, other: str, same: bool) -> None:
    assert (client_key(one) == client_key(other)) is same
