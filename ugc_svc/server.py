"""Builds the UGC service and serves it."""

from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub
from matinee.movie.v1 import movie_pb2
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub
from matinee.ugc.v1 import ugc_pb2
from sqlalchemy import text

from mesh import idempotency, server
from mesh.channel import connect
from mesh.database import Database
from mesh.keys import verifier_of
from mesh.redis_client import open_redis
from mesh.server import Process, Served
from ugc_svc.follows import Follows
from ugc_svc.peers import Peers
from ugc_svc.reviews import Reviews
from ugc_svc.servicer import UgcServicer
from ugc_svc.settings import Settings
from ugc_svc.store import FollowStore, ReviewStore, SubscriptionStore
from ugc_svc.subscriptions import Subscriptions

ALIVE = text("SELECT 1")


async def build(settings: Settings) -> Process:
    """Everything the process consists of."""
    database = Database(settings, "ugc")
    auth = connect(settings, "auth", settings.auth_target, auth_pb2.DESCRIPTOR.services_by_name["AuthService"])
    movie = connect(settings, "movie", settings.movie_target, movie_pb2.DESCRIPTOR.services_by_name["MovieService"])
    redis = open_redis(settings)
    peers = Peers(AuthServiceStub(auth), MovieServiceStub(movie))
    servicer = UgcServicer(
        database,
        Reviews(ReviewStore(database), peers),
        Subscriptions(SubscriptionStore(database), peers),
        Follows(FollowStore(database), peers),
    )
    return Process(
        settings=settings,
        verifier=verifier_of(settings, redis, auth, movie),
        served=[Served(ugc_pb2.DESCRIPTOR.services_by_name["UgcService"], servicer)],
        probe=lambda: database.read(ALIVE),
        periodic=[lambda: idempotency.forget_old_keys(database)],
        close=[auth.close, movie.close, redis.aclose, database.close],
    )


def main() -> None:
    """Runs the service until it is told to stop."""
    settings = Settings.read()
    server.run("ugc", settings, lambda: build(settings))
