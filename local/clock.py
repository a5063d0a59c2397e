"""The mesh's clock on this machine: how far it is ahead of the real one."""

import re
from datetime import UTC, datetime, timedelta

from local.errors import MeshError
from local.home import Home, write_private
from mesh import clock

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
OFFSET = re.compile(r"(?P<sign>[+-]?)(?P<parts>(\d+[dhms])+)")
FARTHEST = timedelta(days=20_000)
"""Farther, and years would not have four digits."""


def parse_offset(text: str) -> timedelta:
    """What +23h, -30m, +1d12h or 0 mean."""
    if text.strip("+-") == "0":
        return timedelta()
    found = OFFSET.fullmatch(text)
    if found is None:
        raise MeshError(f"{text!r} is no offset", "Say for example OFFSET=+23h, -30m, +1d12h or 0.")
    parts = re.findall(r"(\d+)([dhms])", found["parts"])
    try:
        length = sum((timedelta(**{UNITS[unit]: int(count)}) for count, unit in parts), timedelta())
    except OverflowError:
        length = timedelta.max
    if length > FARTHEST:
        raise MeshError(f"{text} is too far away", f"At most {FARTHEST.days} days.")
    return -length if found["sign"] == "-" else length


def read_offset(home: Home) -> timedelta:
    """How far the clock of the mesh in this folder is ahead of the real one."""
    try:
        return clock.read(home.clock)
    except ValueError:
        raise MeshError(
            f"{home.clock} holds no number of seconds", "Set the clock again: make clock OFFSET=0"
        ) from None


def move_clock(home: Home, offset: timedelta) -> None:
    """Sets the clock so far ahead of the real one. Every process of the mesh sees it within a second."""
    write_private(home.clock, f"{offset.total_seconds():.0f}\n")


def describe(offset: timedelta) -> str:
    """The mesh's time, and how far it is from the real one."""
    moment = f"{datetime.now(UTC) + offset:%Y-%m-%d %H:%M:%S} UTC"
    if not offset:
        return f"{moment}, the real time"
    return f"{moment}, {abs(offset)} {'ahead of' if offset > timedelta() else 'behind'} the real time"
