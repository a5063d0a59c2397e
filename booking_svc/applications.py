"""Applying for places."""

from collections.abc import Sequence
from uuid import UUID

from booking_svc.announcements import Announcements
from booking_svc.refusals import elsewhere, full, no_announcement, open_for_applications
from booking_svc.schema import places_left
from booking_svc.store.bookings import Application, BookingStore
from booking_svc.store.change import changing
from mesh.batch import Batcher
from mesh.caller import Caller, current
from mesh.database import Database, Row, once_more_on_deadlock
from mesh.errors import Aborted, AlreadyExists, FailedPrecondition

TRIES = 5
TOGETHER = 64
"""Most applications that are booked in one transaction."""
PACE = 0.01
"""Seconds between two transactions while many apply: a few full ones cost half of many small ones."""


class NoRoom(Exception):
    """Something stands against an application; explain() finds out what."""


class Applications:
    """Those who want to come."""

    def __init__(self, database: Database, store: BookingStore, announcements: Announcements) -> None:
        self.database = database
        self.store = store
        self.announcements = announcements
        self.together: Batcher[Application, Row | None] = Batcher(
            self.book_together, limit=TOGETHER, key=lambda application: application.guest_id, pace=PACE
        )

    async def apply(self, caller: Caller, announcement_id: UUID, tickets: int, waiting_list: bool) -> Row:
        """Applies for places. Refuses as BookingService.CreateBooking tells."""
        assert caller.user_id is not None
        application = Application(announcement_id, caller.user_id, tickets, False, waiting_list)
        for _ in range(TRIES):
            booking = await self.book(application)
            if booking is not None:
                return booking
            follows = await self.explain(caller, application)
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

    async def explain(self, caller: Caller, application: Application) -> bool:
        """Raises why an application was not possible; True if it was only that the caller's following was not known.

        False when nothing stands against it any more: then it is worth another try.
        """
        announcement = await self.announcements.store.find(application.announcement_id, caller.user_id)
        if announcement is None or not await self.announcements.may_see(caller, announcement):
            raise no_announcement()
        if announcement.author_id == caller.user_id:
            raise FailedPrecondition("OWN_ANNOUNCEMENT", "hosts do not apply to their own evenings")
        open_for_applications(announcement)
        if await self.announcements.store.guest_of([announcement.id], caller.user_id):
            raise AlreadyExists("BOOKING_EXISTS", "the caller has a booking for this evening already")
        # Super sees it nevertheless, but is no guest of those who block him, either.
        if caller.user_id in announcement.shut_out:
            raise no_announcement()
        if places_left(announcement) < application.tickets and not application.waiting_list:
            raise full(announcement)
        if await self.store.is_busy(application.guest_id, announcement):
            raise elsewhere()
        return bool(announcement.sub_only)
