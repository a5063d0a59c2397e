"""Places at evenings: applying, deciding, withdrawing, returning."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from booking_svc.announcements import Announcements, parse_day
from booking_svc.schema import LIVE, State, Status, Will, around_day, is_ended, places_left, status
from booking_svc.store.bookings import Application, BookingStore
from booking_svc.store.change import Change, changing
from mesh import clock, paging
from mesh.batch import Batcher
from mesh.caller import Caller, current
from mesh.database import Database, Row, once_more_on_deadlock
from mesh.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    MeshError,
    NotFound,
    PermissionDenied,
)

TRIES = 3
TOGETHER = 64
"""Most applications that are booked in one transaction."""


class NoRoom(Exception):
    """Something stands against an application; explain() finds out what."""


class Bookings:
    """Bookings and who may do what with them."""

    def __init__(self, database: Database, store: BookingStore, announcements: Announcements) -> None:
        self.database = database
        self.store = store
        self.announcements = announcements
        self.together: Batcher[Application, Row | None] = Batcher(
            self.book_together, limit=TOGETHER, key=lambda application: application.guest_id
        )

    async def apply(self, caller: Caller, announcement_id: UUID, tickets: int) -> Row:
        """Applies for places. Refuses as BookingService.CreateBooking tells."""
        assert caller.user_id is not None
        application = Application(announcement_id, caller.user_id, tickets, follows=False)
        for _ in range(TRIES):
            booking = await self.book(application)
            if booking is not None:
                return booking
            follows = await self.explain(caller, announcement_id, tickets)
            application = application._replace(follows=follows)
        raise Aborted("CONTENDED", "places come and go right now; try again")

    async def book(self, application: Application) -> Row | None:
        """Applies, together with those who apply at this moment; None when something stands against it.

        One with an idempotency key goes alone: the key belongs to its transaction.
        """
        if current().claimed_key is None:
            return await self.together.submit(application)
        try:
            return await once_more_on_deadlock(lambda: self.book_alone(application))
        except NoRoom:
            return None

    async def book_together(self, applications: Sequence[Application]) -> Sequence[Row | None]:
        """Books those who apply at one moment."""
        return await once_more_on_deadlock(lambda: self.store.apply(applications))

    async def book_alone(self, application: Application) -> Row:
        """The transaction of an application with a key. Raises NoRoom, so that the key is not used up."""
        async with changing(self.database) as change:
            booking = await change.apply(application)
            if booking is None:
                raise NoRoom
            await change.settle(booking.id)
            return booking

    async def explain(self, caller: Caller, announcement_id: UUID, tickets: int) -> bool:
        """Raises why an application was not possible; True if it was only that the caller's following was not known.

        False when nothing stands against it any more: then it is worth another try.
        """
        assert caller.user_id is not None
        announcement = await self.announcements.store.find(announcement_id)
        if announcement is None or not await self.announcements.may_see(caller, announcement):
            raise NotFound("ANNOUNCEMENT_NOT_FOUND", "there is no such announcement")
        if announcement.author_id == caller.user_id:
            raise FailedPrecondition("OWN_ANNOUNCEMENT", "hosts do not apply to their own evenings")
        closed(announcement)
        if await self.announcements.store.is_guest(announcement_id, caller.user_id):
            raise AlreadyExists("BOOKING_EXISTS", "the caller has a booking for this evening already")
        if places_left(announcement) < tickets:
            raise full(announcement)
        if await self.store.is_busy(caller.user_id, announcement.event_time, announcement.end_time):
            raise elsewhere()
        return bool(announcement.sub_only)

    async def answer(self, caller: Caller, booking_id: UUID, yes: bool) -> None:
        """The author decides, the guest withdraws or returns. Refuses as BookingService.UpdateBooking tells."""
        await once_more_on_deadlock(lambda: self.move(caller, booking_id, yes))

    async def move(self, caller: Caller, booking_id: UUID, yes: bool) -> None:
        """The transaction of answer()."""
        async with changing(self.database) as change:
            announcement, booking = await change.lock_booking(booking_id)
            if announcement.author_id == caller.user_id:
                verb = accept if yes else decline
            elif booking.guest_id == caller.user_id:
                verb = come_back if yes else withdraw
            else:
                raise not_yours()
            ongoing(announcement)
            await verb(change, caller.user_id, announcement, booking)
            await change.settle(booking_id)

    async def withdraw(self, caller: Caller, booking_id: UUID) -> None:
        """Withdraws a booking. Refuses as BookingService.WithdrawBooking tells."""
        await once_more_on_deadlock(lambda: self.leave(caller, booking_id))

    async def leave(self, caller: Caller, booking_id: UUID) -> None:
        """The transaction of withdraw()."""
        assert caller.user_id is not None
        async with changing(self.database) as change:
            announcement, booking = await change.lock_booking(booking_id)
            if booking.guest_id != caller.user_id and not caller.is_super:
                raise not_yours()
            ongoing(announcement)
            await withdraw(change, caller.user_id, announcement, booking)
            await change.settle(booking_id)

    async def get(self, caller: Caller, booking_id: UUID) -> Any:
        """A booking. Raises NotFound (BOOKING_NOT_FOUND), PermissionDenied (NOT_YOUR_BOOKING)."""
        booking = await self.store.find_detail(booking_id)
        if booking is None:
            raise NotFound("BOOKING_NOT_FOUND", "there is no such booking")
        if caller.user_id not in (booking.guest_id, booking.author_id) and not caller.is_super:
            raise not_yours()
        return booking

    async def list(self, filters: dict[str, Any], size: int, token: str) -> tuple[Sequence[Any], str]:
        """A page of bookings and the next page's token.

        `filters` holds as_author or as_guest (a user), movie and date, or nothing for everybody's bookings.
        Raises InvalidArgument (INVALID_PAGE_TOKEN, INVALID_FIELDS).
        """
        values: dict[str, Any] = {
            "author": filters.get("as_author"),
            "guest": filters.get("as_guest"),
            "movie": filters.get("movie"),
        }
        conditions = set(filters)
        if "date" in filters:
            values["date"] = parse_day(filters["date"])
            values["begins"], values["ends"] = around_day(values["date"])
        if after := paging.decode_place(token, filters):
            conditions.add("after")
            values["after_time"], values["after_id"] = after
        size = paging.page_size(size)
        rows = await self.store.list(frozenset(conditions), size + 1, values)
        if len(rows) <= size:
            return rows, ""
        last = rows[size - 1]
        return rows[:size], paging.encode_place(last.event_time, last.id, filters)


async def accept(change: Change, actor: UUID, announcement: Any, booking: Any) -> None:
    """PENDING or DECLINED -> ACCEPTED; takes places, and the guest's time again if it had been given back."""
    await shift(change, booking, State.ACCEPTED, State.PENDING, State.DECLINED)
    if booking.state not in LIVE and not await change.hold(booking.guest_id, announcement, booking.id):
        raise elsewhere()
    if not await change.move_places(announcement.id, booking.tickets):
        raise full(announcement)
    await record(change, actor, booking, "accepted", booking.tickets)


