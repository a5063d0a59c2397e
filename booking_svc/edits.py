"""Changing an announcement: what an edit does and what it refuses. All of it runs in the transaction that writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from booking_svc import lateness
from booking_svc.refusals import bad_field, host_elsewhere, not_open
from booking_svc.schema import SEATED, State, Status, Will, has_begun, is_ended, status
from booking_svc.store import engagements
from booking_svc.store.change import Change
from booking_svc.transitions import drop, record, serve_waiting
from mesh import clock
from mesh.caller import Caller
from mesh.errors import Aborted, FailedPrecondition, InvalidArgument

WILLS = {Status.ALIVE: Will.PUBLISHED, Status.CLOSED: Will.CLOSED, Status.CANCELLED: Will.CANCELLED}
SETTLED = {"event_time", "movie_id"}
"""What stays once an evening has begun, whoever asks: its end follows, and from that until when it is rated."""


@dataclass
class Edit:
    """What to change of an announcement: columns by name, and what the author wants of it now."""

    values: dict[str, Any] = field(default_factory=dict)
    status: Status | None = None
    expected_version: int | None = None
    force: bool = False
    """Whether a move ends the bookings of guests who are elsewhere then."""
    cancel_reason: str = ""


class Crossed(Exception):
    """A guest became busy while his evening was moved: look again."""


def current(announcement: Any, edit: Edit, now: datetime) -> None:
    """Raises Aborted (VERSION_MISMATCH) or FailedPrecondition (ANNOUNCEMENT_ENDED) when it is too late to change it."""
    if edit.expected_version not in (None, announcement.version):
        raise Aborted("VERSION_MISMATCH", "the announcement has changed", version=announcement.version)
    if is_ended(announcement, now):
        raise FailedPrecondition("ANNOUNCEMENT_ENDED", "it is over or cancelled", status=status(announcement, now))
    missed = announcement.will == Will.DRAFT and announcement.event_time <= now
    if missed and edit.status != Status.CANCELLED:
        raise FailedPrecondition("ANNOUNCEMENT_ENDED", "the draft's time has passed: it can only be cancelled")


async def amend(change: Change, caller: Caller, before: Any, edit: Edit) -> None:
    """Writes the changed columns, moves people's time with the evening and tells of it."""
    assert caller.user_id is not None
    values = {name: value for name, value in edit.values.items() if getattr(before, name) != value}
    check(values, before)
    if "time_zone" in values:
        known_zone(values["time_zone"])
    if has_begun(before, change.now) and not SETTLED.isdisjoint(values):
        raise not_open(before)
    if values.get("tickets_count", before.tickets_count) < before.places_taken:
        raise FailedPrecondition(
            "PLACES_ALREADY_TAKEN",
            f"{before.places_taken} places are taken already, {values['tickets_count']} are too few",
            places_taken=before.places_taken,
            tickets_count=values["tickets_count"],
        )
    if edit.status is not None and WILLS[edit.status] != before.will:
        values["will"] = WILLS[edit.status]
    publishes = before.will == Will.DRAFT and "will" in values
    if publishes and values["will"] != Will.PUBLISHED:
        raise FailedPrecondition("ANNOUNCEMENT_NOT_OPEN", "a draft is published before it is closed", status="Created")
    if publishes:
        values["publish_time"] = change.now
    elif "event_time" in values and before.will != Will.DRAFT:
        values["move_time"] = change.now
        values["late_minutes"] = lateness.of_evening(before, caller.user_id, change.now)
    if not values:
        return
    await change.edit_announcement(before.id, values)
    after = await change.lock_announcement(before.id)
    if after.event_time != before.event_time or after.end_time != before.end_time:
        await reschedule(change, caller.user_id, before, after, edit.force)
    if publishes:
        await publish(change, caller.user_id, after)
    else:
        await record_change(change, caller.user_id, before, after)
        await serve_waiting(change, after.id)


async def publish(change: Change, actor: UUID, announcement: Any) -> None:
    """Keeps the host's time and tells of the new evening. Raises FailedPrecondition (TIME_CONFLICT)."""
    if not await engagements.hold(change.connection, announcement.author_id, announcement):
        raise host_elsewhere()
    await change.record("announcement_published", "", actor, announcement.id)


