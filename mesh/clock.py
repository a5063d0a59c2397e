"""The one clock. All code asks it for the time, so that the time can be moved in one place."""

from datetime import UTC, datetime
from zoneinfo import available_timezones

TIME_ZONES = frozenset(name for name in available_timezones() if "/" in name) | {"UTC"}
"""IANA names of places, and UTC. Bare names are left out: PostgreSQL does not know localtime, and takes CET for a fixed
offset."""


def now() -> datetime:
    """The current time, aware, in UTC. SQL gets it as a parameter instead of calling now()."""
    return datetime.now(UTC)


__all__ = ["TIME_ZONES", "UTC", "now"]
