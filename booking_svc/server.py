"""Puts the booking service together."""

from matinee.auth.v1 import auth_pb2
from matinee.booking.v1 import block_pb2, booking_pb2, rating_pb2
from matinee.movie.v1 import movie_pb2
from matinee.notify.v1 import notify_pb2
from matinee.ugc.v1 import people_pb2, ugc_pb2
from sqlalchemy import text

from booking_svc.announcements import Announcements
from booking_svc.applications import Applications
from booking_svc.audience import Audience
from booking_svc.audit import Audit
from booking_svc.block_servicer import BlockServicer
from booking_svc.blocks import Blocks
from booking_svc.bookings import Bookings
from booking_svc.expiry import Expiry
from booking_svc.friends import Friends
from booking_svc.hosts import Hosts
from booking_svc.moderation import Moderation
from booking_svc.notices import Notices
from booking_svc.peers import Films, Follows, Inboxes, People
from booking_svc.plan import Plan
from booking_svc.rating_audit import RatingAudit
from booking_svc.rating_servicer import RatingServicer
from booking_svc.ratings import Ratings
from booking_svc.reminders import Reminders
from booking_svc.servicer import BookingServicer
from booking_svc.settings import Settings
from booking_svc.standing import Standing
from booking_svc.store.announcements import AnnouncementStore
from booking_svc.store.audit import AuditStore
from booking_svc.store.blocks import BlockStore
from booking_svc.store.bookings import BookingStore
from booking_svc.store.events import FAN_OUT, TELL, EventStore
from booking_svc.store.hosts import HostStore
from booking_svc.store.moderation import ModerationStore
from booking_svc.store.plan import PlanStore
from booking_svc.store.rating_audit import RatingAuditStore
from booking_svc.store.ratings import RatingStore
from booking_svc.store.ratings_due import RatingsDueStore
from booking_svc.store.scores import ScoreStore
from booking_svc.store.standing import StandingStore
from mesh import idempotency, jobs
from mesh.channel import connect
from mesh.database import Database
from mesh.jobs import Worker
from mesh.keys import verifier_of
from mesh.periodic import every
from mesh.redis_client import open_redis
from mesh.server import Process, Served, run

EXPIRY_SECONDS = 1.0
REMINDER_SECONDS = 2.0
REVEAL_SECONDS = 2.0


async def build(settings: Settings) -> Process:
    """Everything once, by hand, top to bottom."""
    database = Database(settings, "booking")
    # To plan an application takes PostgreSQL longer than to book it.
    planned = Database(settings, "booking-planned", plans="force_generic_plan")
    redis = open_redis(settings)
    auth = connect(settings, "auth", settings.auth_target, auth_pb2.DESCRIPTOR.services_by_name["AuthService"])
    movie = connect(settings, "movie", settings.movie_target, movie_pb2.DESCRIPTOR.services_by_name["MovieService"])
    ugc = connect(
        settings,
        "ugc",
        settings.ugc_target,
        ugc_pb2.DESCRIPTOR.services_by_name["UgcService"],
        people_pb2.DESCRIPTOR.services_by_name["PeopleService"],
    )
    notify = connect(
        settings, "notify", settings.notify_target, notify_pb2.DESCRIPTOR.services_by_name["NotifyService"]
    )
    people, films, follows, inboxes = People(auth, redis), Films(movie, redis), Follows(ugc), Inboxes(notify)
    announcement_store, booking_store = AnnouncementStore(database, planned), BookingStore(database, planned)
    block_store = BlockStore(database)
    announcements = Announcements(database, announcement_store, people, films, follows)
    hosts = Hosts(HostStore(database), follows)
    applications = Applications(planned, booking_store, announcements)
    bookings = Bookings(database, booking_store, announcement_store)
    audit = Audit(AuditStore(database))
    expiry = Expiry(database)
    ratings = Ratings(planned, RatingStore(database, planned), RatingsDueStore(database), ScoreStore(database))
    rating_audit = RatingAudit(RatingAuditStore(database))
    standing = Standing(database, StandingStore(planned))
    moderation = Moderation(database, ModerationStore(database))
    rating_servicer = RatingServicer(database, ratings, standing, moderation, rating_audit, people)
    plan = Plan(PlanStore(database))
    reminders = Reminders(database, people, films, inboxes)
    events = EventStore(database)
    notices = Notices(events, people, films, inboxes, lambda: applications.together.crowd)
    audience = Audience(events, people, films, follows, block_store, inboxes)
    worker = Worker(settings, {TELL: notices.tell, FAN_OUT: audience.tell})
    servicer = BookingServicer(
        database,
        announcements,
        hosts,
        Friends(announcements, follows),
        applications,
        bookings,
        audit,
        ratings,
        plan,
        people,
        films,
    )

    async def probe() -> None:
        await database.run(text("SELECT 1"))

    return Process(
        settings=settings,
        verifier=verifier_of(settings, redis, auth, movie, ugc, notify),
        served=[
            Served(booking_pb2.DESCRIPTOR.services_by_name["BookingService"], servicer),
            Served(block_pb2.DESCRIPTOR.services_by_name["BlockService"], BlockServicer(Blocks(block_store))),
            Served(rating_pb2.DESCRIPTOR.services_by_name["RatingService"], rating_servicer),
        ],
        probe=probe,
        tasks=[worker.run],
        periodic=[
            lambda: idempotency.forget_old_keys(database),
            lambda: jobs.forget_troubles(database),
            lambda: worker.watch(database),
            lambda: every(EXPIRY_SECONDS, "expiry", expiry.sweep),
            lambda: every(REMINDER_SECONDS, "reminders", reminders.sweep),
            lambda: every(REVEAL_SECONDS, "reveals", ratings.sweep),
        ],
        stop=worker.stop,
        close=[auth.close, movie.close, ugc.close, notify.close, redis.aclose, database.close, planned.close],
    )


def main() -> None:
    """Runs the service until it is told to stop."""
    settings = Settings.read()
    run("booking", settings, lambda: build(settings))
