"""Time: nobody is promised to be at two evenings at once, whatever was moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from drill.judge.evenings import CLOSED, PUBLISHED, Evening, Span, overlap, span
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import LIVE


@dataclass(frozen=True)
class Stay:
    """For a while somebody was surely expected somewhere."""

    since: float
    until: float
    at: Span
    evening: Evening
    what: str

    @property
    def begins(self) -> datetime:
        """When he was expected there."""
        return self.at[0]


def judge_times(history: History, findings: Findings) -> None:
    """For everybody all pairs of evenings that are near each other."""
    for person in sorted({*history.of, *history.hosted}):
        stays = sorted([*as_guest(person, history), *as_host(person, history)], key=lambda stay: stay.begins)
        for index, one in enumerate(stays):
            for other in stays[index + 1 :]:
                if other.begins >= one.at[1]:
                    break
                both_hosted = one.what == other.what == "host"
                same = one.evening is other.evening and one.what == other.what
                if both_hosted or same:
                    continue
                apart = not overlap(one.at, other.at) or max(one.since, other.since) >= min(one.until, other.until)
                told = f"{person} is at {one.evening.id} ({one.what}) and at {other.evening.id} ({other.what})"
                findings.check("elsewhere", apart, told)


def as_guest(person: str, history: History) -> Iterator[Stay]:
    """Where a person was surely expected as a guest."""
    for life in history.of[person]:
        for since, until in life.stays(LIVE):
            for planned in planned_stays(life.evening, life.id):
                if max(since, planned.since) < min(until, planned.until):
                    yield Stay(max(since, planned.since), min(until, planned.until), planned.at, life.evening, life.id)


def as_host(person: str, history: History) -> Iterator[Stay]:
    """Where a person was surely expected as the host."""
    for evening in history.hosted[person]:
        yield from planned_stays(evening, "host")


def planned_stays(evening: Evening, what: str) -> Iterator[Stay]:
    """When an evening surely was planned for when."""
    for version, successor in zip(evening.versions, [*evening.versions[1:], None], strict=True):
        until = successor.low if successor else float("inf")
        open_to_guests = version.known.get("will") in (PUBLISHED, CLOSED)
        if open_to_guests and "event_time" in version.known and version.high < until:
            yield Stay(version.high, until, span(version, evening), evening, what)
