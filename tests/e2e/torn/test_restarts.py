"""Every process of every service is replaced, one after the other, under people and services that go on calling."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub
from matinee.booking.v1.booking_pb2 import CreateBookingRequest, GetBookingRequest, ListAnnouncementsRequest
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from local.mesh import Mesh, running_mesh
from local.processes import targets
from local.restart import healthy_ports, restart
from local.services import NAMES, SERVICES, get_service
from local.steps import quiet_steps
from mesh.channel import connect
from tests.channels import public_channel, signed
from tests.e2e.faults import pid, until
from tests.e2e.torn.test_certificates import AUTH, member
from tests.people import Person, ok, register, some_time

TWO_OF_EACH = {f"{name.upper()}_PROCESSES": "2" for name in NAMES}
PACE = 0.1
"""Seconds between two calls of a kind: without them the calls take the machine that starts the processes."""
EVERY = [name if index == 0 else f"{name}-2" for name in NAMES for index in range(2)]


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    """Two processes of each service."""
    with running_mesh(extra_env=TWO_OF_EACH) as own:
        yield own


class Evenings:
    """Evenings of one host at times of their own, so that one guest can go to all of them."""

    def __init__(self, host: Person, film: Any) -> None:
        self.host, self.film, self.first, self.number = host, film, some_time(), count()

    async def announce(self) -> Any:
        """The next one."""
        when = self.first + timedelta(hours=4 * next(self.number))
        return await self.host.announce(self.film["id"], event_time=when.isoformat(), accept_at_once=True)


@asynccontextmanager
async def in_use(mesh: Mesh, host: Person, guest: Person, film: Any) -> AsyncIterator[dict[str, int]]:
    """Calls of each kind follow one another without a pause until the end, and each must succeed. How many did."""
    over, evenings, more = asyncio.Event(), Evenings(host, film), Evenings(host, film)
    async with (
        public_channel(mesh) as public,
        connect(member(mesh, "booking"), "auth", targets(mesh.settings)["auth"], AUTH) as inner,
    ):
        booking, auth = BookingServiceStub(public), AuthServiceStub(inner)

        async def book() -> None:
            ok(await guest.post(f"/app/v1/booking/{(await evenings.announce())['id']}"))

        async def book_by_grpc() -> None:
            request = CreateBookingRequest(announcement_id=(await more.announce())["id"])
            made = await booking.CreateBooking(request, metadata=signed(other))
            await booking.GetBooking(GetBookingRequest(booking_id=made.id), metadata=signed(other))

        async def follow() -> None:
            ok(await guest.put(f"/ugc/v1/following/{host.id}"))

        async def sign_in() -> None:
            # Of somebody who does nothing else: his oldest sessions end when he has too many.
            credentials = {"email": visitor.email, "password": visitor.password}
            ok(await guest.http.post("/auth/v1/login/", json=credentials))

        other, visitor = await register(guest.http), await register(guest.http)
        calls: dict[str, Callable[[], Awaitable[Any]]] = {
            "writes as JSON": book,
            "writes by gRPC": book_by_grpc,
            "through two services": follow,
            "sign-in": sign_in,
            "inbox": lambda: reading(guest, "/notify/v1/inbox"),
            "films": lambda: reading(guest, "/movie_api/v1/movies?page_size=5"),
            "lists by gRPC": lambda: booking.ListAnnouncements(ListAnnouncementsRequest(), metadata=signed(guest)),
            "service": lambda: auth.BatchGetUsers(auth_pb2.BatchGetUsersRequest(user_ids=[host.id])),
        }
        made = dict.fromkeys(calls, 0)

        async def again_and_again(name: str) -> None:
            while not over.is_set():
                await calls[name]()
                made[name] += 1
                await asyncio.sleep(PACE)

        load = [asyncio.create_task(again_and_again(name)) for name in calls]
        try:
            yield made
        finally:
            over.set()
            await asyncio.gather(*load)


async def reading(person: Person, path: str) -> None:
    ok(await person.get(path))


async def pids(mesh: Mesh) -> dict[str, int]:
    return {name: await asyncio.to_thread(pid, mesh, name) for name in EVERY}


async def until_more_of_all(made: dict[str, int]) -> None:
    """Waits until calls of every kind have succeeded after this one."""
    before = dict(made)

    async def came() -> bool:
        return all(made[name] > before[name] for name in made)

    await until(came, "calls of every kind go on")


@pytest.mark.timeout(600)
async def test_no_call_fails_while_every_process_is_replaced(
    mesh: Mesh, host: Person, guest: Person, film: dict[str, Any]
) -> None:
    before = await pids(mesh)
    async with in_use(mesh, host, guest, film) as made:
        await until_more_of_all(made)
        await asyncio.to_thread(restart, mesh, SERVICES, quiet_steps())
        await until_more_of_all(made)
    after = await pids(mesh)
    assert not {*before.values()} & {*after.values()}


async def test_only_the_chosen_service_is_replaced(mesh: Mesh) -> None:
    before = await pids(mesh)
    await asyncio.to_thread(restart, mesh, [get_service("movie")], quiet_steps())
    after = await pids(mesh)
    assert {name for name in EVERY if before[name] != after[name]} == {"movie", "movie-2"}


async def test_the_next_up_finds_nothing_to_do(mesh: Mesh) -> None:
    before = await pids(mesh)
    await asyncio.to_thread(mesh.up, die_with_us=True)
    assert await pids(mesh) == before


def test_envoy_sends_calls_to_all_of_them(mesh: Mesh) -> None:
    assert {port for service in SERVICES for port in mesh.settings.ports(service)} <= healthy_ports(mesh)
