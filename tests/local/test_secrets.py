"""Secrets on this machine: a process has its own, no command line has any, and other people can read none."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.mesh import Mesh
from local.services import NAMES
from local.settings import SECRETS

OWN = {
    **{name: {f"{name.upper()}_DATABASE_PASSWORD", f"{name.upper()}_VALKEY_PASSWORD"} for name in NAMES},
    "supervisord": set[str](),
}
OWN["notify"] |= {"UNSUBSCRIBE_SECRET"}
OWN["auth"] |= {"SIGNING_KEY_SECRET"}


@pytest.fixture
def processes(mesh: Mesh) -> dict[str, psutil.Process]:
    """Every process of the mesh by its name, and what started them."""
    numbers = {name: info["pid"] for name, info in mesh.supervisor.processes().items()}
    numbers["supervisord"] = int(mesh.home.supervisor_pid.read_text())
    return {name: psutil.Process(number) for name, number in numbers.items()}


def secrets_in(mesh: Mesh, text: str) -> set[str]:
    """The names of the secrets that a text has."""
    return {name for name in SECRETS if getattr(mesh.settings, name.lower()) in text}


def test_a_process_has_its_own_secrets_only(mesh: Mesh, processes: dict[str, psutil.Process]) -> None:
    found = {name: secrets_in(mesh, str(process.environ())) for name, process in processes.items()}
    assert {name: has - OWN.get(name, set()) for name, has in found.items() if has - OWN.get(name, set())} == {}


def test_no_command_line_has_a_secret(mesh: Mesh, processes: dict[str, psutil.Process]) -> None:
    assert {name: secrets_in(mesh, " ".join(process.cmdline())) for name, process in processes.items()} == {
        name: set() for name in processes
    }


def test_other_people_of_the_machine_can_read_no_secret(mesh: Mesh) -> None:
    open_files = list(readable_by_others(mesh.home.path))
    assert mesh.home.supervisor_pid in open_files
    texts = {path: path.read_text(errors="replace") for path in open_files}
    assert [path for path, text in texts.items() if secrets_in(mesh, text) or "PRIVATE KEY" in text] == []


def readable_by_others(folder: Path) -> Iterator[Path]:
    """The files that somebody else could open who gets into the folder: what cannot be listed may be guessed."""
    for path in folder.iterdir():
        if path.is_dir() and path.stat().st_mode & 0o011:
            yield from readable_by_others(path)
        elif path.is_file() and path.stat().st_mode & 0o044:
            yield path