async def decline(change: Change, actor: UUID, _announcement: Any, booking: Any) -> None:
    """PENDING or ACCEPTED (revoked) -> DECLINED; frees places and the guest's time."""
    await shift(change, booking, State.DECLINED, *LIVE)
    cause = "revoked" if booking.state == State.ACCEPTED else "declined"
    await release(change, actor, booking, cause)


async def withdraw(change: Change, actor: UUID, _announcement: Any, booking: Any) -> None:
    """PENDING or ACCEPTED -> WITHDRAWN; frees places and the guest's time."""
    await shift(change, booking, State.WITHDRAWN, *LIVE)
    await release(change, actor, booking, "withdrawn")


async def come_back(change: Change, actor: UUID, announcement: Any, booking: Any) -> None:
    """WITHDRAWN -> PENDING, or ACCEPTED where accepting is at once; needs places either way."""
    if booking.state == State.WITHDRAWN:
        closed(announcement)
        if places_left(announcement) < booking.tickets:
            raise full(announcement)
    at_once = announcement.accept_at_once
    await shift(change, booking, State.ACCEPTED if at_once else State.PENDING, State.WITHDRAWN)
    if not await change.hold(booking.guest_id, announcement, booking.id):
        raise elsewhere()
    if at_once and not await change.move_places(announcement.id, booking.tickets):
        raise full(announcement)
    await record(change, actor, booking, "returned", booking.tickets if at_once else 0)


async def shift(change: Change, booking: Any, new: State, *allowed: State) -> None:
    """Moves the booking. Raises FailedPrecondition (WRONG_BOOKING_STATE), AlreadyExists (BOOKING_EXISTS)."""
    if booking.state not in allowed:
        raise FailedPrecondition("WRONG_BOOKING_STATE", f"the booking is {booking.state}", state=booking.state)
    if not await change.move_booking(booking.id, booking.state, new):
        raise AlreadyExists("BOOKING_EXISTS", "the guest has another live booking for this evening")


async def release(change: Change, actor: UUID, booking: Any, cause: str) -> None:
    """Frees what a live booking held."""
    freed = -booking.tickets if booking.state == State.ACCEPTED else 0
    if freed:
        await change.move_places(booking.announcement_id, freed)
    await change.free(booking.guest_id, booking.announcement_id)
    await record(change, actor, booking, cause, freed)


async def record(change: Change, actor: UUID, booking: Any, cause: str, delta: int) -> None:
    """Writes and tells of a booking's new state."""
    await change.record(
        "booking_status", cause, actor, booking.announcement_id, booking_id=booking.id, places_delta=delta
    )


def closed(announcement: Any) -> None:
    """Raises FailedPrecondition (ANNOUNCEMENT_NOT_OPEN) unless it takes applications; being full is another reason."""
    now = clock.now()
    if announcement.will != Will.PUBLISHED or announcement.event_time <= now:
        raise not_open(announcement)


def ongoing(announcement: Any) -> None:
    """Raises FailedPrecondition (ANNOUNCEMENT_NOT_OPEN) when the evening has begun, is over or cancelled."""
    now = clock.now()
    if is_ended(announcement, now) or announcement.event_time <= now:
        raise not_open(announcement)


def not_open(announcement: Any) -> MeshError:
    """The refusal, saying where the announcement stands."""
    now = clock.now()
    stands = status(announcement, now)
    begun = announcement.event_time <= now and stands == Status.CLOSED
    message = "the evening has begun" if begun else f"the announcement is {stands}"
    return FailedPrecondition("ANNOUNCEMENT_NOT_OPEN", message, status=stands)


def full(announcement: Any) -> MeshError:
    """The refusal, with the numbers."""
    left = places_left(announcement)
    message = f"{announcement.places_taken} of {announcement.tickets_count} places are taken"
    return FailedPrecondition("NO_PLACES_LEFT", message, places_left=left)


def elsewhere() -> MeshError:
    """The refusal of a second evening at one time."""
    return FailedPrecondition("TIME_CONFLICT", "the guest hosts or visits another evening then")


def not_yours() -> MeshError:
    """The refusal of somebody else's booking."""
    return PermissionDenied("NOT_YOUR_BOOKING", "the booking is somebody else's")
