"""What people report of ratings, and what moderators do about it."""

from collections.abc import Sequence
from uuid import UUID

from booking_svc.refusals import no_rating, own_rating, wrong_rating_state
from booking_svc.schema import Action
from booking_svc.store.moderation import Case, ModerationStore, Reported
from mesh import clock, idempotency, paging
from mesh.database import Database, Row

SCOPE = "reports"
LARGEST_PAGE = 20
"""Most reported ratings in one answer: with all that is said in them and of them it could become too large to send."""


class Moderation:
    """Ratings that are not what they should be."""

    def __init__(self, database: Database, store: ModerationStore) -> None:
        self.database = database
        self.store = store

    async def report(self, person: UUID, rating_id: UUID, reason: str) -> None:
        """Somebody says what is wrong with a rating. Refuses as RatingService.ReportRating tells."""
        async with idempotency.claiming(self.database) as connection:
            case = Case(connection, rating_id, clock.now())
            if not await case.is_listed():
                raise no_rating()
            await case.report(person, reason)

    async def list_reported(self, moderator: UUID, size: int, token: str) -> tuple[Sequence[Row], str]:
        """A page of reported ratings, without those that concern the moderator, and the next page's token.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        size = paging.page_size(size, LARGEST_PAGE)
        rows = await self.store.list_reported(moderator, decode(token), size + 1)
        return paging.cut(rows, size, encode)

    async def decide(self, moderator: UUID, rating_id: UUID, action: Action, reason: str) -> UUID:
        """Hides a rating, restores it or dismisses its reports; returns the decision's id.

        Refuses as RatingService.ModerateRating tells.
        """
        async with idempotency.claiming(self.database) as connection:
            case = Case(connection, rating_id, clock.now())
            rating = await case.lock()
            if rating is None:
                raise no_rating()
            if moderator in (rating.rater_id, rating.rated_id):
                raise own_rating()
            if not await act(case, rating, action):
                raise wrong_rating_state(f"there is nothing to {action.lower()} about the rating")
            decided = await case.record(moderator, action, reason)
            await idempotency.settle(connection, decided)
        return decided

    async def get(self, moderation_id: UUID) -> Row:
        """A decision that exists."""
        return await self.store.get(moderation_id)

    async def list(self, rating_id: UUID | None, size: int, token: str) -> tuple[Sequence[Row], str]:
        """A page of decisions, newest first, and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
        scope, size = ("moderations", rating_id), paging.page_size(size)
        before = paging.decode_id(token, *scope) or paging.END[1]
        rows = await self.store.list(rating_id, before, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_id(last.id, *scope))


async def act(case: Case, rating: Row, action: Action) -> bool:
    """Does it; False if there is nothing to do."""
    if action == Action.DISMISS:
        return await case.close()
    hides = action == Action.HIDE
    if rating.hidden == hides:
        return False
    await (case.hide() if hides else case.restore())
    if hides:
        await case.close()
    return True


def encode(last: Row) -> str:
    """The token that goes on behind a reported rating."""
    return paging.encode((str(last.closed), paging.encode_place(last.report_time, last.id, SCOPE)), SCOPE)


def decode(token: str) -> Reported:
    """Behind which reported rating a page begins. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
    key = paging.decode(token, 2, SCOPE)
    if key is None:
        return False, *paging.BEGINNING
    place = paging.decode_place(key[1], SCOPE)
    if place is None:
        raise paging.foreign()
    return key[0] == str(True), *place
