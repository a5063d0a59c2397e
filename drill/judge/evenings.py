"""The history of an evening: its versions, who made each, and when that can have been."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from matinee.booking.v1 import booking_pb2 as pb

from drill.harvest import Harvest
from drill.judge.findings import Findings
from drill.record import Attempt, Op, Record

FOREVER = float("inf")
DRAFT, PUBLISHED, CLOSED, CANCELLED = "draft", "published", "closed", "cancelled"
WILLS = {pb.Alive: PUBLISHED, pb.Closed: CLOSED, pb.Cancelled: CANCELLED}
FIELDS = ("tickets_count", "event_time", "description")
Span = tuple[datetime, datetime]
ANY_WILL = {DRAFT, PUBLISHED, CLOSED}
ANY_CAPACITY = (0, 1000)
ANY_TIME: Span = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
"""What can have been where it is not known which of several edits came first."""


@dataclass
class Version:
    """What an edit left; it was written between `low` and `high`."""

    number: int
    low: float
    high: float
    op: Op | None = None
    known: dict[str, Any] = field(default_factory=dict)
    """will, tickets_count, event_time, description, as far as they are known for sure."""


@dataclass
class Evening:
    """An evening and all that became of it."""

    id: str
    create: Op
    versions: list[Version] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The id of its author."""
        return self.create.person.id

    @property
    def sub_only(self) -> bool:
        """Whether it is for followers; no edit changes that."""
        return bool(self.create.request.sub_only)

    @property
    def at_once(self) -> bool:
        """Whether applications are accepted at once; no edit changes that."""
        return bool(self.create.request.accept_at_once)

    @property
    def last(self) -> Version:
        """As it is in the end."""
        return self.versions[-1]

    def possible(self, start: float, end: float) -> Iterator[Version]:
        """Versions that may have been current at some moment of an interval."""
        for version, successor in zip(self.versions, [*self.versions[1:], None], strict=True):
            if version.low <= end and (successor is None or successor.high >= start):
                yield version

    def wills(self, start: float, end: float) -> set[str]:
        """What its author may have wanted then."""
        found = {version.known.get("will") for version in self.possible(start, end)}
        return ANY_WILL if None in found else {will for will in found if will}

    def capacities(self, start: float, end: float) -> list[int]:
        """How many places it may have had then."""
        known = [version.known.get("tickets_count") for version in self.possible(start, end)]
        return list(ANY_CAPACITY) if None in known else [count for count in known if count]

    def spans(self, start: float, end: float) -> list[Span]:
        """When it may have been planned to take place then."""
        versions = list(self.possible(start, end))
        if any("event_time" not in version.known for version in versions):
            return [ANY_TIME]
        return [span(version, self) for version in versions]

    def maybe_visible(self, person: Any, start: float, end: float) -> bool:
        """Whether somebody who has no booking may have seen it then."""
        if person.id == self.host:
            return True
        published = any(will in (PUBLISHED, CLOSED) for will in self.wills(0, end))
        return published and (not self.sub_only or self.host in person.follows)

    def surely_visible(self, person: Any, start: float) -> bool:
        """Whether somebody must have seen it from then on."""
        if person.id == self.host:
            return self.versions[0].high <= start
        published = [version for version in self.versions if version.known.get("will") in (PUBLISHED, CLOSED)]
        if not published or published[0].high > start:
            return False
        return not self.sub_only or self.host in person.follows


def span(version: Version, evening: Evening) -> Span:
    """From when to when."""
    begins: datetime = version.known["event_time"]
    return begins, begins + timedelta(minutes=evening.create.answer.duration)


def overlap(one: Span, other: Span) -> bool:
    """Whether nobody can be at both."""
    return one[0] < other[1] and other[0] < one[1]


def details(record: Record) -> Iterator[tuple[Op, Attempt]]:
    """Every answer that shows an evening in full."""
    for op in record.ops:
        for attempt in op.attempts:
            if isinstance(attempt.answer, pb.AnnouncementDetail):
                yield op, attempt


