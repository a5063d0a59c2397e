"""Builds the movie service and runs it."""

from matinee.auth.v1 import auth_pb2
from matinee.movie.v1 import movie_pb2

from mesh import idempotency
from mesh.channel import connect
from mesh.database import Database
from mesh.keys import verifier_of
from mesh.redis_client import open_redis
from mesh.server import Process, Served, run
from movie_svc.moderation import Moderation
from movie_svc.movies import Movies
from movie_svc.search import Search
from movie_svc.servicer import MovieServicer
from movie_svc.settings import Settings
from movie_svc.store.moderation import ModerationStore
from movie_svc.store.movies import MovieStore
from movie_svc.store.search import SearchStore


async def build(settings: Settings) -> Process:
    """Everything, once, top to bottom."""
    database = Database(settings, "movie")
    # What is best for a search depends on how rare its words are.
    planned = Database(settings, "movie-search", plans="force_custom_plan")
    auth = connect(settings, "auth", settings.auth_target, auth_pb2.DESCRIPTOR.services_by_name["AuthService"])
    redis = open_redis(settings)
    store = MovieStore(database)
    servicer = MovieServicer(
        database, Movies(store, Search(SearchStore(planned))), Moderation(database, ModerationStore(database))
    )
    return Process(
        settings=settings,
        verifier=verifier_of(settings, redis, auth),
        served=[Served(movie_pb2.DESCRIPTOR.services_by_name["MovieService"], servicer)],
        probe=store.probe,
        periodic=[lambda: idempotency.forget_old_keys(database)],
        close=[auth.close, redis.aclose, database.close, planned.close],
    )


def main() -> None:
    """Serves until it is told to stop."""
    settings = Settings.read()
    run("movie", settings, lambda: build(settings))
