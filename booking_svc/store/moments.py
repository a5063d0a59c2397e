"""The moments of an evening of which people are told because time passes, as SQL about a row `a` of announcements.

The sweep that tells and the plan that foretells are made of the same conditions, so that they agree.
"""

from dataclasses import dataclass
from datetime import timedelta

NOW = "CAST(:now AS timestamptz)"
TAKES_PLACE = "a.will IN ('PUBLISHED', 'CLOSED')"
DAY, HOUR = timedelta(hours=24), timedelta(hours=1)


@dataclass(frozen=True)
class Moment:
    """One of them."""

    kind: str
    """As notify calls it."""
    column: str
    """What it is before or at; an index leads by it to the evenings whose people were not told yet."""
    pending: str
    """Whether people have not been told, and it is not too late."""
    told: str
    """What is noted when they have been; `told.event_time` is the time that they were told."""
    states: str
    """Bookings `b` whose guests are told."""
    ahead: timedelta = timedelta()
    """How long before it people are told."""

    @property
    def time(self) -> str:
        """When people are told."""
        return f"a.{self.column} - {interval(self.ahead)}"

    @property
    def due(self) -> str:
        """Whether people are to be told now."""
        return f"{self.pending} AND a.{self.column} <= {NOW} + {interval(self.ahead)}"

    def is_told(self, joined: str) -> str:
        """Whether somebody is told who came into it at `joined`.

        Who came when the window was open already, to the evening as it is now, was told the time by that very notice.
        """
        return f"{joined} <= greatest({self.time}, a.move_time)" if self.ahead else "true"


def interval(length: timedelta) -> str:
    """A length of time."""
    return f"interval '{length.total_seconds():.0f} seconds'"


def reminder(kind: str, noted: str, ahead: timedelta, until: timedelta) -> Moment:
    """A reminder; it is too late for it when the next one comes."""
    return Moment(
        kind=kind,
        column="event_time",
        pending=f"a.{noted} IS DISTINCT FROM a.event_time AND a.event_time > {NOW} + {interval(until)}",
        told=f"{noted} = told.event_time",
        states="b.state = 'ACCEPTED'",
        ahead=ahead,
    )


MOMENTS = (
    reminder("reminder_1h", "reminded_1h", HOUR, timedelta()),
    reminder("reminder_24h", "reminded_24h", DAY, HOUR),
    Moment(
        kind="evening_over",
        column="end_time",
        pending="NOT a.told_over",
        told="told_over = true",
        states="b.state IN ('ACCEPTED', 'ATTENDED')",
    ),
)
