"""The mesh that the tests run against: started once for all workers, in a folder and on ports of its own.

With MATINEE_TEST_HOME set to the folder of a running mesh (for `make up`: var), that one is used and left running.
"""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.errors import MeshError
from local.mesh import Mesh, running_mesh

HOME_VARIABLE = "MATINEE_TEST_HOME"
OWNED_MESH = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Whatever is started for this session is stopped with it."""
    config.stash[OWNED_MESH] = ExitStack()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before the workers of pytest-xdist are: they inherit the variable. Alone, the first test that asks starts it."""
    config = session.config
    distributed = config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")
    if distributed and not config.option.collectonly:
        _ensure_mesh(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Also after Ctrl-C and after a failed start."""
    config.stash[OWNED_MESH].close()


@pytest.fixture(scope="session")
def mesh(request: pytest.FixtureRequest) -> Mesh:
    """The running mesh: its settings, paths and ports, and its processes by name."""
    _ensure_mesh(request.config)
    return Mesh.attach(Path(os.environ[HOME_VARIABLE]))


def _ensure_mesh(config: pytest.Config) -> None:
    if HOME_VARIABLE in os.environ:
        return
    stack = config.stash[OWNED_MESH]
    try:
        started = stack.enter_context(running_mesh())
    except MeshError as error:
        pytest.exit(f"the mesh for the tests does not start: {error}", returncode=3)
    os.environ[HOME_VARIABLE] = str(started.home.path)
    stack.callback(os.environ.pop, HOME_VARIABLE, None)
