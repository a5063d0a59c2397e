"""The judge of the drill: a history that can be is let pass, and one that cannot be is noticed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from matinee.booking.v1 import booking_pb2 as pb

from drill.harvest import Harvest
from drill.judge.verdict import judge
from drill.record import Attempt, Op, Person, Record, Refusal
from drill.stage import Film, Stage

HOST, ADA, BEA, SUDO = (Person(name, name, "") for name in ("host", "ada", "bea", "sudo"))
STAGE = Stage([HOST], [ADA, BEA], Person("late", "late", ""), SUDO, [Film("film", 100)])
BEGAN = 1_700_000_000.0
EVENING = datetime(2030, 1, 1, 18, tzinfo=UTC)


def stamp(moment: datetime) -> Timestamp:
    """A moment as protobuf has it."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


class Tale:
    """A record and a harvest, told request by request; each takes a second."""

    def __init__(self) -> None:
        self.record = Record()
        self.harvest = Harvest(audit=pb.AuditCapacityResponse(announcements=1))
        self.time = BEGAN

    def ask(self, person: Person, rpc: str, request: Any, answer: Any = None, refusal: str = "") -> Op:
        """A write and what came of it."""
        op = self.record.op(person, rpc, request, "key")
        refused = Refusal("FAILED_PRECONDITION", refusal) if refusal else None
        op.attempts.append(Attempt("json", self.time, self.time + 1, answer, refusal=refused))
        self.time += 2
        return op

    def announce(self, places: int) -> None:
        """An evening where applications are accepted at once."""
        request = pb.CreateAnnouncementRequest(
            status=pb.Alive,
            movie_id="film",
            description="mark",
            tickets_count=places,
            accept_at_once=True,
            event_time=stamp(EVENING),
        )
        evening = pb.AnnouncementDetail(
            id="evening",
            author_id="host",
            version=1,
            duration=100,
            description="mark",
            status=pb.Alive,
            tickets_count=places,
            tickets_left=places,
            event_time=stamp(EVENING),
        )
        self.ask(HOST, "CreateAnnouncement", request, evening)
        self.harvest.evenings["evening"] = type(evening).FromString(evening.SerializeToString())

    def book(self, guest: Person, *, kept: bool = True) -> None:
        """A guest gets a place; one that is not kept is gone in the end."""
        entry = pb.TimelineEntry(kind="booking_created", actor=guest.id, cause="accepted")
        entry.time.CopyFrom(stamp(datetime.fromtimestamp(self.time, UTC) + timedelta(seconds=0.5)))
        booking = pb.BookingDetail(
            id=f"of {guest.id}",
            announcement_id="evening",
            author_id="host",
            guest_id=guest.id,
            state=pb.ACCEPTED,
            tickets=1,
            timeline=[entry],
        )
        self.ask(guest, "CreateBooking", pb.CreateBookingRequest(announcement_id="evening"), booking)
        if kept:
            final = self.harvest.evenings["evening"]
            self.harvest.bookings[booking.id] = self.harvest.listed[booking.id] = booking
            final.guest_list.add(booking_id=booking.id, guest_id=guest.id, tickets=1)
            final.places_taken += 1
            final.tickets_left -= 1

    def wrong(self) -> set[str]:
        """The checks that found a difference; notices are not part of the tale."""
        findings = judge(self.record, self.harvest, STAGE).findings
        return {name for name, check in findings.checks.items() if check.differences} - {"owed"}


@pytest.fixture
def tale() -> Tale:
    """An evening with one place, and Ada has it."""
    told = Tale()
    told.announce(1)
    told.book(ADA)
    return told


def test_what_can_be_is_let_pass(tale: Tale) -> None:
    request = pb.CreateBookingRequest(announcement_id="evening")
    tale.ask(BEA, "CreateBooking", request, refusal="NO_PLACES_LEFT")
    tale.ask(ADA, "CreateBooking", request, refusal="BOOKING_EXISTS")
    assert tale.wrong() == set()


def test_a_place_sold_twice(tale: Tale) -> None:
    tale.book(BEA)
    assert {"sold", "granted"} <= tale.wrong()


def test_an_acknowledged_booking_that_is_lost(tale: Tale) -> None:
    tale.book(BEA, kept=False)
    assert tale.wrong() == {"present"}


def test_a_booking_that_nobody_asked_for(tale: Tale) -> None:
    tale.record.ops.pop()
    assert "asked" in tale.wrong()


@pytest.mark.parametrize("reason", ["TIME_CONFLICT", "ANNOUNCEMENT_NOT_OPEN", "BOOKING_EXISTS"])
def test_a_refusal_without_a_reason(tale: Tale, reason: str) -> None:
    tale.ask(BEA, "CreateBooking", pb.CreateBookingRequest(announcement_id="evening"), refusal=reason)
    assert tale.wrong() == {"refused"}


def test_a_key_answered_with_a_success_and_then_refused(tale: Tale) -> None:
    op = tale.record.ops[-1]
    refusal = Refusal("ALREADY_EXISTS", "BOOKING_EXISTS")
    op.attempts.append(Attempt("grpc", tale.time, tale.time + 1, refusal=refusal))
    assert tale.wrong() == {"once"}


def test_a_guest_who_is_missing_in_the_list(tale: Tale) -> None:
    seen = type(tale.harvest.evenings["evening"])()
    seen.CopyFrom(tale.harvest.evenings["evening"])
    del seen.guest_list[:]
    op = tale.record.op(BEA, "GetAnnouncement", pb.GetAnnouncementRequest(announcement_id="evening"))
    op.attempts.append(Attempt("json", tale.time, tale.time + 1, seen))
    assert {"fresh", "sums"} <= tale.wrong()
