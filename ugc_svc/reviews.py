"""Reviews of films, and what others think of them."""

from collections.abc import Sequence
from uuid import UUID

from mesh import idempotency, paging
from mesh.caller import Caller
from mesh.database import Database, Row
from mesh.errors import FailedPrecondition, NotFound, PermissionDenied
from mesh.logs import logger
from ugc_svc.peers import Peers
from ugc_svc.store.reviews import ReviewStore

MOST_LIKED = "likes"
MORE_LIKES_THAN_ANY = 2**31 - 1


class Reviews:
    """What may be said of a film, by whom, and how it is received."""

    def __init__(self, database: Database, store: ReviewStore, peers: Peers) -> None:
        self.database = database
        self.store = store
        self.peers = peers

    async def write(self, author_id: UUID, movie_id: UUID, text: str, score: int) -> Row:
        """A person's one review of a film.

        Raises NotFound (MOVIE_NOT_FOUND), AlreadyExists (REVIEW_EXISTS), Unavailable (PEER_UNAVAILABLE).
        """
        await self.peers.require_movie(movie_id)
        async with idempotency.claiming(self.database) as connection:
            review = await self.store.add(connection, movie_id, author_id, text, score)
            await idempotency.settle(connection, review.id)
        return review

    async def change(self, person_id: UUID, review_id: UUID, text: str | None, score: int | None) -> Row:
        """A person's review after a change; None leaves what there is.

        Raises NotFound (REVIEW_NOT_FOUND), PermissionDenied (NOT_YOUR_REVIEW).
        """
        async with idempotency.claiming(self.database) as connection:
            review = await self.store.hold(connection, review_id)
            if review.author_id != person_id:
                raise not_yours()
            await idempotency.settle(connection, review_id)
            if text is None and score is None:
                return review
            return await self.store.change(connection, review_id, text, score)

    async def remove(self, remover: Caller, review_id: UUID) -> None:
        """Deletes one's own review, or as a moderator anybody's. Raises as change()."""
        async with idempotency.claiming(self.database) as connection:
            review = await self.store.hold(connection, review_id)
            if review.author_id != remover.user_id and not remover.is_moderator:
                raise not_yours()
            await self.store.remove(connection, review_id)
        if review.author_id != remover.user_id:
            who = {"moderator": str(remover.user_id), "author": str(review.author_id)}
            logger().info("review deleted by a moderator", review=str(review_id), movie=str(review.movie_id), **who)

    async def get(self, review_id: UUID) -> Row:
        """A review. Raises NotFound (REVIEW_NOT_FOUND)."""
        return await self.store.get(review_id)

    async def get_of(self, movie_id: UUID, author_id: UUID, review_id: UUID) -> Row:
        """A review of this film by this person. Raises NotFound (REVIEW_NOT_FOUND) unless the three belong together."""
        review = await self.store.get(review_id)
        if (review.movie_id, review.author_id) != (movie_id, author_id):
            raise NotFound("REVIEW_NOT_FOUND", "there is no such review of this film by this person")
        return review

    async def list(self, movie_id: UUID, order_by: str, page_size: int, page_token: str) -> tuple[Sequence[Row], str]:
        """A page of a film's reviews and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
        scope = ("reviews", movie_id, order_by)
        size = paging.page_size(page_size)
        if order_by == MOST_LIKED:
            liked = await self.store.list_most_liked(movie_id, likes_place(page_token, *scope), size + 1)
            return paging.cut(liked, size, lambda last: paging.encode((str(last.likes), str(last.id)), *scope))
        before = paging.decode_place(page_token, *scope) or paging.END
        rows = await self.store.list_newest(movie_id, before, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_place(last.create_time, last.id, *scope))

    async def film_score(self, movie_id: UUID) -> tuple[float, int]:
        """The mean of what a film was given, 0 without reviews, and in how many."""
        count, total = await self.store.film_score(movie_id)
        return total / count if count else 0.0, count

    async def react(self, person_id: UUID, review_id: UUID, value: int | None) -> Row:
        """Sets a person's LIKE or DISLIKE, or takes it back (None).

        Raises NotFound (REVIEW_NOT_FOUND), FailedPrecondition (SELF_REFERENCE).
        """
        async with idempotency.claiming(self.database) as connection:
            review = await self.store.hold(connection, review_id)
            if review.author_id == person_id:
                raise FailedPrecondition("SELF_REFERENCE", "nobody likes or dislikes his own review")
            await idempotency.settle(connection, review_id)
            return await self.store.react(connection, review_id, person_id, value)


def not_yours() -> PermissionDenied:
    """The refusal of what only the author may do."""
    return PermissionDenied("NOT_YOUR_REVIEW", "the review is somebody else's")


def likes_place(token: str, *scope: object) -> tuple[int, UUID]:
    """Where a page of the most liked begins. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
    key = paging.decode(token, 2, *scope)
    if key is None:
        return MORE_LIKES_THAN_ANY, paging.END[1]
    try:
        likes, review_id = int(key[0]), UUID(key[1])
    except ValueError:
        raise paging.foreign() from None
    if not 0 <= likes <= MORE_LIKES_THAN_ANY:
        raise paging.foreign()
    return likes, review_id
