"""Builds the notify service, which also serves the short links, and serves it."""

from matinee.auth.v1 import auth_pb2
from matinee.link.v1 import link_pb2
from matinee.notify.v1 import notify_pb2
from sqlalchemy import text

from mesh import idempotency, server
from mesh.channel import connect
from mesh.database import Database
from mesh.keys import verifier_of
from mesh.redis_client import open_redis
from mesh.server import Process, Served
from notify_svc.accounts import Accounts
from notify_svc.bell import Bell
from notify_svc.courier import Courier
from notify_svc.deliveries import Deliveries
from notify_svc.links import Links
from notify_svc.live import Live
from notify_svc.mails import Mails
from notify_svc.notices import Notices
from notify_svc.peers import People
from notify_svc.preferences import Preferences
from notify_svc.servicer import LinkServicer, NotifyServicer
from notify_svc.settings import Settings
from notify_svc.store.accounts import AccountStore
from notify_svc.store.deliveries import DeliveryStore
from notify_svc.store.links import LinkStore
from notify_svc.store.notices import NoticeStore
from notify_svc.store.places import PlaceStore
from notify_svc.store.preferences import PreferenceStore
from notify_svc.unsubscribing import Leaving, Unsubscribing

ALIVE = text("SELECT 1")


async def build(settings: Settings) -> Process:
    """Everything the process consists of."""
    database = Database(settings, "notify")
    auth = connect(settings, "auth", settings.auth_target, auth_pb2.DESCRIPTOR.services_by_name["AuthService"])
    redis = open_redis(settings)
    bell = Bell(redis)
    live = Live(PlaceStore(database), bell, settings.heartbeat_seconds, settings.streams_per_user)
    # Of their own: a mail holds its connection for as long as the mail server takes.
    mail_database = Database(settings, "notify-mail")
    people, preferences = People(auth, redis), Preferences(PreferenceStore(database))
    notices = Notices(NoticeStore(database), people, bell, settings.public_url)
    accounts = Accounts(AccountStore(database), bell)
    links = Links(LinkStore(database), settings.public_url)
    unsubscribing = Unsubscribing(settings.unsubscribe_secret.get_secret_value(), settings.public_url)
    leaving = Leaving(unsubscribing, preferences, people)
    mails = Mails(links.address, unsubscribing, settings.mail_from)
    courier = Courier(DeliveryStore(mail_database), people, mails, settings)
    deliveries = Deliveries(DeliveryStore(database))
    notify = NotifyServicer(database, notices, accounts, live, links, preferences, leaving, deliveries)
    return Process(
        settings=settings,
        verifier=verifier_of(settings, redis, auth),
        served=[
            Served(notify_pb2.DESCRIPTOR.services_by_name["NotifyService"], notify),
            Served(link_pb2.DESCRIPTOR.services_by_name["LinkService"], LinkServicer(database, links)),
        ],
        probe=lambda: database.read(ALIVE),
        tasks=[courier.run],
        periodic=[
            lambda: idempotency.forget_old_keys(database),
            deliveries.forget,
            deliveries.watch,
            bell.send,
            bell.listen,
            live.look,
        ],
        stop=courier.stop,
        close=[auth.close, redis.aclose, database.close, mail_database.close],
    )


def main() -> None:
    """Runs the service until it is told to stop."""
    settings = Settings.read()
    server.run("notify", settings, lambda: build(settings))
