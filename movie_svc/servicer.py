"""MovieService: messages in, one domain call, messages out."""

from typing import Any
from uuid import UUID

from matinee.movie.v1 import movie_pb2
from matinee.movie.v1.movie_pb2_grpc import MovieServiceServicer

from mesh.database import Row
from mesh.interceptors import Context
from movie_svc.movies import Movies


class MovieServicer(MovieServiceServicer):
    """One method per RPC, in the proto's order."""

    def __init__(self, movies: Movies) -> None:
        self.movies = movies

    async def GetMovie(self, request: movie_pb2.GetMovieRequest, context: Context) -> movie_pb2.Movie:
        return to_proto(await self.movies.get(UUID(request.movie_id)))

    async def BatchGetMovies(
        self, request: movie_pb2.BatchGetMoviesRequest, context: Context
    ) -> movie_pb2.BatchGetMoviesResponse:
        movies = await self.movies.get_many({UUID(movie_id) for movie_id in request.movie_ids})
        return movie_pb2.BatchGetMoviesResponse(movies=[to_proto(movie) for movie in movies])

    async def ListMovies(self, request: movie_pb2.ListMoviesRequest, context: Context) -> movie_pb2.ListMoviesResponse:
        movies, token = await self.movies.list(wanted(request), request.page_size, request.page_token)
        return movie_pb2.ListMoviesResponse(movies=[to_proto(movie) for movie in movies], next_page_token=token)


def wanted(request: movie_pb2.ListMoviesRequest) -> dict[str, Any]:
    """What was asked for, without what was left open."""
    given: dict[str, Any] = {
        "query": request.query.strip(),
        "genre": request.filter.genre.strip(),
        "year": request.filter.year,
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
    )
