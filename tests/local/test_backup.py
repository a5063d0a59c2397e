"""`make backup` and `make restore`: nothing that was committed is lost, and nothing damaged is put in its place."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.backup import LASTING, back_up, restore
from local.errors import MeshError
from local.home import Home
from local.mesh import Mesh, running_mesh
from local.postgres import data_folder
from tests.channels import public_client
from tests.e2e.faults import until
from tests.people import Person, ok, register


async def more(announced: list[Any], wanted: int) -> None:
    """Waits until so many evenings are announced."""

    async def enough() -> bool:
        return len(announced) >= wanted

    await until(enough, f"{wanted} evenings are announced")


@asynccontextmanager
async def writing(http: httpx.AsyncClient, film: Any) -> AsyncIterator[tuple[Person, list[Any]]]:
    """Somebody announces evening after evening: he, and what he was told is announced."""
    host, announced = await register(http), list[Any]()

    async def write() -> None:
        while True:
            announced.append(await host.announce(film["id"]))

    task = asyncio.create_task(write())
    try:
        await more(announced, 5)
        yield host, announced
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where backups go."""
    return tmp_path_factory.mktemp("backups")


@pytest.fixture(scope="module")
def backup(mesh: Mesh, folder: Path) -> Path:
    """One of the mesh as it is."""
    return back_up(mesh.settings, folder)


def moved(person: Person, http: httpx.AsyncClient) -> Person:
    """The same person with the same token, elsewhere."""
    return Person(person.id, person.email, person.password, person.token, http)


@pytest.mark.timeout(300)
async def test_what_was_committed_before_the_backup_is_there_after_the_restore(
    mesh: Mesh, http: httpx.AsyncClient, film: dict[str, Any], tmp_path: Path
) -> None:
    """In all databases, while others write; tokens of before are good, and the ledger adds up."""
    guest = await register(http)
    async with writing(http, film) as (host, announced):
        booking = await guest.apply(announced[0])
        before = [each["id"] for each in announced]
        written = await asyncio.to_thread(back_up, mesh.settings, tmp_path)
        # It went on meanwhile and still does.
        await more(announced, len(announced) + 1)
    home = Home(tmp_path / "home")
    secrets = await asyncio.to_thread(restore, home, written)
    own = running_mesh(home=home.path, extra_env={name.upper(): value for name, value in secrets.items() if value})
    restored = await asyncio.to_thread(own.__enter__)
    try:
        async with public_client(restored) as there:
            for announcement in before:
                assert ok(await moved(host, there).get(f"/app/v1/announcement/{announcement}"))["id"] == announcement
            bookings = ok(await moved(guest, there).get("/app/v1/bookings?filter[self]=guest"))
            assert [each["id"] for each in bookings] == [booking["id"]]
            credentials = {"email": guest.email, "password": guest.password}
            ok(await there.post("/auth/v1/login/", json=credentials))
            tokens = await asyncio.to_thread(restored.tokens)
            sudo = Person(tokens["sudo"], "", "", tokens["sudo_access_token"], there)
            assert ok(await sudo.get("/app/v1/_audit"))["differences"] == []
    finally:
        await asyncio.to_thread(own.__exit__, None, None, None)


def test_only_its_owner_reads_a_backup(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in backup.rglob("*")} == {0}


def test_it_has_the_secrets_that_belong_to_the_data_and_no_password(mesh: Mesh, backup: Path) -> None:
    kept = (backup / "secrets.json").read_text()
    settings = mesh.settings
    assert all(getattr(settings, name) in kept for name in LASTING)
    assert settings.postgres_password not in kept
    assert all(password not in kept for password in settings.database_passwords.values())


def test_a_mesh_that_runs_is_not_written_over(mesh: Mesh, backup: Path) -> None:
    with pytest.raises(MeshError, match="the mesh is running"):
        restore(mesh.home, backup)


def test_a_damaged_backup_is_refused_and_changes_nothing(mesh: Mesh, folder: Path, tmp_path: Path) -> None:
    damaged = back_up(mesh.settings, tmp_path)
    file = max((damaged / "postgres" / "base").rglob("*"), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    home = Home(tmp_path / "home")
    with pytest.raises(MeshError, match="pg_verifybackup failed"):
        restore(home, damaged)
    assert not data_folder(home).exists()


def test_another_folder_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match="is no backup"):
        restore(Home(tmp_path / "home"), tmp_path)


def test_what_was_there_is_set_aside(backup: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    data_folder(home).mkdir(parents=True)
    (data_folder(home) / "mine").touch()
    restore(home, backup)
    [aside] = home.postgres.glob("data.before-*")
    assert (aside / "mine").exists()
