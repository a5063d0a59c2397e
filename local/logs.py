"""Reading along in the processes' logs."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from local.errors import MeshError
from local.health import last_lines
from local.home import Home

FIRST_LINES = 100
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Follower:
    """Reads what is appended to one log, also after it was rotated."""

    path: Path
    position: int = 0
    inode: int = 0
    rest: str = ""

    def skip_to_end(self) -> None:
        """What is there already was shown."""
        status = self.path.stat()
        self.position, self.inode = status.st_size, status.st_ino

    def new_lines(self) -> list[str]:
        """The whole lines that were added since the last call."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return []
        if status.st_ino != self.inode or status.st_size < self.position:
            self.position, self.inode = 0, status.st_ino
        if status.st_size == self.position:
            return []
        with self.path.open("rb") as file:
            file.seek(self.position)
            text = self.rest + file.read().decode(errors="replace")
            self.position = file.tell()
        *lines, self.rest = text.split("\n")
        return lines


def show_logs(home: Home, process: str, output: TextIO, *, follow: bool = True) -> None:
    """Prints the last lines of a process (or of all), then what comes until it is interrupted."""
    followers = [Follower(path) for path in log_files(home, process)]
    width = max(len(follower.path.stem) for follower in followers)
    alone = len(followers) == 1
    for follower in followers:
        follower.skip_to_end()
        _print(follower, last_lines(follower.path, FIRST_LINES), 0 if alone else width, output)
    while follow:
        time.sleep(0.2)
        for follower in followers:
            _print(follower, follower.new_lines(), 0 if alone else width, output)


def log_files(home: Home, process: str) -> list[Path]:
    """The logs of a process by its name; of every process of a service by the service's; of all without a name."""
    files = sorted(home.logs.glob("*.log"))
    if not files:
        raise MeshError("there are no logs yet", "Run `make up`.")
    name = process.removesuffix("_svc")
    chosen = [file for file in files if not name or re.fullmatch(rf"{re.escape(name)}(-\d)?", file.stem)]
    if not chosen:
        raise MeshError(f"there is no log of {process!r}", f"There are: {', '.join(file.stem for file in files)}.")
    return chosen


def _print(follower: Follower, lines: list[str], width: int, output: TextIO) -> None:
    prefix = f"{follower.path.stem:<{width}} | " if width else ""
    for line in lines:
        output.write(f"{prefix}{COLOUR.sub('', line)}\n")
    output.flush()
