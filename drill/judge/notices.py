"""Notices: who had to be told what, from the answers given, against what lies in the inboxes. Edits are in edits.py."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from matinee.booking.v1 import booking_pb2 as pb
from matinee.notify.v1 import notify_pb2

from drill.harvest import Harvest
from drill.judge.edits import judge_edits, missing_edits
from drill.judge.evenings import CANCELLED, PUBLISHED, Evening
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import Life
from drill.record import Person
from notify_svc.kinds import KINDS, Kind

Told = tuple[str, str, str, str]
"""Recipient, kind, the cause if there are several, and the path of what it is about."""


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


def owed(history: History, people: list[Person]) -> Counter[Told]:
    """Everything that somebody has to be told."""
    found: Counter[Told] = Counter()
    for life in history.lives.values():
        found.update(of_booking(life))
    for evening in history.evenings.values():
        found.update(of_evening(evening, history))
        if not is_called_off(evening):
            found.update(of_publishing(evening, people))
    return found


def possible(history: History, people: list[Person]) -> Counter[Told]:
    """What somebody may have been told: of a new evening that was called off, perhaps before its turn came."""
    off = (evening for evening in history.evenings.values() if is_called_off(evening))
    return Counter(one for evening in off for one in of_publishing(evening, people))


def is_called_off(evening: Evening) -> bool:
    """Whether it will not take place."""
    return any(version.known.get("will") == CANCELLED for version in evening.versions)


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


def of_publishing(evening: Evening, people: list[Person]) -> Iterator[Told]:
    """Followers are told when it is published."""
    if any(version.known.get("will") == PUBLISHED for version in evening.versions):
        for person in people:
            if evening.host in person.follows:
                yield person.id, "announcement_published", "", f"/app/v1/announcement/{evening.id}"


def of_evening(evening: Evening, history: History) -> Iterator[Told]:
    """Those with a live booking are told when it is called off."""
    path = f"/app/v1/announcement/{evening.id}"
    for life in history.at[evening.id]:
        if life.steps[-1].cause == "cancelled":
            yield life.guest, "announcement_cancelled", "", path


def told(harvest: Harvest) -> Counter[Told]:
    """What lies in the inboxes."""
    return Counter(
        (person, *what(notice, harvest))
        for person, notices in harvest.notices.items()
        for notice in notices
        if notice.kind != notify_pb2.announcement_changed
    )


def what(notice: Any, harvest: Harvest) -> tuple[str, str, str]:
    """What a notice says, as far as it can be told from its words and its link."""
    kind = notify_pb2.Kind.Name(notice.kind)
    path = harvest.links.get(notice.link, notice.link)
    heading = notice.title.partition(":")[0]
    return kind, CAUSES[kind].get(heading, heading), path


def missing(history: History, harvest: Harvest, people: list[Person]) -> int:
    """How much of what is owed has not come yet."""
    return (owed(history, people) - told(harvest)).total() + missing_edits(history, harvest)


def judge_notices(history: History, harvest: Harvest, people: list[Person], findings: Findings) -> Counter[str]:
    """Every notice owed is there once, and no other; returns how many were owed and how many there are."""
    expected, present = owed(history, people), told(harvest)
    names = {person.id: person.name for person in people}
    for one, count in expected.items():
        told_so = f"{describe(one, names)}: owed {count}, there {present[one]}"
        findings.check("owed", present[one] >= count, told_so)
    allowed = expected + possible(history, people)
    for one, count in present.items():
        findings.check("unowed", count <= allowed[one], f"{describe(one, names)}: owed {expected[one]}, there {count}")
    judge_words(history, harvest, names, findings)
    return Counter(owed=expected.total(), present=present.total()) + judge_edits(history, harvest, names, findings)


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
            told_so = f"{names.get(person)} reads: {notice.title} {notice.text}"
            findings.check("words", not strangers(notice.text, person, life, names), told_so)


def strangers(text: str, reader: str, life: Life, names: dict[str, str]) -> set[str]:
    """Who is named to a reader beside the other side of a booking."""
    other = names.get(life.guest if reader != life.guest else life.evening.host, "")
    return {name for name in re.findall(r"\w+", text) if name in names.values()} - {other}
