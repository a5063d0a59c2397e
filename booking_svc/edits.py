"""Changing an announcement: what an edit does and what it refuses. All of it runs in the transaction that writes it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from booking_svc.schema import Status, Will, is_ended, status
from booking_svc.store.change import Change
from mesh import clock
from mesh.caller import Caller
from mesh.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound, PermissionDenied

WILLS = {Status.ALIVE: Will.PUBLISHED, Status.CLOSED: Will.CLOSED, Status.CANCELLED: Will.CANCELLED}


@dataclass
class Edit:
    """What to change of an announcement: columns by name, and what the author wants of it now."""

    values: dict[str, Any] = field(default_factory=dict)
    status: Status | None = None
    expected_version: int | None = None


def owned(announcement: Any, caller: Caller) -> None:
    """Raises PermissionDenied (NOT_YOUR_ANNOUNCEMENT) unless it is the caller's or he is super.

    Raises NotFound (ANNOUNCEMENT_NOT_FOUND) for drafts and private evenings: that they exist is not told.
    """
    if caller.is_super or announcement.author_id == caller.user_id:
        return
    if announcement.publish_time is None or announcement.sub_only:
        raise NotFound("ANNOUNCEMENT_NOT_FOUND", "there is no such announcement")
    raise PermissionDenied("NOT_YOUR_ANNOUNCEMENT", "only its author may change an announcement")


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
    if "event_time" in values:
        in_future(values["event_time"])
    if "time_zone" in values:
        known_zone(values["time_zone"])
    if values.get("tickets_count", before.tickets_count) < before.places_taken:
        raise FailedPrecondition(
            "PLACES_ALREADY_TAKEN",
            f"{before.places_taken} places are taken already",
            places_taken=before.places_taken,
        )
    if edit.status is not None and WILLS[edit.status] != before.will:
        values["will"] = WILLS[edit.status]
    publishes = before.will == Will.DRAFT and "will" in values
    if publishes and values["will"] != Will.PUBLISHED:
        raise FailedPrecondition("ANNOUNCEMENT_NOT_OPEN", "a draft is published before it is closed", status="Created")
    if publishes:
        values["publish_time"] = change.now
    if not values:
        return
    await change.edit_announcement(before.id, values)
    after = await change.lock_announcement(before.id)
    if "event_time" in values:
        await reschedule(change, after)
    if publishes:
        await publish(change, caller.user_id, after)
    else:
        await record_change(change, caller.user_id, before, after)


async def publish(change: Change, actor: UUID, announcement: Any) -> None:
    """Keeps the host's time and tells of the new evening. Raises FailedPrecondition (TIME_CONFLICT)."""
    if not await change.hold(announcement.author_id, announcement):
        raise FailedPrecondition("TIME_CONFLICT", "the host is a guest of another evening then")
    await change.record("announcement_published", "", actor, announcement.id)


async def reschedule(change: Change, announcement: Any) -> None:
    """Moves everybody's time. Raises FailedPrecondition (TIME_CONFLICT, GUESTS_HAVE_CONFLICTS)."""
    clashing = await change.clashing(announcement)
    if announcement.author_id in clashing:
        raise FailedPrecondition("TIME_CONFLICT", "the host is a guest of another evening then")
    if clashing:
        guests = ",".join(str(guest) for guest in clashing)
        raise FailedPrecondition("GUESTS_HAVE_CONFLICTS", "guests are at other evenings then", guests=guests)
    if not await change.reschedule(announcement):
        raise FailedPrecondition("GUESTS_HAVE_CONFLICTS", "a guest has just become busy then")


TOLD = ("title", "description", "event_time", "event_location", "time_zone", "tickets_count", "sub_only")
"""Changes that concern guests."""


async def record_change(change: Change, actor: UUID, before: Any, after: Any) -> None:
    """Records what changed, and tells those who hold a booking if it concerns them."""
    changes = [
        {"field": name, "before": plain(getattr(before, name)), "after": plain(getattr(after, name))}
        for name in TOLD
        if getattr(before, name) != getattr(after, name)
    ]
    guests = [str(booking.guest_id) for booking in await change.lock_live_bookings(after.id)] if changes else []
    detail = {"changes": changes, "guests": guests}
    await change.record("announcement_changed", after.will, actor, after.id, detail=detail, tell=bool(guests))


async def cancel(change: Change, caller: Caller, before: Any) -> None:
    """Ends all live bookings with the evening; each freed place has its entry in the ledger."""
    assert caller.user_id is not None
    bookings = await change.lock_live_bookings(before.id)
    await change.cancel_bookings(before.id)
    for booking in bookings:
        freed = -booking.tickets if booking.state == "ACCEPTED" else 0
        await change.record(
            "booking_status", "cancelled", caller.user_id, before.id,
            booking_id=booking.id, places_delta=freed, tell=False,
        )  # fmt: skip
    await change.edit_announcement(before.id, {"will": Will.CANCELLED, "places_taken": 0})
    guests = [str(booking.guest_id) for booking in bookings]
    told = before.will != Will.DRAFT and bool(guests)
    await change.record("announcement_cancelled", "", caller.user_id, before.id, detail={"guests": guests}, tell=told)


def plain(value: Any) -> str:
    """A column's value as a person's notice shows it."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def in_future(event_time: datetime) -> None:
    """Raises InvalidArgument (EVENT_TIME_IN_PAST)."""
    if event_time <= clock.now():
        raise InvalidArgument(
            "EVENT_TIME_IN_PAST", "event_time must be in the future", fields={"event_time": "must be in the future"}
        )


def known_zone(name: str) -> str:
    """The name of an IANA time zone. Raises InvalidArgument (INVALID_FIELDS)."""
    if name not in clock.TIME_ZONES:
        raise InvalidArgument(
            "INVALID_FIELDS", "time_zone: not an IANA time zone", fields={"time_zone": "must be an IANA name"}
        )
    return name
