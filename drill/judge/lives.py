"""The life of a booking: its steps, who asked for each, and when that can have been."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from itertools import pairwise
from typing import Any

from matinee.booking.v1 import booking_pb2 as pb

from drill.harvest import Harvest
from drill.judge.evenings import Evening, is_cancel, tighten
from drill.judge.findings import Findings
from drill.record import Op, Record

LIVE: set[int] = {pb.PENDING, pb.WAITLISTED, pb.ACCEPTED}
NONE = 0
"""Not there yet."""
CLOCKS = 0.05
"""Seconds by which clocks may differ."""
CREATED = ("applied", "accepted", "waitlisted")
STEPS: dict[str, set[int]] = {
    "accepted": {pb.PENDING, pb.WAITLISTED, pb.DECLINED},
    "declined": {pb.PENDING, pb.WAITLISTED},
    "revoked": {pb.ACCEPTED},
    "withdrawn": LIVE,
    "returned": {pb.WITHDRAWN},
    "promoted": {pb.WAITLISTED},
    "cancelled": LIVE,
    "moved": LIVE,
}
"""From which states each step leads on."""
VERBS = {
    "applied": "apply",
    "waitlisted": "apply",
    "accepted": "accept",
    "declined": "decline",
    "revoked": "decline",
    "withdrawn": "withdraw",
    "returned": "return",
}


@dataclass
class Step:
    """Something that happened to a booking, between `low` and `high`."""

    cause: str
    state: int
    """After it."""
    actor: str
    time: float
    low: float = 0.0
    high: float = float("inf")
    op: Op | None = None

    @property
    def is_offer(self) -> bool:
        """Whether one who waited was offered a place, on which his host decides."""
        return self.cause == "promoted" and self.state == pb.PENDING


@dataclass
class Life:
    """A booking from its beginning to what it is now."""

    id: str
    guest: str
    evening: Evening
    tickets: int
    final: Any
    steps: list[Step] = field(default_factory=list)

    def steps_within(self, start: float, end: float) -> Iterator[Step | None]:
        """Steps that may have been the last one at some moment of an interval; None before it was made."""
        if self.steps[0].high >= start:
            yield None
        for step, successor in zip(self.steps, [*self.steps[1:], None], strict=True):
            if step.low <= end and (successor is None or successor.high >= start):
                yield step

    def possible(self, start: float, end: float) -> set[int]:
        """States in which it may have been at some moment of an interval; NONE before it was made."""
        return {step.state if step else NONE for step in self.steps_within(start, end)}

    def surely_offered(self, start: float, end: float) -> bool:
        """Whether it was offered a place from the waiting list and its host had not answered, all the time."""
        return all(step is not None and step.is_offer for step in self.steps_within(start, end))

    def maybe_offered(self, start: float, end: float) -> bool:
        """Whether it may have been so at some moment."""
        return any(step is not None and step.is_offer for step in self.steps_within(start, end))

    def surely(self, states: set[int], start: float, end: float) -> bool:
        """Whether it was in one of these states all the time."""
        return self.possible(start, end) <= states

    def stays(self, states: set[int]) -> Iterator[tuple[float, float]]:
        """Intervals in which it surely was in one of these states all the time."""
        began: float | None = None
        for step in self.steps:
            if step.state in states:
                began = step.high if began is None else began
            elif began is not None:
                if began < step.low:
                    yield began, step.low
                began = None
        if began is not None:
            yield began, float("inf")


def lives(record: Record, harvest: Harvest, evenings: dict[str, Evening], findings: Findings) -> dict[str, Life]:
    """Every booking's life; acknowledged steps that are missing, and steps that nobody asked for, are differences."""
    asked = requests(record)
    around = neighbours(record)
    found: dict[str, Life] = {}
    for booking in harvest.bookings.values():
        evening = evenings.get(booking.announcement_id)
        listed = harvest.listed.get(booking.id)
        good = listed is not None and listed.state == booking.state
        findings.check("final", good, f"booking {booking.id} is not the same in the list of all")
        if evening is None:
            continue
        life = Life(booking.id, booking.guest_id, evening, booking.tickets, booking)
        for entry in booking.timeline:
            life.steps.append(step(entry, life, asked, around[evening.id], findings))
        if findings.check("present", bool(life.steps), f"booking {life.id} has no timeline"):
            check_life(life, findings)
            found[life.id] = life
    for (booking_id, verb), ops in asked.items():
        for op in ops:
            findings.check("present", False, f"{verb} of booking {booking_id} left no trace: {op}")
    return found


def requests(record: Record) -> dict[tuple[str, str], list[Op]]:
    """What was acknowledged: for each booking and verb the requests."""
    asked: dict[tuple[str, str], list[Op]] = defaultdict(list)
    for op in record.writes():
        for booking_id, verb in wanted(op):
            asked[booking_id, verb].append(op)
    return asked


