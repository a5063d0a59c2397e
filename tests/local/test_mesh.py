"""The mesh as a whole: found by its folder, reached by its public port, and back on its feet after a crash."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from local.leftovers import find_leftovers
from local.mesh import Mesh, running_mesh


def test_it_is_found_by_its_folder(mesh: Mesh) -> None:
    assert Mesh.attach(mesh.home.path).settings == mesh.settings


def test_the_public_port_wants_a_token(mesh: Mesh) -> None:
    mesh.check_public_port()
    url = f"http://127.0.0.1:{mesh.settings.edge_port}/app/v1/bookings"
    assert httpx.get(url, trust_env=False).status_code == 401


@pytest.mark.timeout(180)
def test_up_leaves_alone_what_runs_and_repairs_what_was_killed() -> None:
    with running_mesh() as own:
        before = pids(own)
        own.up(die_with_us=True)
        assert pids(own) == before

        os.kill(int(own.home.supervisor_pid.read_text()), signal.SIGKILL)
        own.up(die_with_us=True)
        assert not set(pids(own).values()) & set(before.values())

        own.down()
        assert find_leftovers(own.home) == []
        home = own.home.path
    assert not Path(home).exists()


def pids(mesh: Mesh) -> dict[str, int]:
    return {name: info["pid"] for name, info in mesh.supervisor.processes().items()}
