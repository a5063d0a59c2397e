"""The client speaks TLS unless it is told not to, and believes no door whose certificate it cannot check."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from matinee.booking.v1.booking_pb2 import GetBookingRequest
from matinee_client import Matinee, Unavailable

from tests.e2e.edge_toys import Edge, running_edge, token
from tests.e2e.test_edge_tls import write_pair

WANTED = GetBookingRequest(booking_id="x")
SECONDS = 3.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the door's certificate and key lie."""
    folder = tmp_path_factory.mktemp("pair")
    write_pair(folder)
    return folder


@pytest_asyncio.fixture(scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> AsyncIterator[Edge]:
    files: dict[str, Any] = {"edge_tls_certificate": folder / "door.crt", "edge_tls_key": folder / "door.key"}
    async with running_edge(tmp_path_factory.mktemp("edge"), **files) as running:
        yield running


async def test_an_authority_of_ones_own_is_trusted(edge: Edge, folder: Path) -> None:
    trusted = grpc.ssl_channel_credentials((folder / "door.crt").read_bytes())
    async with Matinee(f"127.0.0.1:{edge.port}", tls=trusted, token=token()) as matinee:
        assert (await matinee.booking.GetBooking(WANTED)).id == "x"


async def test_a_door_of_an_unknown_authority_hears_nothing(edge: Edge) -> None:
    before = edge.booking.calls["GetBooking"]
    async with Matinee(f"127.0.0.1:{edge.port}", token=token(), deadline=SECONDS) as matinee:
        with pytest.raises(Unavailable):
            await matinee.booking.GetBooking(WANTED)
    assert edge.booking.calls["GetBooking"] == before
