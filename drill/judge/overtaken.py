"""Notices that a later one has made untrue: their mails are left out when they come late."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from drill.harvest import Harvest
from drill.judge.edits import path
from drill.judge.history import History
from drill.judge.notices import what

ENDS = {"declined", "revoked", "withdrawn", "moved"}


class Ending(NamedTuple):
    """From when on an evening was off for somebody, as his inbox tells."""

    evening: str
    nanoseconds: int


def evening_of(notice: Any, history: History, harvest: Harvest) -> str:
    """The path of the evening that a notice is about."""
    about = what(notice, harvest)[2]
    life = history.lives.get(about.rpartition("/")[2])
    return path(life.evening) if life is not None else about


def endings(person: str, history: History, harvest: Harvest) -> Iterator[Ending]:
    """Every notice that told a guest that he will not go."""
    for notice in harvest.notices.get(person, ()):
        kind, cause, about = what(notice, harvest)
        life = history.lives.get(about.rpartition("/")[2])
        out = kind == "booking_status" and cause in ENDS and life is not None and life.guest == person
        if out or kind == "announcement_cancelled":
            yield Ending(evening_of(notice, history, harvest), notice.created.ToNanoseconds())


def overtaken(person: str, notice: Any, history: History, harvest: Harvest) -> bool:
    """Whether somebody was told later that he will not go."""
    evening, created = evening_of(notice, history, harvest), notice.created.ToNanoseconds()
    found = endings(person, history, harvest)
    return any(ending.evening == evening and ending.nanoseconds > created for ending in found)
