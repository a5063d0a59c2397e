"""Where the state of one mesh lies."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Not resolved: the interpreter of a venv is a link, and its folder is what makes it a venv.
PYTHON = sys.executable


@dataclass(frozen=True)
class Home:
    """The folders and files below MATINEE_HOME."""

    path: Path

    @property
    def certificates(self) -> Path:
        return self.path / "certificates"

    def identity(self, name: str) -> tuple[bytes, bytes, bytes]:
        """Whom a member of the mesh trusts, its key and its certificate, as gRPC takes them."""
        authorities, key, certificate = (
            (self.certificates / name / file).read_bytes() for file in ("ca.crt", "tls.key", "tls.crt")
        )
        return authorities, key, certificate

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """What the launcher reads: a file per process with its command and environment."""
        return self.path / "run"

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def mail(self) -> Path:
        """The mails that were sent, a file each."""
        return self.path / "mail"

    @property
    def backups(self) -> Path:
        """What `make backup` writes, a folder each."""
        return self.path / "backups"

    @property
    def envoy(self) -> Path:
        return self.path / "envoy"

    @property
    def supervisor_config(self) -> Path:
        return self.path / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        return self.path / "supervisord.pid"

    @property
    def mesh_file(self) -> Path:
        """The settings of the mesh that was started here, for those who attach to it."""
        return self.path / "mesh.json"

    @property
    def clock(self) -> Path:
        """By how many seconds the mesh's clock is ahead; the processes follow it."""
        return self.path / "clock"

    @property
    def prepared(self) -> Path:
        """The fingerprint of what the databases were last prepared with."""
        return self.postgres / "prepared"

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def create(self) -> None:
        """Makes the folders; only PostgreSQL's may be entered by others (it may have to run as nobody)."""
        for folder in (self.path, self.postgres, self.envoy):
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        for folder in (self.certificates, self.logs, self.run, self.valkey, self.mail):
            folder.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Writes JSON for the owner's eyes only."""
    write_private(path, json.dumps(value, indent=2, sort_keys=True) + "\n")
