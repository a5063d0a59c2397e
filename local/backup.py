"""A backup of everything that must not be lost: `make backup`, `make restore FROM=FOLDER`.

PostgreSQL copies its whole server while it works, all databases as of one moment, the roles too: what was committed
before the backup began is in it, and no service knows of more than another. Beside it lie the secrets without which
some of that is of no use. Valkey holds nothing that is not elsewhere, and certificates are made anew.
"""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from local import postgres, services
from local.errors import MeshError
from local.home import Home, write_json
from local.leftovers import find_leftovers
from local.postgres import SUPERUSER, binary, data_folder, forget_password
from local.settings import Settings

LASTING = ("signing_key_secret", "signing_key_secret_before", "unsubscribe_secret")
"""Secrets that what is in the databases, or in mails that were sent, was locked or signed with."""
SERVER, SECRETS = "postgres", "secrets.json"


def back_up(settings: Settings, folder: Path) -> Path:
    """Writes a new folder into this one, verified and readable by its owner only, and returns it."""
    target = folder / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}"
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        _copy_server(settings, unfinished / SERVER)
        write_json(unfinished / SECRETS, {name: getattr(settings, name) for name in LASTING})
        verify(unfinished)
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return target


def _copy_server(settings: Settings, target: Path) -> None:
    """With the log of what is written meanwhile, which makes the copy that of its last moment."""
    place = ["--host=127.0.0.1", f"--port={settings.port(services.POSTGRES)}", f"--username={SUPERUSER}"]
    copied = [f"--pgdata={target}", "--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256"]
    _run("pg_basebackup", [*place, "--no-password", *copied], {"PGPASSWORD": settings.postgres_password})


def verify(backup: Path) -> None:
    """Compares every file with the checksum that PostgreSQL took, and reads the log. MeshError says what is wrong."""
    refuse_none(backup)
    _run("pg_verifybackup", ["--quiet", str(backup / SERVER)], {})


def refuse_none(backup: Path) -> None:
    """Raises MeshError if this is no backup at all."""
    if not (backup / SERVER / "backup_manifest").is_file() or not (backup / SECRETS).is_file():
        raise MeshError(f"{backup} is no backup", "`make backup` prints where it has written one.")


def restore(home: Home, backup: Path) -> dict[str, str]:
    """Puts a backup in the place of what is there, which is set aside, and returns its lasting secrets.

    The mesh must be down. MeshError, and nothing is changed, if it is not or the backup is damaged.
    """
    # Before the mesh is stopped in vain.
    refuse_none(backup)
    if find_leftovers(home):
        raise MeshError("the mesh is running", "Run `make down`, then restore.")
    verify(backup)
    home.create()
    data = data_folder(home)
    copy = data.with_name("data.restored")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(backup / SERVER, copy)
    os.sync()
    if data.exists():
        data.rename(data.with_name(f"data.before-{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}"))
    copy.rename(data)
    forget_password(home)
    secrets: dict[str, str] = json.loads((backup / SECRETS).read_text(encoding="utf-8"))
    return secrets


def _run(program: str, arguments: list[str], environment: dict[str, str]) -> None:
    """Runs a program of PostgreSQL to its end."""
    done = subprocess.run(
        [binary(program), *arguments],
        env={**postgres.ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise MeshError(f"{program} failed with exit code {done.returncode}", (done.stdout + done.stderr).strip())
