"""Files in the format of IMDb's datasets, and the command that reads them."""

import asyncio
import gzip
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from movie_svc.dataset import COLUMNS
from movie_svc.imdb import Import

Imdb = Callable[..., Awaitable[Import]]


def write(path: Path, kind: str, rows: list[str | bytes]) -> Path:
    """A file with these rows, | for a tab."""
    lines: list[str | bytes] = ["|".join(COLUMNS[kind]), *rows]
    told = (line if isinstance(line, bytes) else line.replace("|", "\t").encode() for line in lines)
    path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in told), 1))
    return path


def film(
    number: int, title: str, year: object = 1979, minutes: object = 90, kind: str = "movie", adult: int = 0
) -> str:
    """A row of basics."""
    return rf"tt{number}|{kind}|{title}|{title}|{adult}|{year}|\N|{minutes}|Drama,Horror"


async def command(url: str, *options: str) -> tuple[int | None, str]:
    """Runs the command; its exit code and all it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "movie_svc.imdb", *options),
        env={**os.environ, "DATABASE_URL": url, "COLUMNS": "1000"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return process.returncode, told.decode()
