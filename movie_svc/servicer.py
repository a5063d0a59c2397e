"""MovieService: messages in, one domain call, messages out."""

from typing import Any
from uuid import UUID

from matinee.movie.v1 import movie_pb2
from matinee.movie.v1.movie_pb2_grpc import MovieServiceServicer

from mesh import caller, idempotency
from mesh.database import Database, Row
from mesh.interceptors import Context
from movie_svc.moderation import Moderation
from movie_svc.movies import Movies

Decision = movie_pb2.AddBookableMovieRequest | movie_pb2.RemoveBookableMovieRequest | movie_pb2.UpdateMovieRequest


class MovieServicer(MovieServiceServicer):
    """One method per RPC, in the proto's order."""

    def __init__(self, database: Database, movies: Movies, moderation: Moderation) -> None:
        self.database = database
        self.movies = movies
        self.moderation = moderation

    async def GetMovie(self, request: movie_pb2.GetMovieRequest, context: Context) -> movie_pb2.Movie:
        movie_id = UUID(request.movie_id)
        movie = await self.movie(movie_id)
        movie.titles.extend(
            movie_pb2.Movie.Title(title=row.title, language=row.language, region=row.region)
            for row in await self.movies.titles(movie_id)
        )
        return movie

    async def BatchGetMovies(
        self, request: movie_pb2.BatchGetMoviesRequest, context: Context
    ) -> movie_pb2.BatchGetMoviesResponse:
        movies = await self.movies.get_many({UUID(movie_id) for movie_id in request.movie_ids})
        return movie_pb2.BatchGetMoviesResponse(movies=[to_proto(movie) for movie in movies])

    async def ListMovies(self, request: movie_pb2.ListMoviesRequest, context: Context) -> movie_pb2.ListMoviesResponse:
        movies, token = await self.movies.list(wanted(request), request.page_size, request.page_token)
        return movie_pb2.ListMoviesResponse(movies=[to_proto(movie) for movie in movies], next_page_token=token)

    async def AddBookableMovie(self, request: movie_pb2.AddBookableMovieRequest, context: Context) -> movie_pb2.Movie:
        return await self.decide(request, {"bookable": True})

    async def RemoveBookableMovie(
        self, request: movie_pb2.RemoveBookableMovieRequest, context: Context
    ) -> movie_pb2.Movie:
        return await self.decide(request, {"bookable": False})

    async def UpdateMovie(self, request: movie_pb2.UpdateMovieRequest, context: Context) -> movie_pb2.Movie:
        given = [name for name in ("running_time", "description") if request.HasField(name)]
        return await self.decide(request, {name: getattr(request, name) for name in given})

    async def ListMovieChanges(
        self, request: movie_pb2.ListMovieChangesRequest, context: Context
    ) -> movie_pb2.ListMovieChangesResponse:
        movie_id = UUID(request.filter.movie) if request.filter.movie else None
        rows, token = await self.moderation.list_changes(movie_id, request.page_size, request.page_token)
        return movie_pb2.ListMovieChangesResponse(changes=map(change_to_proto, rows), next_page_token=token)

    async def decide(self, request: Decision, decided: dict[str, Any]) -> movie_pb2.Movie:
        """A moderator's word on a film, once."""

        async def act() -> movie_pb2.Movie:
            movie_id, reason = UUID(request.movie_id), request.reason
            return to_proto(await self.moderation.decide(caller.user_id(), movie_id, decided, reason))

        return await idempotency.once(self.database, request, movie_pb2.Movie, act, self.movie)

    async def movie(self, movie_id: UUID) -> movie_pb2.Movie:
        """A film as a message."""
        return to_proto(await self.movies.get(movie_id))


def wanted(request: movie_pb2.ListMoviesRequest) -> dict[str, Any]:
    """What was asked for, without what was left open."""
    given: dict[str, Any] = {
        # A space behind the last word says that it is whole.
        "query": request.query.lstrip() if request.query.strip() else "",
        "genre": request.filter.genre.strip(),
        "year": request.filter.year,
        "year_from": request.filter.year_from,
        "year_to": request.filter.year_to,
        "person": request.filter.person.strip(),
    }
    given = {name: value for name, value in given.items() if value}
    return given | ({"bookable": request.filter.bookable} if request.filter.HasField("bookable") else {})


def to_proto(movie: Row) -> movie_pb2.Movie:
    """A film as a message."""
    return movie_pb2.Movie(
        id=str(movie.id),
        imdb_rating=movie.imdb_rating or 0,
        genre=movie.genres,
        title=movie.title,
        description=movie.description,
        director=movie.directors,
        actors_names=movie.actors,
        writers_names=movie.writers,
        duration=movie.running_time or 0,
        bookable=movie.bookable,
        year=movie.year or 0,
        imdb_id=movie.imdb_id or "",
    )


def change_to_proto(change: Row) -> movie_pb2.MovieChange:
    """A moderator's decision as a message."""
    return movie_pb2.MovieChange(
        id=str(change.id),
        time=change.create_time,
        actor_id=str(change.actor_id),
        movie_id=str(change.movie_id),
        subject=change.subject,
        before=change.before,
        after=change.after,
        reason=change.reason,
    )
