"""Replaces the files of a folder all at once, as Kubernetes does it with a mounted secret."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

CURRENT = "..data"


def swap_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Makes `files` all that the folder has; a reader sees the old ones or the new ones, each whole.

    Every name is a link through one link to a folder with all of them, and that one link is replaced.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    version = folder / f"..{time.time_ns()}"
    version.mkdir(mode=0o700)
    for name, content in files.items():
        _write_private(version / name, content)
    _link(folder / CURRENT, version.name)
    for name in files:
        _link(folder / name, f"{CURRENT}/{name}")
    for left in folder.iterdir():
        if left.name not in {*files, CURRENT, version.name}:
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _link(path: Path, target: str) -> None:
    if path.is_symlink() and path.readlink() == Path(target):
        return
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)
