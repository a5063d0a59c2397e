"""What guests say of their hosts."""

from uuid import UUID

from booking_svc.refusals import no_announcement
from booking_svc.schema import rating_closes
from booking_svc.store.blocks import is_hidden
from booking_svc.store.ratings import RatingStore
from mesh import clock
from mesh.database import Row
from mesh.errors import FailedPrecondition


class Ratings:
    """Ratings of the people of an evening."""

    def __init__(self, store: RatingStore) -> None:
        self.store = store

    async def rate_host(self, guest: UUID, announcement_id: UUID, score: int, text: str) -> UUID:
        """A guest rates the host; returns the rating's id. Refuses as BookingService.CreateReview tells."""
        evening = await self.store.find_evening(announcement_id, guest)
        if evening is None or (not evening.was_guest and is_secret(evening, guest)):
            raise no_announcement()
        if not evening.was_guest and await is_hidden(self.store.database.read, announcement_id, guest):
            raise no_announcement()
        if not evening.was_guest:
            raise FailedPrecondition("NOT_A_GUEST", "only accepted guests of an evening rate its host")
        if clock.now() < evening.end_time:
            raise FailedPrecondition("EVENING_NOT_OVER", "the evening is not over yet")
        if clock.now() >= rating_closes(evening):
            raise FailedPrecondition("RATING_WINDOW_CLOSED", "the 14 days for rating have passed")
        return await self.store.add(
            announcement_id=announcement_id,
            rater_id=guest,
            rated_id=evening.author_id,
            of_host=True,
            score=score,
            text=text,
            reveal_time=rating_closes(evening),
        )

    async def get(self, rating_id: UUID) -> Row:
        """A rating that exists."""
        return await self.store.get(rating_id)

    async def mean_as_host(self, person: UUID) -> float:
        """The mean of a host's revealed scores, 1 to 10; 0 when there is none."""
        return await self.store.mean_as_host(person)


def is_secret(evening: Row, person: UUID) -> bool:
    """Whether it is not told to this person, who was not there, that the evening exists."""
    return evening.publish_time is None or (evening.sub_only and evening.author_id != person)
