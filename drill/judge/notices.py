"""Notices: who had to be told what, from the answers given, against what lies in the inboxes."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from matinee.booking.v1 import booking_pb2 as pb
from matinee.notify.v1 import notify_pb2

from drill.harvest import Harvest
from drill.judge.evenings import CANCELLED, PUBLISHED, Evening, Version
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import LIVE, Life
from drill.record import Person
from notify_svc.kinds import KINDS, Kind

MARK = re.compile(r"mark [0-9a-f]{16}")
Told = tuple[str, str, str, str]
"""Recipient, kind, what of it (a cause, or the mark that an edit left), and the path of what it is about."""


@dataclass
class Owed:
    """What has to be in the inboxes, and what may be there besides, because it is open who was first."""

    must: Counter[Told] = field(default_factory=Counter)
    may: set[Told] = field(default_factory=set)


def headings(kind: Kind) -> dict[str, str]:
    """The cause of a notice by the first words of its title."""
    found: dict[str, str] = {}
    for says in (kind.says, kind.accepted):
        for cause, sides in says.items():
            for wording in (sides.guest, sides.host):
                found[wording.title.partition(":")[0]] = cause
    return found


CAUSES = {name: headings(kind) for name, kind in KINDS.items()}
SAME = {("booking_created", "applied"): ""}
"""Causes that have no words of their own."""


def owed(history: History, people: list[Person]) -> Owed:
    """Everything that somebody has to be told."""
    found = Owed()
    for life in history.lives.values():
        found.must.update(of_booking(life))
    for evening in history.evenings.values():
        found.must.update(of_evening(evening, history, people))
        for version in evening.versions[1:]:
            if version.op is not None and version.known.get("will") != CANCELLED:
                of_edit(evening, version, history, found)
    return found


def of_booking(life: Life) -> Iterator[Told]:
    """Both are told of every step but the first, which only the host does not know of."""
    host, path = life.evening.host, f"/app/v1/booking/{life.id}"
    first, *later = life.steps
    yield host, "booking_created", SAME.get(("booking_created", first.cause), first.cause), path
    if first.state == pb.ACCEPTED:
        yield life.guest, "booking_status", "accepted", path
    for step in later:
        # An evening that is called off is told of once.
        if step.cause != "cancelled":
            yield host, "booking_status", step.cause, path
            yield life.guest, "booking_status", step.cause, path


def of_evening(evening: Evening, history: History, people: list[Person]) -> Iterator[Told]:
    """Followers are told when it is published, those with a live booking when it is called off."""
    path = f"/app/v1/announcement/{evening.id}"
    if any(version.known.get("will") == PUBLISHED for version in evening.versions):
        for person in people:
            if evening.host in person.follows:
                yield person.id, "announcement_published", "", path
    for life in history.at[evening.id]:
        if life.steps[-1].cause == "cancelled":
            yield life.guest, "announcement_cancelled", "", path


def of_edit(evening: Evening, version: Version, history: History, found: Owed) -> None:
    """Those who hold a booking are told of an edit; not of the one that publishes, for then nobody does."""
    assert version.op is not None
    path, mark = f"/app/v1/announcement/{evening.id}", version.op.request.description
    for life in history.at[evening.id]:
        told = (life.guest, "announcement_changed", mark, path)
        states = life.possible(version.low, version.high)
        if states <= LIVE and told not in found.may:
            found.must[told] = 1
        elif states & LIVE and told not in found.must:
            found.may.add(told)


def told(harvest: Harvest) -> Counter[Told]:
    """What lies in the inboxes."""
    return Counter(
        (person, *what(notice, harvest)) for person, notices in harvest.notices.items() for notice in notices
    )


def what(notice: Any, harvest: Harvest) -> tuple[str, str, str]:
    """What a notice says, as far as it can be told from its words and its link."""
    kind = notify_pb2.Kind.Name(notice.kind)
    path = harvest.links.get(notice.link, notice.link)
    if kind == "announcement_changed":
        marks = MARK.findall(notice.text)
        return kind, marks[-1] if marks else notice.text, path
    heading = notice.title.partition(":")[0]
    return kind, CAUSES[kind].get(heading, heading), path


def missing(harvest: Harvest, expected: Owed) -> int:
    """How many notices have not come yet."""
    return (expected.must - told(harvest)).total()


def judge_notices(history: History, harvest: Harvest, people: list[Person], findings: Findings) -> Counter[str]:
    """Every notice owed is there once, and no other; returns how many were owed and how many there are."""
    expected, present = owed(history, people), told(harvest)
    names = {person.id: person.name for person in people}
    for one, count in expected.must.items():
        told_so = f"{describe(one, names)}: owed {count}, there {present[one]}"
        findings.check("owed", present[one] >= count, told_so)
    for one, count in present.items():
        allowed = expected.must[one] or (one in expected.may)
        findings.check("unowed", count <= allowed, f"{describe(one, names)}: owed {int(allowed)}, there {count}")
    judge_words(history, harvest, names, findings)
    return Counter(owed=expected.must.total(), present=present.total(), open=len(expected.may))


def describe(one: Told, names: dict[str, str]) -> str:
    """A notice in a line."""
    person, kind, cause, path = one
    return f"{kind} {cause} to {names.get(person, person)} about {path}"


def judge_words(history: History, harvest: Harvest, names: dict[str, str], findings: Findings) -> None:
    """Notices of a booking name its guest and its host, and nobody else."""
    for person, notices in harvest.notices.items():
        for notice in notices:
            path = harvest.links.get(notice.link, "")
            life = history.lives.get(path.rpartition("/")[2])
            if life is None:
                continue
            named = {name for name in re.findall(r"\w+", notice.text) if name in names.values()}
            mine = names.get(life.guest if person != life.guest else life.evening.host, "")
            told_so = f"{names.get(person)} reads: {notice.title} {notice.text}"
            findings.check("words", named <= {mine}, told_so)
