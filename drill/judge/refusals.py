"""Refusals: each must have a reason that the answers given to others can explain."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from matinee.booking.v1 import booking_pb2 as pb

from drill.judge.evenings import CANCELLED, CLOSED, DRAFT, PUBLISHED, Evening, Span
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import STEPS, Life
from drill.record import Attempt, Op, Record


class Case:
    """A refused attempt, and what it was about."""

    def __init__(self, op: Op, attempt: Attempt, history: History, minutes: dict[str, int]) -> None:
        self.op = op
        self.history = history
        self.start, self.end = attempt.start, attempt.end
        self.person = op.person
        self.request: Any = op.request
        assert attempt.refusal is not None
        self.reason, self.metadata = attempt.refusal.reason, attempt.refusal.metadata
        self.minutes = minutes
        booking = str(self.metadata.get("booking_id") or getattr(op.request, "booking_id", ""))
        self.life: Life | None = history.lives.get(booking)
        announcement: str = getattr(op.request, "announcement_id", "")
        self.evening: Evening | None = self.life.evening if self.life else history.evenings.get(announcement)

    @property
    def interval(self) -> tuple[float, float]:
        """From when to when the attempt was under way."""
        return self.start, self.end

    @property
    def is_guest(self) -> bool:
        """Whether the booking is the person's own."""
        return self.life is not None and self.person.id == self.life.guest

    def explained(self) -> bool:
        """Whether the reason can have been true at some moment of the attempt."""
        if self.op.rpc == "CreateAnnouncement":
            return self.new_evening()
        if self.evening is None:
            return False
        judge = REASONS.get(self.reason)
        return judge is not None and judge(self, self.evening)

    def new_evening(self) -> bool:
        """Refusals of an announcement."""
        if self.reason == "ANNOUNCEMENT_EXISTS":
            return self.announced(None, self.request.movie_id, self.begins)
        spans = [self.span(self.begins, self.minutes[self.request.movie_id])]
        return self.history.maybe_elsewhere(self.person.id, spans, *self.interval, but=None, hosts=True)

    @property
    def begins(self) -> datetime:
        """The time that is asked for."""
        begins: datetime = self.request.event_time.ToDatetime(tzinfo=UTC)
        return begins

    @staticmethod
    def span(begins: datetime, minutes: int) -> Span:
        """From when to when an evening would be."""
        return begins, begins + timedelta(minutes=minutes)

    def announced(self, but: Evening | None, movie: str, begins: datetime) -> bool:
        """Whether the host may have announced this film for this time."""
        return any(
            version.known.get("event_time", begins) == begins and version.known.get("will") != CANCELLED
            for evening in self.history.hosted[self.person.id]
            if evening is not but and evening.create.request.movie_id == movie
            for version in evening.possible(*self.interval)
        )

    def spans(self, evening: Evening) -> list[Span]:
        """When the evening would be."""
        if self.op.rpc == "UpdateAnnouncement" and self.request.HasField("event_time"):
            return [self.span(self.begins, evening.create.answer.duration)]
        return evening.spans(*self.interval)

    def elsewhere(self, person: str, evening: Evening) -> bool:
        """Whether somebody may have been elsewhere when the evening is, or would be."""
        hosts = person == evening.host
        return self.history.maybe_elsewhere(person, self.spans(evening), *self.interval, but=evening, hosts=hosts)

    def wanted_places(self) -> int:
        """How many places are asked for."""
        if self.op.rpc == "DecideBookings":
            return sum(self.history.lives[one].tickets for one in self.request.accept if one in self.history.lives)
        return self.life.tickets if self.life else self.request.tickets or 1

    def allowed(self) -> set[int]:
        """The states from which what is asked for leads on."""
        if self.op.rpc == "DecideBookings":
            assert self.life is not None
            accepts = self.life.id in self.request.accept
        else:
            accepts = self.op.rpc == "UpdateBooking" and bool(self.request.my_status)
        if self.is_guest:
            return STEPS["returned"] if accepts else STEPS["withdrawn"]
        return STEPS["accepted"] if accepts else STEPS["declined"] | STEPS["revoked"]


def no_places_left(case: Case, evening: Evening) -> bool:
    """Too few places can have been left, and he would not wait for them."""
    if case.op.rpc == "CreateBooking" and case.request.waiting_list:
        return False
    return case.history.least_left(evening, *case.interval) < case.wanted_places()


def time_conflict(case: Case, evening: Evening) -> bool:
    """The guest, or the host who moves or publishes, can have been elsewhere."""
    person = case.life.guest if case.life else case.person.id
    return case.elsewhere(person, evening)


