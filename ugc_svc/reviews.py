"""Reviews of films, and what others think of them."""

from uuid import UUID

from mesh.database import Row
from mesh.errors import NotFound
from ugc_svc.peers import Peers
from ugc_svc.store import ReviewStore


class Reviews:
    """What may be said of a film, by whom, and how it is received."""

    def __init__(self, store: ReviewStore, peers: Peers) -> None:
        self.store = store
        self.peers = peers

    async def write(self, author_id: UUID, movie_id: UUID, text: str, score: int) -> Row:
        """A person's one review of a film.

        Raises NotFound (MOVIE_NOT_FOUND), AlreadyExists (REVIEW_EXISTS), Unavailable (PEER_UNAVAILABLE).
        """
        await self.peers.require_movie(movie_id)
        return await self.store.add(movie_id, author_id, text, score)

    async def get(self, review_id: UUID) -> Row:
        """A review. Raises NotFound (REVIEW_NOT_FOUND)."""
        return await self.store.get(review_id)

    async def get_of(self, movie_id: UUID, author_id: UUID, review_id: UUID) -> Row:
        """A review of this film by this person. Raises NotFound (REVIEW_NOT_FOUND) unless the three belong together."""
        review = await self.store.get(review_id)
        if (review.movie_id, review.author_id) != (movie_id, author_id):
            raise NotFound("REVIEW_NOT_FOUND", "there is no such review of this film by this person")
        return review

    async def react(self, person_id: UUID, review_id: UUID, value: int | None) -> Row:
        """Sets a person's LIKE or DISLIKE, or takes it back (None). Raises NotFound (REVIEW_NOT_FOUND)."""
        return await self.store.react(review_id, person_id, value)
