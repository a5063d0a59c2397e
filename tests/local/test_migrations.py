"""The migrations make what schema.py describes."""

import subprocess

import pytest

from local.home import PYTHON, ROOT
from local.mesh import Mesh
from local.processes import owner_environment
from local.services import NAMES, get_service


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_missing_in_the_migrations(mesh: Mesh, name: str) -> None:
    environment = owner_environment(mesh.settings, get_service(name))
    command = [PYTHON, "-m", "mesh.migrate", f"{name}_svc", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
