"""Readings: nothing older than what was answered before, everything adds up, nothing that is hidden."""

from datetime import UTC
from typing import Any

from matinee.booking.v1 import booking_pb2 as pb

from drill.judge.evenings import CANCELLED, CLOSED, DRAFT, PUBLISHED, Evening, details
from drill.judge.findings import Findings
from drill.judge.history import ACCEPTED, History
from drill.judge.lives import Life
from drill.record import Attempt, Op, Person, Record

BY_WILL = {DRAFT: pb.Created, CLOSED: pb.Closed, CANCELLED: pb.Cancelled}


def judge_readings(record: Record, history: History, findings: Findings) -> None:
    """All answers that show evenings or bookings."""
    for op, attempt in details(record):
        if evening := history.evenings.get(attempt.answer.id):
            judge_evening(op, attempt, evening, history, findings)
    for op in record.ops:
        for attempt in op.attempts:
            for booking in shown_bookings(attempt.answer):
                if life := history.lives.get(booking.id):
                    judge_booking(op, attempt, booking, life, findings)
    for op, attempt in record.reads("GetAnnouncement"):
        if evening := history.evenings.get(op.request.announcement_id):
            judge_visibility(op, attempt, evening, history, findings)
    for op, attempt in record.reads("ListAnnouncements"):
        judge_list(op, attempt, history, findings)
    for op, attempt in record.reads("ListBookings"):
        judge_own(op, attempt, history, findings)


def since(op: Op, attempt: Attempt) -> float:
    """What was answered before this must be seen. A repeated write is answered with what was seen the first time."""
    return op.start if op.key else attempt.start


def judge_evening(op: Op, attempt: Attempt, evening: Evening, history: History, findings: Findings) -> None:
    """One evening as it was shown."""
    seen, start, end = attempt.answer, since(op, attempt), attempt.end
    possible = {version.number: version for version in evening.possible(start, end)}
    told = f"version {seen.version} of {evening.id} where {sorted(possible)} can be: {op}"
    if findings.check("fresh", seen.version in possible, told):
        known = possible[seen.version].known
        shown = {name: getattr(seen, name) for name in known if name not in ("will", "event_time")}
        shown |= {"event_time": seen.event_time.ToDatetime(tzinfo=UTC), "will": known.get("will")}
        wrong = {name: (shown[name], value) for name, value in known.items() if shown[name] != value}
        findings.check("fields", not wrong, f"shown and written {wrong}: {op}")
        judge_status(seen, known.get("will"), op, findings)
    taken = sum(guest.tickets for guest in seen.guest_list)
    sums = seen.places_taken + seen.tickets_left == seen.tickets_count and taken == seen.places_taken
    numbers = f"{taken} in the list, {seen.places_taken} taken, {seen.tickets_left} left of {seen.tickets_count}"
    findings.check("sums", sums, f"{numbers}: {op}")
    findings.check("sold", taken <= seen.tickets_count, f"{numbers}: {op}")
    judge_guests(op, seen, evening, (start, end), history, findings)


def judge_status(seen: Any, will: str | None, op: Op, findings: Findings) -> None:
    """Closed comes by itself when all places are taken, and goes by itself."""
    if will is None:
        return
    expected = BY_WILL.get(will, pb.Alive if seen.tickets_left > 0 else pb.Closed)
    told = f"{pb.AnnouncementStatus.Name(seen.status)} where the author has it {will}, {seen.tickets_left} left: {op}"
    findings.check("status", seen.status == expected, told)


def judge_guests(
    op: Op, seen: Any, evening: Evening, interval: tuple[float, float], history: History, findings: Findings
) -> None:
    """Those who had a place all the time are listed; those who had none are not."""
    listed = {guest.booking_id for guest in seen.guest_list}
    for life in history.at[evening.id]:
        if life.id in listed:
            good = pb.ACCEPTED in life.possible(*interval)
            findings.check("fresh", good, f"{life.id} is in the list and cannot be: {op}")
        else:
            good = not life.surely(ACCEPTED, *interval)
            findings.check("fresh", good, f"{life.id} is not in the list and must be: {op}")
    strangers = listed - set(history.lives)
    findings.check("asked", not strangers, f"guests that nobody knows, {strangers}: {op}")


