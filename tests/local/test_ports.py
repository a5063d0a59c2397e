"""Ports: a taken one is named with the setting that moves it, a reserved block belongs to one."""

import socket
from collections.abc import Iterator

import pytest

from local.errors import MeshError
from local.ports import is_free, require_free, reserved_block


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_taken_public_port_names_its_setting(taken: int) -> None:
    with pytest.raises(MeshError, match=rf"(?s)port {taken} \(the public port\) is taken.*EDGE_PORT"):
        require_free({}, ("127.0.0.1", taken))


def test_taken_inner_port_names_its_user_and_its_setting(taken: int) -> None:
    with pytest.raises(MeshError, match=rf"(?s)port {taken} \(valkey\) is taken.*PORT_BASE"):
        require_free({"valkey": taken}, None)


def test_a_server_that_shares_its_port_counts_as_taken() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as server:
        assert not is_free(server.getsockname()[1])


def test_two_blocks_never_overlap() -> None:
    with reserved_block() as first, reserved_block() as second:
        assert abs(first - second) >= 100
        assert is_free(first)
        assert first + 99 < 32768
