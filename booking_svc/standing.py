"""What became of a person's evenings: facts that are told at once, beside what people say of each other."""

from typing import Any, NamedTuple
from uuid import UUID

from booking_svc.ratings import is_secret
from booking_svc.refusals import no_announcement, not_a_guest, not_over, window_closed
from booking_svc.schema import rating_closes
from booking_svc.store import standing as store
from booking_svc.store.change import Change, changing
from booking_svc.store.standing import StandingStore
from mesh.database import Database, Row


class Facts(NamedTuple):
    """What is known of a person, on both sides."""

    as_host: Row
    as_guest: Row


class Standing:
    """How reliable people are, each number beside how many evenings it is of."""

    def __init__(self, database: Database, store: StandingStore) -> None:
        self.database = database
        self.store = store

    async def get(self, person: UUID) -> Facts:
        """What became of the evenings that a person hosted, and of those where he had a place."""
        return Facts(await self.store.as_host(person), await self.store.as_guest(person))

    async def report_not_held(self, guest: UUID, announcement_id: UUID) -> None:
        """A guest says that an evening did not take place. Refuses as RatingService.ReportNotHeld tells."""
        async with changing(self.database) as change:
            await heard(change, guest, announcement_id)
            await store.say(change.connection, announcement_id, guest, change.now)

    async def withdraw_not_held(self, guest: UUID, announcement_id: UUID) -> None:
        """He takes it back. Refuses as RatingService.WithdrawNotHeld tells."""
        async with changing(self.database) as change:
            await heard(change, guest, announcement_id)
            await store.take_back(change.connection, announcement_id, guest)


async def heard(change: Change, guest: UUID, announcement_id: UUID) -> None:
    """Holds the evening, so that nobody is marked absent meanwhile, and refuses who has no say about it (any more)."""
    evening: Any = await change.lock_announcement(announcement_id)
    if not await store.was_there(change.connection, announcement_id, guest):
        if is_secret(evening, guest):
            raise no_announcement()
        raise not_a_guest()
    if change.now < evening.end_time:
        raise not_over()
    if change.now >= rating_closes(evening):
        raise window_closed()