def booking_exists(case: Case, evening: Evening) -> bool:
    """The guest can have had another booking for the evening."""
    guest, own = (case.life.guest, case.life.id) if case.life else (case.person.id, "")
    accepted = (case.history.lives.get(one) for one in getattr(case.request, "accept", ()))
    if any(life and life.guest == guest and life.id != own for life in accepted):
        return True
    return case.history.maybe_live(guest, evening, *case.interval, own)


def wrong_booking_state(case: Case, evening: Evening) -> bool:
    """The booking can have been in the state that is told, and it does not lead there."""
    if case.life is None:
        return False
    state = pb.BookingState.Value(case.metadata["state"])
    return state in case.life.possible(*case.interval) and state not in case.allowed()


def announcement_not_open(case: Case, evening: Evening) -> bool:
    """The author can have wanted something else than what the request needs."""
    wills = evening.wills(*case.interval)
    if case.op.rpc == "UpdateAnnouncement":
        return DRAFT in wills and case.request.status == pb.Closed
    returns = case.op.rpc == "UpdateBooking" and case.is_guest and case.request.my_status
    if case.op.rpc == "CreateBooking" or returns:
        return bool(wills - {PUBLISHED})
    return CANCELLED in wills


def places_already_taken(case: Case, evening: Evening) -> bool:
    """More places can have been taken than are to be left."""
    return bool(case.history.most_taken(evening, *case.interval) > case.request.tickets_count)


def version_mismatch(case: Case, evening: Evening) -> bool:
    """The version that is told can have been there, and is not the expected one."""
    told, wanted = int(case.metadata["version"]), case.request.expected_version
    return told != wanted and any(version.number == told for version in evening.possible(*case.interval))


def announcement_ended(case: Case, evening: Evening) -> bool:
    """It can have been called off."""
    return CANCELLED in evening.wills(*case.interval)


def announcement_exists(case: Case, evening: Evening) -> bool:
    """The host can have announced the film for the new time."""
    return case.announced(evening, evening.create.request.movie_id, case.begins)


def guests_have_conflicts(case: Case, evening: Evening) -> bool:
    """Everybody who is named can have held a booking, and can have been elsewhere at the new time."""
    guests = case.metadata["guests"].split(",")
    return not case.request.force and all(
        case.history.maybe_live(guest, evening, *case.interval) and case.elsewhere(guest, evening) for guest in guests
    )


def not_found(case: Case, evening: Evening) -> bool:
    """The person may not see it: it is private, or was a draft."""
    if case.person.id == evening.host:
        return False
    hidden = evening.sub_only and evening.host not in case.person.follows
    is_edit = case.op.rpc == "UpdateAnnouncement"
    return hidden or (is_edit and evening.sub_only) or DRAFT in evening.wills(*case.interval) or never_shown(evening)


def never_shown(evening: Evening) -> bool:
    """Whether it may have been called off as a draft: nobody else ever saw it."""
    wills = {version.known.get("will") for version in evening.versions}
    return not wills & {PUBLISHED, CLOSED}


REASONS: dict[str, Callable[[Case, Evening], bool]] = {
    "NO_PLACES_LEFT": no_places_left,
    "TIME_CONFLICT": time_conflict,
    "BOOKING_EXISTS": booking_exists,
    "WRONG_BOOKING_STATE": wrong_booking_state,
    "ANNOUNCEMENT_NOT_OPEN": announcement_not_open,
    "PLACES_ALREADY_TAKEN": places_already_taken,
    "VERSION_MISMATCH": version_mismatch,
    "ANNOUNCEMENT_ENDED": announcement_ended,
    "ANNOUNCEMENT_EXISTS": announcement_exists,
    "GUESTS_HAVE_CONFLICTS": guests_have_conflicts,
    "ANNOUNCEMENT_NOT_FOUND": not_found,
    "OWN_ANNOUNCEMENT": lambda case, evening: case.person.id == evening.host,
    "NOT_YOUR_ANNOUNCEMENT": lambda case, evening: case.person.id != evening.host,
    "NOT_YOUR_BOOKING": lambda case, evening: case.person.id != evening.host and not case.is_guest,
    # Others were faster every time: that is allowed to happen.
    "CONTENDED": lambda case, evening: True,
}


def judge_refusals(record: Record, history: History, minutes: dict[str, int], findings: Findings) -> None:
    """Every write whose last word was a refusal; what the contract does not know is another check's."""
    for op, attempt in record.refused():
        case = Case(op, attempt, history, minutes)
        if case.reason in REASONS:
            told = f"{case.reason} {case.metadata} cannot be: {op}"
            findings.check("refused", case.explained(), told)
