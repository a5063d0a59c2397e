"""Builds the UGC service and serves it."""

from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub
from matinee.booking.v1 import block_pb2
from matinee.booking.v1.block_pb2_grpc import BlockServiceStub
from matinee.movie.v1 import movie_pb2
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub
from matinee.ugc.v1 import people_pb2, ugc_pb2
from sqlalchemy import text

from mesh import idempotency, jobs, server
from mesh.channel import connect
from mesh.database import Database
from mesh.jobs import Worker
from mesh.keys import verifier_of
from mesh.periodic import every
from mesh.redis_client import open_redis
from mesh.server import Process, Served
from ugc_svc.blocks import RETELL_SECONDS, TELL, Blocks
from ugc_svc.follows import Follows
from ugc_svc.friends import Friends
from ugc_svc.peers import Evenings, Peers
from ugc_svc.people_servicer import PeopleServicer
from ugc_svc.reviews import Reviews
from ugc_svc.servicer import UgcServicer
from ugc_svc.settings import Settings
from ugc_svc.store.blocks import BlockStore
from ugc_svc.store.follows import FollowStore
from ugc_svc.store.friends import FriendStore
from ugc_svc.store.privacy import PrivacyStore
from ugc_svc.store.reviews import ReviewStore
from ugc_svc.store.subscriptions import SubscriptionStore
from ugc_svc.subscriptions import Subscriptions

ALIVE = text("SELECT 1")


async def build(settings: Settings) -> Process:
    """Everything the process consists of."""
    database = Database(settings, "ugc")
    auth = connect(settings, "auth", settings.auth_target, auth_pb2.DESCRIPTOR.services_by_name["AuthService"])
    movie = connect(settings, "movie", settings.movie_target, movie_pb2.DESCRIPTOR.services_by_name["MovieService"])
    booking = connect(
        settings, "booking", settings.booking_target, block_pb2.DESCRIPTOR.services_by_name["BlockService"]
    )
    redis = open_redis(settings)
    peers = Peers(AuthServiceStub(auth), MovieServiceStub(movie))
    blocks = Blocks(database, BlockStore(database), peers, Evenings(BlockServiceStub(booking)))
    worker = Worker(settings, {TELL: blocks.send})
    servicer = UgcServicer(
        database,
        Reviews(database, ReviewStore(database), peers),
        Subscriptions(SubscriptionStore(database), peers),
        Follows(database, FollowStore(database), peers),
    )
    friends = Friends(database, FriendStore(database), peers)
    people = PeopleServicer(database, friends, PrivacyStore(database), blocks)
    return Process(
        settings=settings,
        verifier=verifier_of(settings, redis, auth, movie),
        served=[
            Served(ugc_pb2.DESCRIPTOR.services_by_name["UgcService"], servicer),
            Served(people_pb2.DESCRIPTOR.services_by_name["PeopleService"], people),
        ],
        probe=lambda: database.read(ALIVE),
        tasks=[worker.run],
        periodic=[
            lambda: idempotency.forget_old_keys(database),
            lambda: jobs.forget_troubles(database),
            lambda: worker.watch(database),
            lambda: every(RETELL_SECONDS, "blocks told again", blocks.retell),
        ],
        stop=worker.stop,
        close=[auth.close, movie.close, booking.close, redis.aclose, database.close],
    )


def main() -> None:
    """Runs the service until it is told to stop."""
    settings = Settings.read()
    server.run("ugc", settings, lambda: build(settings))
