"""Notices of edits: those that follow each other closely are told of in one, which says how it was before the first."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from matinee.notify.v1 import notify_pb2

from drill.harvest import Harvest
from drill.judge.evenings import CANCELLED, Evening, Version
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import CLOCKS, LIVE

MARK = re.compile(r"mark [0-9a-f]{16}")
COALESCED = 120.0
"""Edits so many seconds after the first of them are in its notice."""
FARTHEST = 2 * COALESCED
"""Seconds between edits in one notice, at most: what happened first may be told last, and becomes the first then."""
Reader = tuple[str, str]
"""A person, and the path of an evening."""


@dataclass
class Told:
    """A notice: by their versions, the first and the last edit that it tells of."""

    first: int
    last: int


@dataclass
class Edits:
    """What somebody has to hear of an evening's edits, and what he did hear."""

    evening: Evening
    must: set[int] = field(default_factory=set)
    """Versions."""
    may: set[int] = field(default_factory=set)
    """Versions that he may hear of, because it is open whether he held a booking then."""
    told: list[Told] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    """Notices that tell of nothing that anybody did."""

    @property
    def covered(self) -> set[int]:
        """Versions that some notice tells of."""
        return {number for one in self.told for number in range(one.first, one.last + 1)}

    def version(self, number: int) -> Version:
        """A version by its number."""
        return self.evening.versions[number - 1]


def edits(history: History, harvest: Harvest) -> dict[Reader, Edits]:
    """All readers of notices of edits, and all who should be."""
    found: dict[Reader, Edits] = {}
    evenings = {path(evening): evening for evening in history.evenings.values()}
    for evening in evenings.values():
        for version in evening.versions[1:]:
            if version.op is not None and version.known.get("will") != CANCELLED:
                owe(evening, version, history, found)
    for person, notice in of_edits(harvest):
        about = harvest.links.get(notice.link, notice.link)
        if about in evenings:
            hear(found.setdefault((person, about), Edits(evenings[about])), notice)
    for one in found.values():
        one.told.sort(key=lambda told: told.last)
    return found


def path(evening: Evening) -> str:
    """Where an evening's notices lead."""
    return f"/app/v1/announcement/{evening.id}"


def owe(evening: Evening, version: Version, history: History, found: dict[Reader, Edits]) -> None:
    """Those who hold a booking are told of an edit; not of the one that publishes, for then nobody does."""
    for life in history.at[evening.id]:
        states = life.possible(version.low, version.high)
        if not states & LIVE:
            continue
        mine = found.setdefault((life.guest, path(evening)), Edits(evening))
        if states <= LIVE and version.number not in mine.may:
            mine.must.add(version.number)
        elif version.number not in mine.must:
            mine.may.add(version.number)


def of_edits(harvest: Harvest) -> Iterator[tuple[str, Any]]:
    """Everybody's notices of edits."""
    for person, notices in harvest.notices.items():
        yield from ((person, notice) for notice in notices if notice.kind == notify_pb2.announcement_changed)


def hear(mine: Edits, notice: Any) -> None:
    """Takes a notice in: the description before its first edit and the one after its last tell which they are."""
    known = marks(mine.evening)
    found = [known.get(mark) for mark in MARK.findall(notice.text)]
    if len(found) == 2 and found[0] is not None and found[1] is not None and found[0] < found[1]:
        mine.told.append(Told(found[0] + 1, found[1]))
    else:
        mine.strange.append(notice.text)


def marks(evening: Evening) -> dict[str, int]:
    """An evening's versions by the descriptions that they left."""
    return {
        version.op.request.description: version.number
        for version in evening.versions
        if version.op is not None and hasattr(version.op.request, "description")
    }


def missing_edits(history: History, harvest: Harvest) -> int:
    """How many edits somebody has not heard of yet."""
    return sum(len(mine.must - mine.covered) for mine in edits(history, harvest).values())


def judge_edits(history: History, harvest: Harvest, names: dict[str, str], findings: Findings) -> Counter[str]:
    """Every edit owed is told of in one notice, and those near each other in the same one."""
    sums: Counter[str] = Counter()
    for (person, about), mine in edits(history, harvest).items():
        whom = f"edits of {about} to {names.get(person, person)}"
        for number in mine.must:
            findings.check("owed", number in mine.covered, f"{whom}: version {number} is not told")
        for told in mine.told:
            wanted = {told.first, told.last} <= mine.must | mine.may
            findings.check("unowed", wanted, f"{whom}: {told} tells of what was none of his")
        for text in mine.strange:
            findings.check("unowed", False, f"{whom}: tells of nothing that was done: {text}")
        judge_nearness(mine, whom, findings)
        sums += Counter(owed=len(mine.must), present=len(mine.covered & (mine.must | mine.may)), open=len(mine.may))
    return sums


def judge_nearness(mine: Edits, whom: str, findings: Findings) -> None:
    """What is told together was near each other; none is told twice, none near the notice before it by itself."""
    for told in mine.told:
        first = mine.version(told.first)
        for number in sorted(mine.must & set(range(told.first + 1, told.last + 1))):
            apart = mine.version(number).low - first.high
            findings.check("together", apart < FARTHEST, f"{whom}: {told} is of edits that are {apart:.0f} s apart")
    for told, following in pairwise(mine.told):
        findings.check("unowed", told.last < following.first, f"{whom}: told twice: {told} and {following}")
        between = mine.version(following.first).high - mine.version(told.first).low
        findings.check("together", between > COALESCED - CLOCKS, f"{whom}: {told} and {following} are near each other")
