"""Passwords cannot be guessed, and accounts not be opened, as fast as one likes."""

import asyncio
import ipaddress
import os
import random
import secrets
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import httpx
import pytest_asyncio
from matinee.auth.v1.auth_pb2 import LoginRequest, RegisterRequest
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from auth_svc.passwords import NICE, Passwords
from local.mesh import Mesh
from tests.channels import inner_channel, refusal
from tests.people import Person, reason
from tests.processes import OWN_AUTH, STRICT_AUTH, own_process

FREE = 5
"""ACCOUNT_FAILURES."""
STRICT = 3
NOWHERE = "redis://127.0.0.1:1/0"
TOO_MANY = (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
WRONG = (grpc.StatusCode.UNAUTHENTICATED, "WRONG_CREDENTIALS")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def edge(mesh: Mesh) -> AsyncIterator[AuthServiceStub]:
    """The service as Envoy sees it: the one that may say where a client is."""
    async with inner_channel(mesh, "auth", "envoy") as channel:
        yield AuthServiceStub(channel)


def somewhere() -> str:
    """An address of a test's own."""
    return str(ipaddress.ip_address(random.getrandbits(120) | 0x20 << 120))


async def login(stub: AuthServiceStub, email: str, password: str = "wrong", address: str = "") -> object:
    """What comes of a sign-in: None, or why it was refused."""
    metadata = (("x-client-address", address or somewhere()),)
    try:
        await stub.Login(LoginRequest(email=email, password=password), metadata=metadata)
    except grpc.aio.AioRpcError as error:
        return refusal(error)
    return None


async def when_allowed(stub: AuthServiceStub, email: str, password: str, address: str = "") -> object:
    """What comes of a sign-in that waits for its turn."""
    deadline = time.monotonic() + 10
    while (answer := await login(stub, email, password, address)) == TOO_MANY and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return answer


async def register(stub: AuthServiceStub, address: str) -> object:
    """What comes of a registration: None, or why it was refused."""
    given = RegisterRequest(email=nobody(), password=secrets.token_hex(8), name="Robin")
    try:
        await stub.Register(given, metadata=(("x-client-address", address),))
    except grpc.aio.AioRpcError as error:
        return refusal(error)
    return None


@asynccontextmanager
async def own_auth(mesh: Mesh, offset: int = OWN_AUTH, **environment: str) -> AsyncIterator[AuthServiceStub]:
    """One more process of the service, with limits of its own."""
    async with own_process(mesh, "auth", offset, **environment) as (_, channel):
        yield AuthServiceStub(channel)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict(mesh: Mesh) -> AsyncIterator[AuthServiceStub]:
    """One that lets little happen at one address, and counts for itself: all tests have one."""
    limits = {
        "REDIS_URL": NOWHERE,
        "CLIENT_FAILURES": str(STRICT),
        "REGISTER_BURST": str(STRICT),
        "REGISTER_PER_SECOND": "0.1",
    }
    async with own_auth(mesh, STRICT_AUTH, **limits) as stub:
        yield stub


def nobody() -> str:
    return f"{secrets.token_hex(10)}@test.example.com"


async def test_guesses_at_an_account_have_to_wait_wherever_they_come_from(edge: AuthServiceStub, guest: Person) -> None:
    answers = [await login(edge, guest.email) for _ in range(FREE + 3)]
    assert answers == [WRONG] * (FREE + 1) + [TOO_MANY] * 2


async def test_guesses_at_nobody_have_to_wait_as_long(edge: AuthServiceStub) -> None:
    email = nobody()
    answers = [await login(edge, email) for _ in range(FREE + 3)]
    assert answers == [WRONG] * (FREE + 1) + [TOO_MANY] * 2


async def test_guesses_at_once_are_not_more_than_one_after_the_other(edge: AuthServiceStub, guest: Person) -> None:
    answers = await asyncio.gather(*(login(edge, guest.email) for _ in range(30)))
    assert answers.count(WRONG) == FREE + 1


async def test_case_of_the_address_does_not_matter(edge: AuthServiceStub) -> None:
    email = nobody()
    for _ in range(FREE + 1):
        await login(edge, email)
    assert await login(edge, f" {email.upper()}") == TOO_MANY


async def test_nobody_is_locked_out_for_good(edge: AuthServiceStub, guest: Person) -> None:
    for _ in range(FREE + 2):
        await login(edge, guest.email)
    assert await when_allowed(edge, guest.email, guest.password) is None


async def test_success_forgets_no_failures_since_others_may_claim_the_address(
    edge: AuthServiceStub, guest: Person
) -> None:
    assert [await login(edge, guest.email) for _ in range(FREE)] == [WRONG] * FREE
    assert await login(edge, guest.email, guest.password) is None
    assert [await login(edge, guest.email) for _ in range(3)] == [WRONG, TOO_MANY, TOO_MANY]


async def test_letters_that_the_database_takes_for_one_are_counted_as_one(edge: AuthServiceStub) -> None:
    email = f"i{nobody()}"
    for _ in range(FREE + 1):
        await login(edge, email)
    assert await login(edge, f"\u0130{email[1:]}") == TOO_MANY


async def test_signing_in_rightly_is_never_too_often(edge: AuthServiceStub, guest: Person) -> None:
    address = somewhere()
    answers = await asyncio.gather(*(login(edge, guest.email, guest.password, address) for _ in range(20)))
    assert answers == [None] * 20


async def test_refused_guess_costs_no_hashing(edge: AuthServiceStub, guest: Person) -> None:
    async def seconds() -> tuple[object, float]:
        began = time.perf_counter()
        return await login(edge, guest.email), time.perf_counter() - began

    spans = [await seconds() for _ in range(FREE + 6)]
    hashed = min(span for answer, span in spans if answer == WRONG)
    assert min(span for answer, span in spans if answer == TOO_MANY) < hashed / 2


async def test_refusal_tells_browsers_when_to_come_back(http: httpx.AsyncClient) -> None:
    credentials = {"email": nobody(), "password": "wrong"}
    for _ in range(FREE + 2):
        refused = await http.post("/auth/v1/login/", json=credentials)
    assert reason(refused) == (429, "TOO_MANY_ATTEMPTS")
    assert refused.headers["retry-after"] == "1"


async def test_guesses_from_one_place_have_to_wait_whomever_they_are_for(strict: AuthServiceStub) -> None:
    address = somewhere()
    answers = [await login(strict, nobody(), address=address) for _ in range(STRICT + 3)]
    assert answers == [WRONG] * (STRICT + 1) + [TOO_MANY] * 2
    assert await login(strict, nobody()) == WRONG


async def test_accounts_of_one_place_have_to_wait(strict: AuthServiceStub) -> None:
    address = somewhere()
    answers = [await register(strict, address) for _ in range(STRICT + 3)]
    assert answers == [None] * (STRICT + 1) + [TOO_MANY] * 2
    assert await register(strict, somewhere()) is None


async def test_only_the_edge_is_believed_where_a_client_is(strict: AuthServiceStub, mesh: Mesh) -> None:
    async with inner_channel(mesh, "auth", "developer", port=mesh.settings.port(STRICT_AUTH)) as channel:
        answers = [await register(AuthServiceStub(channel), somewhere()) for _ in range(STRICT + 3)]
    assert TOO_MANY in answers


async def test_without_redis_the_process_counts_for_itself(mesh: Mesh, guest: Person) -> None:
    async with own_auth(mesh, REDIS_URL=NOWHERE) as stub:
        answers = [await login(stub, guest.email) for _ in range(FREE + 3)]
        assert answers == [WRONG] * (FREE + 1) + [TOO_MANY] * 2
        assert await when_allowed(stub, guest.email, guest.password) is None


async def test_who_waits_too_long_for_a_thread_is_refused(mesh: Mesh) -> None:
    async with own_auth(mesh, HASHING_THREADS="1", HASHING_PATIENCE_SECONDS="0.2") as stub:
        answers = await asyncio.gather(*(register(stub, somewhere()) for _ in range(60)))
        assert set(answers) == {None, (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_BUSY")}


async def test_hashing_threads_step_back_and_no_others() -> None:
    def own_priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before, passwords = own_priority(), Passwords(1, 5.0)
    assert await passwords.in_thread(own_priority) == before + NICE
    assert own_priority() == before
    await passwords.close()
