"""How a booking moves from state to state. All of it runs in a transaction that has locked the announcement."""

from typing import Any
from uuid import UUID

from booking_svc import lateness
from booking_svc.refusals import elsewhere, full, no_announcement, open_for_applications, wrong_state
from booking_svc.schema import LIVE, NOBODY, SEATED, State, Will, places_left
from booking_svc.store import engagements
from booking_svc.store.blocks import is_hidden
from booking_svc.store.change import Change
from mesh.errors import AlreadyExists


async def accept(change: Change, actor: UUID, announcement: Any, booking: Any) -> None:
    """PENDING, WAITLISTED or DECLINED -> ACCEPTED; takes places, and the guest's time again if it was given back."""
    await shift(change, booking, State.ACCEPTED, State.PENDING, State.WAITLISTED, State.DECLINED)
    if booking.state not in LIVE:
        await hold(change, announcement, booking)
    await take_places(change, booking)
    await record(change, actor, booking, "accepted", booking.tickets)


async def decline(change: Change, actor: UUID, announcement: Any, booking: Any, reason: str = "") -> None:
    """PENDING, WAITLISTED or ACCEPTED (revoked) -> DECLINED; frees places and the guest's time."""
    late = lateness.of_host(announcement, booking, actor, change.now)
    await shift(change, booking, State.DECLINED, *LIVE, reason=reason, late=late)
    cause = "revoked" if booking.state == State.ACCEPTED else "declined"
    await release(change, actor, booking, cause, reason=reason, late=late)


async def withdraw(change: Change, actor: UUID, announcement: Any, booking: Any) -> None:
    """PENDING, WAITLISTED or ACCEPTED -> WITHDRAWN; frees places and the guest's time."""
    late = lateness.of_guest(announcement, booking, actor, change.now)
    await shift(change, booking, State.WITHDRAWN, *LIVE, late=late)
    await release(change, actor, booking, "withdrawn", late=late)


async def come_back(change: Change, actor: UUID, announcement: Any, booking: Any) -> None:
    """WITHDRAWN -> PENDING, or ACCEPTED where accepting is at once; needs places either way."""
    if booking.state == State.WITHDRAWN:
        if await is_hidden(change.connection.execute, announcement.id, booking.guest_id):
            raise no_announcement()
        open_for_applications(announcement)
        if places_left(announcement) < booking.tickets:
            raise full(announcement)
    at_once = announcement.accept_at_once
    await shift(change, booking, State.ACCEPTED if at_once else State.PENDING, State.WITHDRAWN)
    await hold(change, announcement, booking)
    if at_once:
        await take_places(change, booking)
    await record(change, actor, booking, "returned", booking.tickets if at_once else 0)


async def drop(change: Change, actor: UUID, before: Any, booking: Any) -> None:
    """PENDING, WAITLISTED or ACCEPTED -> CANCELLED: its guest is elsewhere at the evening's new time.

    `before` is the evening as he had a place at it: late is what is late for that time.
    """
    late = lateness.of_host(before, booking, actor, change.now)
    await shift(change, booking, State.CANCELLED, *LIVE, late=late)
    await release(change, actor, booking, "moved", late=late)


async def mark(change: Change, actor: UUID, booking: Any, came: bool) -> None:
    """ACCEPTED, ATTENDED or NO_SHOW -> ATTENDED or NO_SHOW; saying it again changes nothing."""
    new = State.ATTENDED if came else State.NO_SHOW
    if booking.state == new:
        return
    await shift(change, booking, new, *SEATED)
    await engagements.free(change.connection, booking.guest_id, booking.announcement_id)
    await record(change, actor, booking, "attended" if came else "no_show", tell=False)


async def serve_waiting(change: Change, announcement_id: UUID) -> None:
    """Gives what is free to those who wait, in their order; a party that does not fit is passed over, its rank kept.

    Where the host decides by hand a place is offered: the one who waited applies now, and until his host has said yes
    or no the place is not offered to the next.
    """
    waiting = await change.lock_waiting_bookings(announcement_id)
    if not waiting:
        return
    announcement = await change.lock_announcement(announcement_id)
    if announcement.will not in (Will.PUBLISHED, Will.CLOSED) or announcement.event_time <= change.now:
        return
    free = places_left(announcement)
    if not announcement.accept_at_once:
        free -= await change.places_offered(announcement_id)
    for booking in waiting:
        if booking.tickets <= free:
            free -= booking.tickets
            await promote(change, announcement, booking)


async def promote(change: Change, announcement: Any, booking: Any) -> None:
    """WAITLISTED -> PENDING, or ACCEPTED where accepting is at once."""
    at_once = announcement.accept_at_once
    new = State.ACCEPTED if at_once else State.PENDING
    await shift(change, booking, new, State.WAITLISTED, promoted=not at_once)
    if at_once:
        await take_places(change, booking)
    await record(change, NOBODY, booking, "promoted", booking.tickets if at_once else 0)


async def shift(
    change: Change,
    booking: Any,
    new: State,
    *allowed: State,
    promoted: bool = False,
    reason: str = "",
    late: int | None = None,
) -> None:
    """Moves the booking. Raises FailedPrecondition (WRONG_BOOKING_STATE), AlreadyExists (BOOKING_EXISTS)."""
    if booking.state not in allowed:
        raise wrong_state(booking)
    if not await change.move_booking(booking.id, booking.state, new, promoted=promoted, reason=reason, late=late):
        raise AlreadyExists("BOOKING_EXISTS", "the guest has another live booking for this evening")


async def hold(change: Change, announcement: Any, booking: Any) -> None:
    """Keeps the guest's time. Raises FailedPrecondition (TIME_CONFLICT)."""
    if not await engagements.hold(change.connection, booking.guest_id, announcement, booking.id):
        raise elsewhere()


async def take_places(change: Change, booking: Any) -> None:
    """Takes the party's places. Raises FailedPrecondition (NO_PLACES_LEFT)."""
    if not await change.move_places(booking.announcement_id, booking.tickets):
        raise full(await change.lock_announcement(booking.announcement_id))


async def release(
    change: Change, actor: UUID, booking: Any, cause: str, *, reason: str = "", late: int | None = None
) -> None:
    """Frees what a live booking held."""
    freed = -booking.tickets if booking.state == State.ACCEPTED else 0
    if freed:
        await change.move_places(booking.announcement_id, freed)
    await engagements.free(change.connection, booking.guest_id, booking.announcement_id)
    await record(change, actor, booking, cause, freed, reason=reason, late=late)


async def record(
    change: Change,
    actor: UUID,
    booking: Any,
    cause: str,
    delta: int = 0,
    *,
    reason: str = "",
    late: int | None = None,
    tell: bool = True,
) -> None:
    """Writes and tells of a booking's new state."""
    detail: dict[str, Any] = {"reason": reason} if reason else {}
    if late is not None:
        detail["minutes_before"] = late
    await change.record(
        "booking_status", cause, actor, booking.announcement_id,
        booking_id=booking.id, places_delta=delta, detail=detail, tell=tell,
    )  # fmt: skip
