"""Cheap fingerprints of source folders: has anything changed since?"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from local.home import ROOT

SKIPPED = {"__pycache__", ".mypy_cache"}


def of_sources(*names: str) -> str:
    """Changes when a file below one of these folders of the repository (or such a file) changes."""
    digest = hashlib.sha256()
    for name in names:
        for file in sorted(_files(ROOT / name)):
            status = file.stat()
            digest.update(f"{file.relative_to(ROOT)} {status.st_mtime_ns} {status.st_size}\n".encode())
    return digest.hexdigest()


def of_contents(*patterns: str) -> str:
    """Changes when the text of a file that matches changes; a fresh checkout of the same text does not."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for file in sorted(ROOT.glob(pattern)):
            if file.is_file() and not SKIPPED.intersection(file.parts):
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for file in path.rglob("*"):
            if file.is_file() and not SKIPPED.intersection(file.parts):
                yield file
