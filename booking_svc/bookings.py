"""Bookings after they were made: decided, withdrawn, returned to, looked at."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from booking_svc.blocks import check_owner
from booking_svc.days import around_day, parse_day
from booking_svc.refusals import (
    bad_field,
    guest_was_rated,
    no_announcement,
    no_booking,
    not_yours,
    ongoing,
    window_closed,
)
from booking_svc.schema import Status, rating_closes, status
from booking_svc.store.announcements import AnnouncementStore
from booking_svc.store.bookings import BookingStore
from booking_svc.store.change import Change, changing
from booking_svc.store.ratings import rated_by_host
from booking_svc.transitions import accept, come_back, decline, mark, serve_waiting, withdraw
from mesh import paging
from mesh.caller import Caller
from mesh.database import Database, Row, once_more_on_deadlock
from mesh.errors import FailedPrecondition, MeshError

FIRST = UUID(int=0)
"""No id is smaller."""


class Bookings:
    """Bookings and who may do what with them."""

    def __init__(self, database: Database, store: BookingStore, announcements: AnnouncementStore) -> None:
        self.database = database
        self.store = store
        self.announcements = announcements

    async def answer(self, caller: Caller, booking_id: UUID, yes: bool, reason: str) -> None:
        """The author decides, the guest withdraws or returns. Refuses as BookingService.UpdateBooking tells."""
        await once_more_on_deadlock(lambda: self.move(caller, booking_id, yes, reason))

    async def move(self, caller: Caller, booking_id: UUID, yes: bool, reason: str) -> None:
        """The transaction of answer()."""
        async with changing(self.database) as change:
            announcement, booking = await change.lock_booking(booking_id)
            actor = caller.user_id
            if actor is None or actor not in (announcement.author_id, booking.guest_id):
                raise not_yours()
            ongoing(announcement)
            if actor == announcement.author_id:
                if yes:
                    await accept(change, actor, announcement, booking)
                else:
                    await decline(change, actor, announcement, booking, reason)
            elif yes:
                await come_back(change, actor, announcement, booking)
            else:
                await withdraw(change, actor, announcement, booking)
            await serve_waiting(change, announcement.id)
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
            await serve_waiting(change, announcement.id)
            await change.settle(booking_id)

    async def decide(
        self, caller: Caller, announcement_id: UUID, yes: Sequence[UUID], no: Sequence[UUID], reason: str
    ) -> None:
        """Accepts and declines many, all or none. Refuses as BookingService.DecideBookings tells."""
        distinct({"accept": yes, "decline": no})
        await once_more_on_deadlock(lambda: self.move_many(caller, announcement_id, yes, no, reason))

    async def move_many(
        self, caller: Caller, announcement_id: UUID, yes: Sequence[UUID], no: Sequence[UUID], reason: str
    ) -> None:
        """The transaction of decide(). Declines first: what they free may be what the others need."""
        assert caller.user_id is not None
        async with changing(self.database) as change:
            announcement = await change.lock_announcement(announcement_id)
            await check_owner(change.connection.execute, announcement, caller)
            bookings = await lock_all(change, announcement_id, [*yes, *no])
            ongoing(announcement)
            for booking_id in no:
                with naming(booking_id):
                    await decline(change, caller.user_id, announcement, bookings[booking_id], reason)
            for booking_id in yes:
                with naming(booking_id):
                    await accept(change, caller.user_id, announcement, bookings[booking_id])
            await serve_waiting(change, announcement_id)
            await change.settle(announcement_id)

    async def record_attendance(
        self, caller: Caller, announcement_id: UUID, came: Sequence[UUID], stayed_away: Sequence[UUID]
    ) -> None:
        """Notes who came, all or none. Refuses as BookingService.RecordAttendance tells."""
        distinct({"attended": came, "no_show": stayed_away})
        await once_more_on_deadlock(lambda: self.mark_many(caller, announcement_id, came, stayed_away))

    async def mark_many(
        self, caller: Caller, announcement_id: UUID, came: Sequence[UUID], stayed_away: Sequence[UUID]
    ) -> None:
        """The transaction of record_attendance()."""
        assert caller.user_id is not None
        async with changing(self.database) as change:
            announcement = await change.lock_announcement(announcement_id)
            await check_owner(change.connection.execute, announcement, caller)
            bookings = await lock_all(change, announcement_id, [*came, *stayed_away])
            if (stands := status(announcement, change.now)) != Status.DONE:
                raise FailedPrecondition("EVENING_NOT_OVER", f"the announcement is {stands}", status=stands)
            if change.now >= rating_closes(announcement):
                raise window_closed()
            rated = await rated_by_host(change.connection, announcement)
            for ids, present in ((came, True), (stayed_away, False)):
                for booking_id in ids:
                    with naming(booking_id):
                        if not present and bookings[booking_id].guest_id in rated:
                            raise guest_was_rated()
                        await mark(change, caller.user_id, bookings[booking_id], present)
            await change.reveal_ratings(announcement_id)
            await change.settle(announcement_id)

    async def get(self, caller: Caller, booking_id: UUID) -> Row:
        """A booking. Raises NotFound (BOOKING_NOT_FOUND), PermissionDenied (NOT_YOUR_BOOKING)."""
        found = await self.store.list_details([booking_id])
        if not found:
            raise no_booking()
        if caller.user_id not in (found[0].guest_id, found[0].author_id) and not caller.is_super:
            raise not_yours()
        return found[0]

    async def list_applications(
        self, caller: Caller, announcement_id: UUID, size: int, token: str
    ) -> tuple[Sequence[Row], str]:
        """A page of an evening's bookings and the next page's token.

        Raises NotFound (ANNOUNCEMENT_NOT_FOUND), PermissionDenied (NOT_YOUR_ANNOUNCEMENT), InvalidArgument
        (INVALID_PAGE_TOKEN).
        """
        announcement = await self.announcements.find(announcement_id, caller.user_id)
        if announcement is None:
            raise no_announcement()
        await check_owner(self.database.read, announcement, caller)
        size = paging.page_size(size)
        after = paging.decode_id(token, announcement_id) or FIRST
        rows = await self.store.list_applications(announcement_id, after, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_id(last.id, announcement_id))

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
            values["date"] = parse_day("filter.date", filters["date"])
            values["begins"], values["ends"] = around_day(values["date"])
        if after := paging.decode_place(token, filters):
            conditions.add("after")
            values["after_time"], values["after_id"] = after
        size = paging.page_size(size)
        rows = await self.store.list(frozenset(conditions), size + 1, values)
        return paging.cut(rows, size, lambda last: paging.encode_place(last.event_time, last.id, filters))


def distinct(lists: dict[str, Sequence[UUID]]) -> None:
    """Raises InvalidArgument (INVALID_FIELDS) if nothing is named at all, or something twice."""
    seen: set[UUID] = set()
    for field, ids in lists.items():
        for booking_id in ids:
            if booking_id in seen:
                raise bad_field(field, f"{booking_id} is named twice")
            seen.add(booking_id)
    if not seen:
        raise bad_field(next(iter(lists)), "name at least one booking")


async def lock_all(change: Change, announcement_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Row]:
    """These bookings by id. Raises NotFound (BOOKING_NOT_FOUND) if the announcement does not have one of them."""
    found = {booking.id: booking for booking in await change.lock_bookings(announcement_id, ids)}
    for booking_id in ids:
        if booking_id not in found:
            with naming(booking_id):
                raise no_booking()
    return found


@contextmanager
def naming(booking_id: UUID) -> Iterator[None]:
    """Says in a refusal which of many bookings it is about."""
    try:
        yield
    except MeshError as error:
        error.metadata["booking_id"] = str(booking_id)
        raise
