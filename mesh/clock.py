"""The one clock. All code asks it for the time, so that the time can be moved in one place."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, in UTC. SQL gets it as a parameter instead of calling now()."""
    return datetime.now(UTC)


__all__ = ["UTC", "now"]