def shown_bookings(answer: Any) -> list[Any]:
    """The bookings that an answer shows in full."""
    match answer:
        case pb.BookingDetail():
            return [answer]
        case pb.DecideBookingsResponse():
            return list(answer.bookings)
        case pb.ListApplicationsResponse():
            return list(answer.applications)
    return []


def judge_booking(op: Op, attempt: Attempt, seen: Any, life: Life, findings: Findings) -> None:
    """A booking as it was shown: a beginning of its timeline, neither too old nor too new, and its state."""
    start, end = since(op, attempt), attempt.end
    count = len(seen.timeline)
    whole = [(entry.kind, entry.cause, entry.actor) for entry in life.final.timeline]
    shown = [(entry.kind, entry.cause, entry.actor) for entry in seen.timeline]
    findings.check("order", shown == whole[:count], f"the timeline of {life.id} was rewritten: {op}")
    least = max((number for number, step in enumerate(life.steps, 1) if step.high < start or step.op is op), default=0)
    most = sum(step.low <= end for step in life.steps)
    told = f"{count} steps of {life.id} where {least} to {most} can be: {op}"
    if findings.check("fresh", least <= count <= most, told) and count:
        good = seen.state == life.steps[count - 1].state
        told = f"{life.id} is {pb.BookingState.Name(seen.state)} after {life.steps[count - 1].cause}: {op}"
        findings.check("final", good, told)
    good = (seen.guest_id, seen.tickets, seen.announcement_id) == (life.guest, life.tickets, life.evening.id)
    findings.check("fields", good, f"{life.id} is another's: {op}")


def judge_visibility(op: Op, attempt: Attempt, evening: Evening, history: History, findings: Findings) -> None:
    """Shown to those who may see it, and to nobody else."""
    interval = (attempt.start, attempt.end)
    if attempt.answer is None:
        good = not evening.surely_visible(op.person, attempt.start)
        findings.check("private", good, f"hidden from somebody who may see it: {op}")
    else:
        findings.check("private", maybe_seen(op.person, evening, interval, history), f"shown to a stranger: {op}")


def maybe_seen(person: Person, evening: Evening, interval: tuple[float, float], history: History) -> bool:
    """Whether somebody may have been allowed to see an evening."""
    return evening.maybe_visible(person, *interval) or history.maybe_live(person.id, evening, *interval)


def judge_list(op: Op, attempt: Attempt, history: History, findings: Findings) -> None:
    """A list of evenings: none that is hidden, and on an only page none is missing."""
    interval = (attempt.start, attempt.end)
    listed = {row.id for row in attempt.answer.announcements}
    for row in attempt.answer.announcements:
        if evening := history.evenings.get(row.id):
            findings.check("private", maybe_seen(op.person, evening, interval, history), f"{row.id} is in {op}")
            good = bool(evening.wills(*interval) - {CANCELLED}) or bool(op.request.filter.author)
            findings.check("fresh", good, f"{row.id} is called off and in {op}")
    if attempt.token or op.request.page_token or op.request.filter.author:
        return
    for evening in history.evenings.values():
        # While it cannot be found out who follows whom, private evenings are left out.
        stands = evening.wills(*interval) <= {PUBLISHED, CLOSED} and not (attempt.degraded and evening.sub_only)
        missing = stands and evening.id not in listed and evening.surely_visible(op.person, attempt.start)
        findings.check("fresh", not missing, f"{evening.id} is missing in {op}")


def judge_own(op: Op, attempt: Attempt, history: History, findings: Findings) -> None:
    """A guest's own bookings: none of another's, each in a state that can be, and on an only page none is missing."""
    interval = (attempt.start, attempt.end)
    listed = {row.id: row for row in attempt.answer.bookings}
    for row in listed.values():
        if life := history.lives.get(row.id):
            findings.check("private", life.guest == op.person.id, f"{row.id} is another's: {op}")
            good = row.state in life.possible(*interval)
            told = f"{row.id} cannot be {pb.BookingState.Name(row.state)}: {op}"
            findings.check("fresh", good, told)
    if attempt.token or op.request.page_token:
        return
    for life in history.of[op.person.id]:
        gone = life.id not in listed and life.steps[0].high < attempt.start
        findings.check("fresh", not gone, f"{life.id} is missing in {op}")