def evenings(record: Record, harvest: Harvest, findings: Findings) -> dict[str, Evening]:
    """The history of every evening that somebody announced."""
    seen: dict[str, dict[int, str]] = defaultdict(dict)
    for _, attempt in details(record):
        seen[attempt.answer.id][attempt.answer.version] = attempt.answer.description
    edits: dict[str, list[Op]] = defaultdict(list)
    for op in record.writes("UpdateAnnouncement", "CancelAnnouncement"):
        edits[op.request.announcement_id].append(op)
    marks = {op.request.description: op for op in record.ops if op.key and hasattr(op.request, "description")}
    found: dict[str, Evening] = {}
    for create in record.writes("CreateAnnouncement"):
        evening = Evening(create.answer.id, create)
        twice = not findings.check("once", evening.id not in found, f"two announcements answered by one: {create}")
        final = harvest.evenings.get(evening.id)
        findings.check("present", final is not None, f"the evening is gone: {create}")
        if final is not None and not twice:
            build(evening, final.version, seen[evening.id], edits[evening.id], marks, findings)
            found[evening.id] = evening
    for lost in set(harvest.evenings) - set(found):
        findings.check("asked", False, f"an evening that nobody announced: {lost}")
    return found


def build(
    evening: Evening, final: int, seen: dict[int, str], edits: list[Op], marks: dict[str, Op], findings: Findings
) -> None:
    """Finds who made each version: by the mark that every edit leaves, and by elimination."""
    made: dict[int, Op] = {1: evening.create}
    cancels = [op for op in edits if is_cancel(op)]
    for cancel in cancels[:1]:
        made[final] = cancel
    for number, mark in sorted(seen.items()):
        op = marks.get(mark)
        if number in made or op is None:
            continue
        told = f"version {number} of {evening.id} is what was refused: {op}"
        findings.check("asked", op.answer is not None or op.unanswered, told)
        findings.check("once", op not in made.values(), lambda op=op: f"an edit had two effects: {op}")
        made[number] = op
    expected = 1 + len(edits)
    what = f"{evening.id} is at version {final} after {len(edits)} acknowledged edits"
    findings.check("present", final >= expected, what)
    findings.check("once", final <= expected, what)
    unseen = [op for op in edits if op not in made.values()]
    missing = [number for number in range(1, final + 1) if number not in made]
    for number in range(1, final + 1):
        evening.versions.append(version(number, made.get(number), unseen))
    if len(missing) == len(unseen) == 1:
        evening.versions[missing[0] - 1] = version(missing[0], unseen[0], ())
        unseen = []
    fill(evening.versions, unseen)
    tighten(evening.versions)
    for one in evening.versions:
        findings.check(
            "order", one.low <= one.high, lambda one=one: f"version {one.number} too early or late: {one.op}"
        )
        check_expected(one, findings)


def is_cancel(op: Op) -> bool:
    """Whether it calls the evening off."""
    return op.rpc == "CancelAnnouncement" or op.request.status == pb.Cancelled


def version(number: int, op: Op | None, candidates: Iterable[Op]) -> Version:
    """A version by its edit, or by the edits of which one must have made it."""
    ops = [op] if op else list(candidates)
    low, high = min((one.start for one in ops), default=0.0), max((one.end for one in ops), default=FOREVER)
    return Version(number, low, high, op)


def fill(versions: list[Version], loose: list[Op]) -> None:
    """What is known of each version's fields. What an edit of unknown place may have changed is not known."""
    known: dict[str, Any] = {"will": DRAFT}
    for one in versions:
        if one.op is None:
            known = {name: value for name, value in known.items() if not any(changes(op, name) for op in loose)}
        else:
            known = known | {name: value_of(one.op, name) for name in ("will", *FIELDS) if changes(one.op, name)}
        one.known = dict(known)


def changes(op: Op, name: str) -> bool:
    """Whether a request sets a field."""
    if name == "will":
        return is_cancel(op) or bool(op.request.status)
    if op.rpc == "CancelAnnouncement":
        return False
    return op.rpc == "CreateAnnouncement" or bool(op.request.HasField(name))


def value_of(op: Op, name: str) -> Any:
    """What a request sets a field to."""
    if name == "will":
        return CANCELLED if is_cancel_or_none(op) else WILLS.get(op.request.status, DRAFT)
    value = getattr(op.request, name)
    return value.ToDatetime(tzinfo=UTC) if name == "event_time" else value


def is_cancel_or_none(op: Op) -> bool:
    """Whether it calls off; a new evening is not."""
    return op.rpc != "CreateAnnouncement" and is_cancel(op)


def tighten(steps: list[Any]) -> None:
    """What comes after another was not before it."""
    for one, successor in pairwise(steps):
        successor.low = max(successor.low, one.low)
    for one, successor in reversed(list(pairwise(steps))):
        one.high = min(one.high, successor.high)


def check_expected(one: Version, findings: Findings) -> None:
    """An edit that expected a version was done to that one."""
    if one.op and one.op.rpc == "UpdateAnnouncement" and one.op.request.HasField("expected_version"):
        wanted = one.op.request.expected_version
        findings.check("granted", one.number == wanted + 1, lambda: f"made version {one.number}: {one.op}")
