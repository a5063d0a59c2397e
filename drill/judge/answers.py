"""Answers as such: known ones, the same again for the same key, and none that never came."""

from typing import Any

from matinee.booking.v1 import booking_pb2 as pb

from drill.judge.findings import Findings
from drill.record import Op, Record

EVERYWHERE = {"OK", "unknown"}
KNOWN = {
    "CreateAnnouncement": {"ANNOUNCEMENT_EXISTS", "TIME_CONFLICT"},
    "UpdateAnnouncement": {
        "ANNOUNCEMENT_NOT_FOUND", "NOT_YOUR_ANNOUNCEMENT", "VERSION_MISMATCH", "CONTENDED", "ANNOUNCEMENT_EXISTS",
        "ANNOUNCEMENT_ENDED", "ANNOUNCEMENT_NOT_OPEN", "PLACES_ALREADY_TAKEN", "GUESTS_HAVE_CONFLICTS",
        "TIME_CONFLICT",
    },
    "CancelAnnouncement": {"ANNOUNCEMENT_ENDED"},
    "CreateBooking": {
        "ANNOUNCEMENT_NOT_FOUND", "BOOKING_EXISTS", "OWN_ANNOUNCEMENT", "ANNOUNCEMENT_NOT_OPEN", "NO_PLACES_LEFT",
        "TIME_CONFLICT", "CONTENDED",
    },
    "UpdateBooking": {
        "NOT_YOUR_BOOKING", "WRONG_BOOKING_STATE", "NO_PLACES_LEFT", "ANNOUNCEMENT_NOT_OPEN", "TIME_CONFLICT",
        "BOOKING_EXISTS",
    },
    "WithdrawBooking": {"WRONG_BOOKING_STATE", "ANNOUNCEMENT_NOT_OPEN"},
    "DecideBookings": {
        "WRONG_BOOKING_STATE", "NO_PLACES_LEFT", "ANNOUNCEMENT_NOT_OPEN", "TIME_CONFLICT", "BOOKING_EXISTS",
    },
    "GetAnnouncement": {"ANNOUNCEMENT_NOT_FOUND"},
}  # fmt: skip
"""Reasons by which what clients ask for may be refused."""


def judge_answers(record: Record, findings: Findings) -> None:
    """Every attempt of everything."""
    for op in record.ops:
        allowed = EVERYWHERE | KNOWN.get(op.rpc, set())
        for attempt in op.attempts:
            told = f"{attempt.refusal} to {op}"
            findings.check("expected", attempt.outcome in allowed, told)
        if op.key:
            findings.check("answered", not op.unanswered, f"never answered: {op}")
            judge_key(op, findings)


def judge_key(op: Op, findings: Findings) -> None:
    """What was answered with a success is answered with the same success again, also through the other door."""
    success = op.success
    if success is None:
        return
    for attempt in op.attempts:
        if attempt is success or attempt.trouble:
            continue
        if attempt.answer is not None:
            same = identities(attempt.answer) == identities(success.answer)
            findings.check("once", same, f"another success for the same key: {op}")
        later = attempt.start > success.end
        if later:
            findings.check("once", attempt.refusal is None, f"refused after it had been answered: {op}")
        if later and attempt.answer is not None and op.attempts[0] is success:
            findings.check("once", attempt.answer == success.answer, f"answered differently the second time: {op}")


def identities(answer: Any) -> list[str]:
    """What an answer is about."""
    return [one.id for one in answer.bookings] if isinstance(answer, pb.DecideBookingsResponse) else [answer.id]
