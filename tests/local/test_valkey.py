"""Valkey: a service reads its own keys and channels, and rules over nothing."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import redis.asyncio
import redis.exceptions

from local import services
from local.mesh import Mesh
from local.processes import redis_url
from local.services import NAMES
from local.valkey import ADMIN

Enter = Callable[[str], AbstractAsyncContextManager[redis.asyncio.Redis]]
RULING = [
    "KEYS *",
    "SCAN 0",
    "RANDOMKEY",
    "FLUSHALL",
    "CONFIG GET *",
    "ACL LIST",
    "CLIENT LIST",
    "INFO",
    "MONITOR",
    "SLOWLOG GET",
    "SHUTDOWN",
    "SAVE\n",
    "REPLICAOF NO ONE",
    "SCRIPT FLUSH",
    "FUNCTION FLUSH",
    "PUBSUB CHANNELS",
]
DENIED = redis.exceptions.NoPermissionError


@pytest.fixture
def entered(mesh: Mesh) -> Enter:
    """Enters as a service."""

    @asynccontextmanager
    async def enter(name: str) -> AsyncIterator[redis.asyncio.Redis]:
        async with redis.asyncio.Redis.from_url(redis_url(mesh.settings, name)) as client:
            yield client

    return enter


@pytest.mark.parametrize("name", NAMES)
async def test_a_service_uses_keys_of_its_own(entered: Enter, name: str) -> None:
    async with entered(name) as client:
        await client.set(f"{name}:test", "1", ex=5)
        assert await client.mget([f"{name}:test"]) == [b"1"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_service_reads_no_key_of_another(entered: Enter, name: str) -> None:
    async with entered(name) as client:
        for other in {*NAMES} - {name}:
            for key in (f"{other}:user:1", f"throttle:{other}:1"):
                with pytest.raises(DENIED):
                    await client.get(key)
                with pytest.raises(DENIED):
                    await client.set(key, "1")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", RULING)
async def test_a_service_neither_looks_around_nor_rules(entered: Enter, name: str, command: str) -> None:
    async with entered(name) as client:
        with pytest.raises(DENIED):
            await client.execute_command(*command.split())  # type: ignore[no-untyped-call]


async def test_only_auth_says_that_something_was_revoked_and_all_hear_it(entered: Enter) -> None:
    for name in NAMES:
        async with entered(name) as client, entered("auth") as auth, client.pubsub() as subscription:
            await subscription.subscribe("revocations")
            assert (await subscription.get_message(timeout=5) or {})["type"] == "subscribe"
            if name != "auth":
                with pytest.raises(DENIED):
                    await client.publish("revocations", "now")
            assert await auth.publish("revocations", "now") >= 1
            assert (await subscription.get_message(timeout=5) or {})["data"] == b"now"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "notify"])
async def test_the_bell_is_of_notify_alone(entered: Enter, name: str) -> None:
    async with entered(name) as client:
        with pytest.raises(DENIED):
            await client.publish("notify:bell", "")
        async with client.pubsub() as subscription:
            await subscription.subscribe("notify:bell")
            with pytest.raises(DENIED):
                await subscription.get_message(timeout=5)


async def test_a_script_touches_no_key_of_another_either(entered: Enter) -> None:
    async with entered("auth") as client:
        with pytest.raises(redis.exceptions.ResponseError, match="permission"):
            await client.eval("return redis.call('GET', 'notify:user:1')", 0)


async def test_without_a_name_and_with_the_password_of_another_nobody_gets_in(mesh: Mesh) -> None:
    port, passwords = mesh.settings.port(services.VALKEY), mesh.settings.valkey_passwords
    wrong = [
        (None, None),
        (None, mesh.settings.valkey_password),
        ("ugc", passwords["notify"]),
        (ADMIN, passwords["ugc"]),
    ]
    for name, password in wrong:
        async with redis.asyncio.Redis(port=port, username=name, password=password) as client:
            with pytest.raises(redis.exceptions.AuthenticationError):
                await client.ping()