async def reschedule(change: Change, actor: UUID, before: Any, announcement: Any, force: bool) -> None:
    """Moves everybody's time; with `force` those who are elsewhere lose their booking instead of forbidding it.

    Raises FailedPrecondition (TIME_CONFLICT, GUESTS_HAVE_CONFLICTS), Crossed.
    """
    clashing = await engagements.clashing(change.connection, announcement)
    if announcement.author_id in clashing:
        raise host_elsewhere()
    if clashing and not force:
        guests = ",".join(str(guest) for guest in clashing)
        raise FailedPrecondition("GUESTS_HAVE_CONFLICTS", "guests are at other evenings then", guests=guests)
    if clashing:
        for booking in await change.lock_live_bookings(announcement.id):
            if booking.guest_id in clashing:
                await drop(change, actor, before, booking)
    if not await engagements.reschedule(change.connection, announcement):
        raise Crossed


TOLD = (
    "movie_id", "title", "description", "event_time", "event_location", "city", "time_zone", "tickets_count",
    "sub_only",
)  # fmt: skip
"""Changes that concern guests."""


async def record_change(change: Change, actor: UUID, before: Any, after: Any) -> None:
    """Records what changed, and tells those who hold a booking if it concerns them.

    An address that is for guests only is not told to those who are none yet.
    """
    changes = [
        {"field": name, "before": plain(getattr(before, name)), "after": plain(getattr(after, name))}
        for name in TOLD
        if getattr(before, name) != getattr(after, name)
    ]
    bookings = await change.lock_live_bookings(after.id) if changes else ()
    hidden = before.address_for_guests_only or after.address_for_guests_only
    seated = [str(booking.guest_id) for booking in bookings if not hidden or booking.state in SEATED]
    others = [str(booking.guest_id) for booking in bookings if hidden and booking.state not in SEATED]
    detail = {"changes": changes, "guests": seated, "others": others}
    told = bool(changes) and (bool(bookings) or actor != after.author_id)
    await change.record("announcement_changed", after.will, actor, after.id, detail=detail, tell=told)


async def cancel(change: Change, caller: Caller, before: Any, edit: Edit) -> None:
    """Ends all live bookings with the evening; each freed place has its entry in the ledger.

    Raises InvalidArgument (INVALID_FIELDS) if something else is to be changed with it, FailedPrecondition
    (ANNOUNCEMENT_NOT_OPEN) if it has begun and the caller is its author.
    """
    assert caller.user_id is not None
    # He would get away from what his guests are about to say of him.
    if has_begun(before, change.now) and caller.user_id == before.author_id:
        raise not_open(before)
    for name, value in edit.values.items():
        if getattr(before, name) != value:
            raise bad_field(name, "an evening that is called off is not changed otherwise")
    bookings = await change.lock_live_bookings(before.id)
    await change.cancel_bookings(before.id)
    for booking in bookings:
        freed = -booking.tickets if booking.state == State.ACCEPTED else 0
        late = lateness.of_host(before, booking, caller.user_id, change.now)
        await record(change, caller.user_id, booking, "cancelled", freed, late=late, tell=False)
    reason = edit.cancel_reason
    late = lateness.of_evening(before, caller.user_id, change.now)
    ended = {"will": Will.CANCELLED, "places_taken": 0, "cancel_reason": reason, "late_minutes": late}
    await change.edit_announcement(before.id, ended)
    detail = {"guests": [str(booking.guest_id) for booking in bookings], "reason": reason}
    told = bool(bookings) or caller.user_id != before.author_id
    await change.record("announcement_cancelled", "", caller.user_id, before.id, detail=detail, tell=told)


def plain(value: Any) -> str:
    """A column's value as a person's notice shows it."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def check(values: Mapping[str, Any], before: Any = None) -> None:
    """What the contract's limits cannot say of new values, alone or beside those there are.

    Raises InvalidArgument (EVENT_TIME_IN_PAST, INVALID_FIELDS).
    """
    if "event_time" in values and values["event_time"] <= clock.now():
        raise InvalidArgument(
            "EVENT_TIME_IN_PAST", "event_time must be in the future", fields={"event_time": "must be in the future"}
        )
    hidden = values.get("address_for_guests_only", before is not None and before.address_for_guests_only)
    city = values.get("city", "" if before is None else before.city)
    if hidden and not city.strip():
        raise bad_field("city", "is what others see when the address is for guests only")


def known_zone(name: str) -> str:
    """The name of an IANA time zone. Raises InvalidArgument (INVALID_FIELDS)."""
    if name not in clock.TIME_ZONES:
        raise bad_field("time_zone", "must be an IANA name")
    return name
