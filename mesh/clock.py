"""The one clock. All code asks it for the time, so that the time can be moved in one place.

In local mode a file says by how many seconds the mesh's clock is ahead of the real one (`make clock OFFSET=+23h`).
Every process looks into it now and then, so that all of them move together and none has to be started again.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import available_timezones

TIME_ZONES = frozenset(name for name in available_timezones() if "/" in name) | {"UTC"}
"""IANA names of places, and UTC. Bare names are left out: PostgreSQL does not know localtime, and takes CET for a fixed
offset."""
LOOK_SECONDS = 0.5


class Offset:
    """How far the mesh's clock is ahead of the real one."""

    def __init__(self) -> None:
        self.file: Path | None = None
        self.value = timedelta()
        self.next_look = 0.0

    def look(self) -> timedelta:
        """The offset, read again when the last look is half a second old."""
        if self.file is not None and time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + LOOK_SECONDS
            # Half written or out of the calendar: as it was.
            with suppress(ValueError, OverflowError, OSError):
                self.value = read(self.file)
        return self.value


OFFSET = Offset()


def read(file: Path) -> timedelta:
    """The offset in a file; none if there is no file. Raises ValueError if it holds something else."""
    return timedelta(seconds=float(file.read_text() if file.exists() else 0))


def follow(file: Path) -> None:
    """Lets a file move this process's clock; without this the clock is the real one."""
    OFFSET.file = file


def now() -> datetime:
    """The mesh's time, aware, in UTC. SQL gets it as a parameter instead of calling now()."""
    return datetime.now(UTC) + OFFSET.look()


def real_now() -> datetime:
    """The time that others agree on, who know nothing of our clock: tokens are good until then."""
    return datetime.now(UTC)


__all__ = ["TIME_ZONES", "UTC", "follow", "now", "read", "real_now"]
