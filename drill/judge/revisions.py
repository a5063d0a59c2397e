"""Mails of edits: held until no more edits can join their notice, and then telling of all that it tells of.

An edit that is told of late finds the mail gone, and is followed by another one. Who was told meanwhile that he will
not go is mailed of no edit.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from drill.harvest import Harvest
from drill.judge.edits import COALESCED, MARK, marks, of_edits, path
from drill.judge.evenings import Evening
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import CLOCKS
from drill.judge.overtaken import overtaken
from drill.mails import Mail
from drill.record import Person


class Revision(NamedTuple):
    """What a reader sees of edits: how it was before the first of them, and how it is after the last."""

    person: str
    title: str
    path: str
    before: str
    after: str


def judge_revisions(
    mails: Sequence[Mail], readers: dict[str, Person], history: History, harvest: Harvest, findings: Findings
) -> int:
    """Every notice of edits is mailed as it is in the end, and no sooner; returns how many mails were owed."""
    evenings = {path(evening): evening for evening in history.evenings.values()}
    wanting = {person.id for person in readers.values() if person.mailed}
    noticed_by = list(noticed(wanting, harvest))
    owed = {revision for revision, _ in noticed_by}
    late = {revision for revision, notice in noticed_by if overtaken(revision.person, notice, history, harvest)}
    arrived: Counter[Revision] = Counter()
    for mail in mails:
        revision = mailed(mail, readers[mail.address].id, harvest)
        arrived[revision] += 1
        judge_hold(mail, revision, evenings.get(revision.path), harvest, findings)
    for revision in owed - late:
        findings.check("mailed", arrived[revision] > 0, f"not mailed: {revision}")
    for revision, count in arrived.items():
        findings.check("unmailed", count == 1, f"mailed {count} times, under different ids: {revision}")
        begun = revision in owed or any(is_begun(revision, whole) for whole in owed)
        findings.check("unmailed", begun, f"mailed, and not in the inbox: {revision}")
    return len(owed - late)


def noticed(people: set[str], harvest: Harvest) -> Iterator[tuple[Revision, Any]]:
    """What the notices of these people tell of edits, each with its notice."""
    for person, notice in of_edits(harvest):
        found = MARK.findall(notice.text)
        if person in people and len(found) == 2:
            about = harvest.links.get(notice.link, notice.link)
            yield Revision(person, notice.title, about, found[0], found[1]), notice


def mailed(mail: Mail, person: str, harvest: Harvest) -> Revision:
    """What a mail tells of edits."""
    found = MARK.findall(mail.text)
    about = next((harvest.links[link] for link in mail.links if link in harvest.links), "")
    return Revision(person, mail.subject, about, found[0], found[-1])


def is_begun(revision: Revision, whole: Revision) -> bool:
    """Whether a mail tells of a part of what a notice tells of by now."""
    ends = revision.before == whole.before or revision.after == whole.after
    return ends and revision[:3] == whole[:3]


def judge_hold(mail: Mail, revision: Revision, evening: Evening | None, harvest: Harvest, findings: Findings) -> None:
    """It came when the two minutes after its first edit were over by the mesh's clock."""
    before = marks(evening).get(revision.before, 0) if evening else 0
    findings.check("unmailed", before > 0, f"tells of nothing that was done: {mail}")
    if evening is None or not before:
        return
    # The edit after that version is the first that it tells of.
    edited = evening.versions[min(before, len(evening.versions) - 1)]
    over = min(edited.low + COALESCED - CLOCKS, harvest.clock_moved)
    findings.check("held", mail.arrived >= over, f"came {over - mail.arrived:.1f} s too early: {mail}")