def wanted(op: Op) -> Iterator[tuple[str, str]]:
    """What a request that succeeded did to which bookings."""
    match op.rpc:
        case "CreateBooking":
            yield op.answer.id, "apply"
        case "WithdrawBooking":
            yield op.request.booking_id, "withdraw"
        case "UpdateBooking" if op.answer.author_id == op.person.id:
            yield op.request.booking_id, "accept" if op.request.my_status else "decline"
        case "UpdateBooking":
            yield op.request.booking_id, "return" if op.request.my_status else "withdraw"
        case "DecideBookings":
            yield from ((booking_id, "accept") for booking_id in op.request.accept)
            yield from ((booking_id, "decline") for booking_id in op.request.decline)


def neighbours(record: Record) -> dict[str, list[Op]]:
    """The acknowledged writes of each evening: what moves a booking by itself is caused by one of them."""
    around: dict[str, list[Op]] = defaultdict(list)
    for op in record.writes():
        if op.rpc in ("UpdateBooking", "WithdrawBooking", "CreateBooking"):
            around[op.answer.announcement_id].append(op)
        elif op.rpc in ("DecideBookings", "UpdateAnnouncement", "CancelAnnouncement"):
            around[op.request.announcement_id].append(op)
    return around


def step(entry: Any, life: Life, asked: dict[tuple[str, str], list[Op]], around: list[Op], findings: Findings) -> Step:
    """An entry of the timeline, with the request behind it."""
    time = entry.time.ToDatetime(tzinfo=UTC).timestamp()
    made = Step(entry.cause, state_after(entry, life.evening), entry.actor, time)
    if entry.kind == "booking_created" or entry.cause in VERBS:
        verb = "apply" if entry.kind == "booking_created" else VERBS[entry.cause]
        candidates = [op for op in asked[life.id, verb] if covers(op, time) and op.person.id == entry.actor]
        candidates = sorted(candidates, key=lambda op: op.end)[:1]
        for op in candidates:
            made.op = op
            asked[life.id, verb].remove(op)
    else:
        candidates = [op for op in around if covers(op, time) and may_cause(op, entry.cause)]
    told = f"booking {life.id} was {entry.cause} at {time:.3f} by {entry.actor or 'nobody'}, and nobody asked for it"
    if findings.check("asked", bool(candidates), told):
        made.low, made.high = min(op.start for op in candidates), max(op.end for op in candidates)
    return made


def covers(op: Op, time: float) -> bool:
    """Whether something can have happened while the request was under way."""
    return op.start - CLOCKS <= time <= op.end + CLOCKS


def may_cause(op: Op, cause: str) -> bool:
    """Whether a request may do such a thing to bookings that it does not name."""
    is_edit = op.rpc in ("UpdateAnnouncement", "CancelAnnouncement")
    match cause:
        case "cancelled":
            return is_edit and is_cancel(op)
        case "moved":
            return is_edit and not is_cancel(op) and bool(op.request.force) and op.request.HasField("event_time")
        case "promoted":
            return op.rpc != "CreateBooking"
    return False


def state_after(entry: Any, evening: Evening) -> int:
    """Where a step leads."""
    at_once: int = pb.ACCEPTED if evening.at_once else pb.PENDING
    states: dict[str, int] = {
        "applied": pb.PENDING,
        "waitlisted": pb.WAITLISTED,
        "accepted": pb.ACCEPTED,
        "declined": pb.DECLINED,
        "revoked": pb.DECLINED,
        "withdrawn": pb.WITHDRAWN,
        "returned": at_once,
        "promoted": at_once,
        "cancelled": pb.CANCELLED,
        "moved": pb.CANCELLED,
    }
    return states.get(entry.cause, -1)


def check_life(life: Life, findings: Findings) -> None:
    """One beginning, steps that the states allow, in an order that fits the requests, ending where it is now."""
    tighten(life.steps)
    path = " -> ".join(step.cause for step in life.steps)
    first = life.final.timeline[0]
    good = first.kind == "booking_created" and first.cause in CREATED
    findings.check("order", good, f"booking {life.id} begins with {first.cause}")
    for before, step in pairwise(life.steps):
        good = before.state in STEPS.get(step.cause, ())
        findings.check("order", good, f"booking {life.id} cannot be {step.cause} here: {path}")
    for step in life.steps:
        findings.check("order", step.low <= step.high, f"booking {life.id}: {step.cause} in no possible order: {path}")
    state = pb.BookingState.Name(life.final.state)
    good = life.final.state == life.steps[-1].state
    findings.check("final", good, f"booking {life.id} is {state} after {path}")
    check_reason(life, life.steps[-1], findings)


def check_reason(life: Life, last: Step, findings: Findings) -> None:
    """The reason that was given with the last step is what is shown."""
    if last.op is None:
        return
    said = getattr(last.op.request, "reason", "") if last.state == pb.DECLINED else ""
    told = f"booking {life.id} was {last.cause} because of {life.final.decline_reason!r}, not {said!r}"
    findings.check("fields", life.final.decline_reason == said, told)
