"""What the people of an evening say of each other."""

from collections.abc import Sequence
from uuid import UUID

from booking_svc.refusals import (
    no_announcement,
    no_booking,
    no_rating,
    not_a_guest,
    not_over,
    not_yours,
    window_closed,
)
from booking_svc.schema import rating_closes
from booking_svc.store.blocks import is_hidden
from booking_svc.store.ratings import PRESENT, RatingStore, Word, add
from booking_svc.store.ratings_due import RatingsDueStore
from booking_svc.store.scores import ScoreStore
from mesh import clock, idempotency, paging
from mesh.batch import Batcher
from mesh.caller import current
from mesh.database import Database, Row, once_more_on_deadlock
from mesh.errors import Aborted, AlreadyExists, FailedPrecondition, MeshError

TRIES = 5
TOGETHER = 64
"""Most ratings that are written in one transaction."""
PACE = 0.01
"""Seconds between two transactions while many rate."""


class Refused(Exception):
    """Something stands against a rating; explain() finds out what."""


class Ratings:
    """Ratings of hosts and of guests. Which of them can be seen, and when, is said in store/scores.py alone."""

    def __init__(self, database: Database, store: RatingStore, due: RatingsDueStore, scores: ScoreStore) -> None:
        self.database = database
        self.store = store
        self.due = due
        self.scores = scores
        self.together: Batcher[Word, Row | None] = Batcher(
            self.write_together, limit=TOGETHER, key=lambda word: (word.booking_id, word.rater_id), pace=PACE
        )

    async def rate(self, word: Word) -> Row:
        """One of a booking's two rates the other. Refuses as RatingService.CreateRating tells."""
        for _ in range(TRIES):
            if (row := await self.write(word)) is not None:
                return row
            await self.explain(word)
        raise Aborted("CONTENDED", "the evening changes right now; try again")

    async def rate_host(self, guest: UUID, announcement_id: UUID, score: int, text: str) -> Row:
        """A guest rates the host. Refuses as BookingService.CreateReview tells."""
        visit = await self.store.find_visit(announcement_id, guest)
        if visit is None or (visit.booking_id is None and is_secret(visit, guest)):
            raise no_announcement()
        if visit.booking_id is None and await is_hidden(self.database.read, announcement_id, guest):
            raise no_announcement()
        if visit.booking_id is None:
            raise not_a_guest()
        return await self.rate(Word(visit.booking_id, guest, score, text, ""))

    async def write(self, word: Word) -> Row | None:
        """Rates, together with those who rate at this moment; None when something stands against it.

        One with an idempotency key goes alone: the key belongs to its transaction.
        """
        if current().claimed_key is None:
            return await self.together.submit(word)
        try:
            return await once_more_on_deadlock(lambda: self.write_alone(word))
        except Refused:
            return None

    async def write_together(self, words: Sequence[Word]) -> Sequence[Row | None]:
        """Writes what is said at one moment."""
        return await once_more_on_deadlock(lambda: self.store.add(words))

    async def write_alone(self, word: Word) -> Row:
        """The transaction of a rating with a key. Raises Refused, so that the key is not used up."""
        async with idempotency.claiming(self.database) as connection:
            (row,) = await add(connection, [word])
            if row is None:
                raise Refused
            await idempotency.settle(connection, row.id)
            return row

    async def explain(self, word: Word) -> None:
        """Raises why a rating was not possible; nothing when nothing stands against it any more."""
        booking, now = await self.own(word.booking_id, word.rater_id), clock.now()
        if booking.state not in PRESENT:
            raise not_a_guest()
        if now < booking.end_time:
            raise not_over()
        if now >= rating_closes(booking):
            raise window_closed()
        if booking.rating_id is not None:
            raise AlreadyExists("RATING_EXISTS", "the caller has rated the other side of this booking already")
        if booking.too_late:
            raise revealed("what the other side says can be read already")

    async def edit(self, booking_id: UUID, rater: UUID, score: int | None, text: str | None, note: str | None) -> UUID:
        """Changes what is given of one's own; returns its id. Refuses as RatingService.UpdateRating tells."""
        rating_id = (await self.own_rating(booking_id, rater)).rating_id
        if not await self.store.edit(rating_id, score, text, note):
            raise revealed("the rating is revealed and stays as it is")
        return UUID(str(rating_id))

    async def get_own(self, booking_id: UUID, rater: UUID) -> Row:
        """One's own rating. Refuses as RatingService.GetRating tells."""
        return await self.store.get((await self.own_rating(booking_id, rater)).rating_id)

    async def get(self, rating_id: UUID) -> Row:
        """A rating that exists, whoever asks."""
        return await self.store.get(rating_id)

    async def list(self, person: UUID, of_host: bool | None, size: int, token: str) -> tuple[Sequence[Row], str]:
        """A page of what was said of a person (as a host, or as a guest), and the next page's token.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        scope = ("ratings", person, of_host)
        after, size = paging.decode_place(token, *scope), paging.page_size(size)
        rows = await self.store.list(person, of_host, after, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_place(last.create_time, last.id, *scope))

    async def list_due(self, rater: UUID, size: int, token: str) -> tuple[Sequence[Row], str]:
        """A page of those whom a person may still rate, and the next page's token.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        scope = ("ratings due", rater)
        after, size = paging.decode_place(token, *scope), paging.page_size(size)
        rows = await self.due.list(rater, after, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_place(last.end_time, last.id, *scope))

    async def own(self, booking_id: UUID, rater: UUID) -> Row:
        """A booking of the rater's. Raises NotFound (BOOKING_NOT_FOUND), PermissionDenied (NOT_YOUR_BOOKING)."""
        booking = await self.store.find_own(booking_id, rater)
        if booking is None:
            raise no_booking()
        if rater not in (booking.guest_id, booking.author_id):
            raise not_yours()
        return booking

    async def own_rating(self, booking_id: UUID, rater: UUID) -> Row:
        """As own(), of a booking that the rater has rated. Raises NotFound (RATING_NOT_FOUND)."""
        booking = await self.own(booking_id, rater)
        if booking.rating_id is None:
            raise no_rating()
        return booking

    async def sweep(self) -> None:
        """Counts what has been revealed by the passing of time. Several processes may sweep at once."""
        while await once_more_on_deadlock(self.scores.count_some):
            pass


def revealed(message: str) -> MeshError:
    """The refusal of writing what others could have read, or could have been read before."""
    return FailedPrecondition("RATING_REVEALED", message)


def is_secret(evening: Row, person: UUID) -> bool:
    """Whether it is not told to this person, who was not there, that the evening exists."""
    return evening.publish_time is None or (evening.sub_only and evening.author_id != person)
