"""What the UGC service asks the others: whether a film or a person exists. Only writes ask; reads need nobody.

And what it tells booking: who blocks whom.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from matinee.auth.v1.auth_pb2 import GetUserRequest
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub
from matinee.booking.v1.block_pb2 import SetBlockRequest
from matinee.booking.v1.block_pb2_grpc import BlockServiceStub
from matinee.movie.v1.movie_pb2 import BatchGetMoviesRequest
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub

from mesh.channel import is_outage
from mesh.errors import MeshError, NotFound, Unavailable


class Peers:
    """The auth service and the catalogue."""

    def __init__(self, auth: AuthServiceStub, movie: MovieServiceStub) -> None:
        self.auth = auth
        self.movie = movie

    async def require_movie(self, movie_id: UUID) -> None:
        """Raises NotFound (MOVIE_NOT_FOUND), Unavailable (PEER_UNAVAILABLE)."""
        async with needed("the catalogue"):
            # Not GetMovie, which looks up what the film is called elsewhere.
            found = (await self.movie.BatchGetMovies(BatchGetMoviesRequest(movie_ids=[str(movie_id)]))).movies
        if not found:
            raise NotFound("MOVIE_NOT_FOUND", "the catalogue has no such film")

    async def require_user(self, user_id: UUID) -> None:
        """Raises NotFound (USER_NOT_FOUND), Unavailable (PEER_UNAVAILABLE)."""
        async with needed("the service of accounts"):
            await self.auth.GetUser(GetUserRequest(user_id=str(user_id)))


class Evenings:
    """The booking service, which hides evenings from whom their host blocks."""

    def __init__(self, blocks: BlockServiceStub) -> None:
        self.blocks = blocks

    async def set_block(
        self, blocker_id: UUID, blocked_id: UUID, blocked: bool, change_time: datetime, seconds: float
    ) -> None:
        """Tells whether one blocks the other since a moment; what is older than it knows changes nothing there.

        Raises MeshError.
        """
        since = Timestamp()
        since.FromDatetime(change_time)
        request = SetBlockRequest(
            blocker_id=str(blocker_id), blocked_id=str(blocked_id), blocked=blocked, change_time=since
        )
        await self.blocks.SetBlock(request, timeout=seconds)


@asynccontextmanager
async def needed(who: str) -> AsyncIterator[None]:
    """A rule that cannot be checked is not skipped: without the peer the write has to wait."""
    try:
        yield
    except MeshError as error:
        if is_outage(error):
            raise Unavailable("PEER_UNAVAILABLE", f"{who} does not answer right now") from error
        raise
