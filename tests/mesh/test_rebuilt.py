"""A channel shows a renewed certificate from the next call on, and lets calls under way finish."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from cryptography import x509

from local.certificates import ensure_certificates, renew_certificates
from mesh.channel import connect
from mesh.identity import IdentityFiles
from mesh.server import credentials
from mesh.settings import ProcessSettings
from tests.e2e.faults import until


class Mirror:
    """Answers with the certificate that the caller shows, once it may."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def at_once(self, _: bytes, context: Any) -> bytes:
        return bytes(context.auth_context()["x509_pem_cert"][0])

    async def later(self, request: bytes, context: Any) -> bytes:
        self.asked.set()
        await self.may_answer.wait()
        return await self.at_once(request, context)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ensure_certificates(tmp_path)
    return tmp_path


def member(folder: Path, name: str) -> ProcessSettings:
    return ProcessSettings(
        listen="127.0.0.1:1",
        tls_ca=folder / name / "ca.crt",
        tls_certificate=folder / name / "tls.crt",
        tls_key=folder / name / "tls.key",
    )


@pytest.fixture
def mirror() -> Mirror:
    return Mirror()


@pytest_asyncio.fixture
async def channel(folder: Path, mirror: Mirror) -> AsyncIterator[grpc.aio.Channel]:
    """From booking to auth."""
    server = grpc.aio.server()
    methods: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(getattr(mirror, name)) for name in ("at_once", "later")
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Mirror", methods),))
    port = server.add_secure_port("127.0.0.1:0", credentials(IdentityFiles(member(folder, "auth"))))
    await server.start()
    async with connect(member(folder, "booking"), "auth", f"127.0.0.1:{port}") as opened:
        yield opened
    await server.stop(None)


def serial(certificate: bytes) -> int:
    return x509.load_pem_x509_certificate(certificate).serial_number


def handed_out(folder: Path) -> int:
    return serial((folder / "booking" / "tls.crt").read_bytes())


async def until_shown(channel: grpc.aio.Channel, folder: Path) -> None:
    """Waits until calls are made with what was handed out."""
    call: Any = channel.unary_unary("/test.Mirror/at_once")

    async def shown() -> bool:
        return serial(await call(b"")) == handed_out(folder)

    await until(shown, "the channel shows the certificate that was handed out", 5)


async def test_calls_are_made_with_the_renewed_certificate(channel: grpc.aio.Channel, folder: Path) -> None:
    await until_shown(channel, folder)
    for _ in range(2):
        renew_certificates(folder)
        await until_shown(channel, folder)


async def test_a_call_under_way_finishes_with_the_certificate_it_began_with(
    channel: grpc.aio.Channel, folder: Path, mirror: Mirror
) -> None:
    call: Any = channel.unary_unary("/test.Mirror/later")
    under_way, began_with = asyncio.ensure_future(call(b"", timeout=30)), handed_out(folder)
    await mirror.asked.wait()
    renew_certificates(folder)
    await until_shown(channel, folder)
    mirror.may_answer.set()
    assert serial(await under_way) == began_with
    assert began_with != handed_out(folder)
