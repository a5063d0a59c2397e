"""Certificates and their authority are replaced under a mesh that is in use."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from cryptography import x509
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub
from matinee.booking.v1.booking_pb2 import ListAnnouncementsRequest
from matinee.booking.v1.booking_pb2_grpc import BookingServiceStub

from local import services
from local.certificates import renew_certificates, replace_authority
from local.mesh import Mesh
from local.processes import targets, tls_environment
from local.services import NAMES, get_service
from mesh.channel import connect
from mesh.settings import ProcessSettings
from tests.channels import public_channel, signed
from tests.e2e.faults import start, until
from tests.people import Person, ok

AUTH = auth_pb2.DESCRIPTOR.services_by_name["AuthService"]
SETTLE = 2.0
KINDS = 4
"""How many kinds of calls are made meanwhile."""


def member(mesh: Mesh, name: str) -> ProcessSettings:
    """The settings of a process with this member's certificate."""
    files = {key.lower(): Path(path) for key, path in tls_environment(mesh.settings, name).items()}
    return ProcessSettings.model_validate({"listen": "127.0.0.1:1", **files})


@asynccontextmanager
async def in_use(mesh: Mesh, host: Person, guest: Person) -> AsyncIterator[list[str]]:
    """People and services call without a pause until the end; every call must succeed. The names of those that did."""
    over, succeeded = asyncio.Event(), list[str]()

    async def again_and_again(name: str, call: Callable[[], Awaitable[Any]]) -> None:
        while not over.is_set():
            await call()
            succeeded.append(name)

    async def follow() -> None:
        # ugc asks auth each time.
        ok(await guest.put(f"/ugc/v1/following/{host.id}"))

    async def read() -> None:
        ok(await guest.get("/app/v1/bookings"))

    async with (
        public_channel(mesh) as public,
        connect(member(mesh, "booking"), "auth", targets(mesh.settings)["auth"], AUTH) as inner,
    ):
        booking, auth = BookingServiceStub(public), AuthServiceStub(inner)
        calls: dict[str, Callable[[], Awaitable[Any]]] = {
            "through two services": follow,
            "JSON": read,
            "gRPC": lambda: booking.ListAnnouncements(ListAnnouncementsRequest(), metadata=signed(guest)),
            "service": lambda: auth.BatchGetUsers(auth_pb2.BatchGetUsersRequest(user_ids=[host.id])),
        }
        assert len(calls) == KINDS
        load = [asyncio.create_task(again_and_again(name, call)) for name, call in calls.items()]
        try:
            yield succeeded
        finally:
            over.set()
            await asyncio.gather(*load)


def serial(certificate: bytes) -> int:
    return x509.load_pem_x509_certificate(certificate).serial_number


def handed_out(mesh: Mesh, name: str) -> int:
    """The serial number of the certificate that lies in a member's folder."""
    return serial((mesh.home.certificates / name / "tls.crt").read_bytes())


def shown(mesh: Mesh, name: str) -> int:
    """The serial number of the certificate that a service shows."""
    folder = mesh.home.certificates / "developer"
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    port = mesh.settings.ports(get_service(name))[0]
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname=name) as tls,
    ):
        certificate = tls.getpeercert(binary_form=True)
    assert certificate is not None
    return x509.load_der_x509_certificate(certificate).serial_number


async def held_by_envoy(mesh: Mesh) -> set[int]:
    """The serial numbers of the certificates that Envoy shows to the services."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{mesh.settings.port(services.ENVOY_ADMIN)}/certs")
    chains = [chain for each in answer.json()["certificates"] for chain in each.get("cert_chain", ())]
    return {int(chain["serial_number"], 16) for chain in chains}


async def until_in_use(mesh: Mesh) -> None:
    """Waits until every service and Envoy have what was handed out."""

    async def taken() -> bool:
        served = {name: await asyncio.to_thread(shown, mesh, name) for name in NAMES}
        return served == {name: handed_out(mesh, name) for name in NAMES} and await held_by_envoy(mesh) == {
            handed_out(mesh, "envoy")
        }

    await until(taken, "the new certificates are in use", 5)


async def until_more(succeeded: list[str]) -> None:
    """Waits until calls of every kind have succeeded after this one."""
    before = len(succeeded)

    async def came() -> bool:
        return len(set(succeeded[before:])) == KINDS

    await until(came, "calls of every kind go on")


async def test_renewed_certificates_are_in_use_without_a_failed_call(mesh: Mesh, host: Person, guest: Person) -> None:
    before = {name: handed_out(mesh, name) for name in (*NAMES, "envoy")}
    async with in_use(mesh, host, guest) as succeeded:
        for _ in range(3):
            await asyncio.to_thread(renew_certificates, mesh.home.certificates)
            await until_in_use(mesh)
            await until_more(succeeded)
    assert not set(before.values()) & {handed_out(mesh, name) for name in before}


async def test_a_new_authority_takes_over_without_a_failed_call(mesh: Mesh, host: Person, guest: Person) -> None:
    old = {name: (mesh.home.certificates / "booking" / name).read_bytes() for name in ("tls.key", "tls.crt")}
    async with in_use(mesh, host, guest) as succeeded:
        await asyncio.to_thread(replace_authority, mesh.home.certificates, lambda _: time.sleep(SETTLE))
        await until_in_use(mesh)
        await until_more(succeeded)
    trusted = (mesh.home.certificates / "booking" / "ca.crt").read_bytes()
    target = targets(mesh.settings)["auth"]
    outdated = grpc.ssl_channel_credentials(trusted, old["tls.key"], old["tls.crt"])
    async with grpc.aio.secure_channel(
        target, outdated, options=[("grpc.ssl_target_name_override", "auth")]
    ) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await AuthServiceStub(channel).BatchGetUsers(auth_pb2.BatchGetUsersRequest(user_ids=[host.id]), timeout=5)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_services_that_restart_after_it_reach_each_other(mesh: Mesh, host: Person, guest: Person) -> None:
    await asyncio.to_thread(replace_authority, mesh.home.certificates, lambda _: time.sleep(SETTLE))
    await asyncio.to_thread(mesh.supervisor.stop, "auth")
    await start(mesh, "auth")

    async def follows() -> bool:
        return (await guest.put(f"/ugc/v1/following/{host.id}")).status_code == 200

    await until(follows, "ugc reaches auth", 5)
