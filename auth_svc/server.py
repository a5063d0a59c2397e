"""Builds the auth service and runs it."""

from datetime import timedelta

from matinee.auth.v1 import auth_pb2, client_pb2
from matinee.notify.v1 import notify_pb2
from sqlalchemy import text

from auth_svc.client_servicer import ClientServicer
from auth_svc.clients import Clients
from auth_svc.credentials import Credentials
from auth_svc.groups import Groups
from auth_svc.guard import Guard, Limits
from auth_svc.keys import keys_in
from auth_svc.links import Links, Purpose
from auth_svc.notices import TELL, Notices
from auth_svc.passwords import Passwords
from auth_svc.peers import Inboxes
from auth_svc.roles import Roles
from auth_svc.servicer import AuthServicer
from auth_svc.sessions import Sessions
from auth_svc.settings import Settings
from auth_svc.store.clients import ClientStore
from auth_svc.store.groups import GroupStore
from auth_svc.store.links import LinkStore
from auth_svc.store.roles import RoleStore
from auth_svc.store.sessions import SessionStore
from auth_svc.store.users import UserStore
from auth_svc.users import Users
from mesh import idempotency, jobs
from mesh.channel import connect
from mesh.database import Database
from mesh.jobs import Worker
from mesh.periodic import every
from mesh.redis_client import open_redis
from mesh.revocations import Nudges, Revocations
from mesh.server import Process, Served, run
from mesh.throttle import Limit, Throttle
from mesh.verifier import Verifier

ALIVE = text("SELECT 1")
FORGET_SECONDS = 600.0
KEY_SECONDS = 5.0
"""Between two looks at the signing keys. With Envoy's 30 it must stay below what a key is published before it signs."""
LOOK_SECONDS = 1.0
"""Between two looks at which sessions have ended; whatever ended them, the other services are told then."""


async def build(settings: Settings) -> Process:
    """Everything, once, top to bottom."""
    database = Database(settings, "auth")
    passwords = Passwords(settings.hashing_threads, settings.hashing_patience_seconds)
    redis = open_redis(settings)
    guard = Guard(Throttle(redis, "auth"), limits(settings), settings.hashing_patience_seconds)
    notify = connect(
        settings, "notify", settings.notify_target, notify_pb2.DESCRIPTOR.services_by_name["NotifyService"]
    )
    user_store, role_store = UserStore(database), RoleStore(database)
    links = Links(LinkStore(database), settings.public_url, lifetimes(settings))
    notices = Notices(user_store, links, Inboxes(notify))
    worker = Worker(settings, {TELL: notices.send})
    users = Users(database, user_store, passwords, guard, notices)
    keys = keys_in(database, settings)
    sessions = Sessions(
        database,
        SessionStore(database),
        users,
        keys,
        notices,
        access=timedelta(seconds=settings.access_token_seconds),
        refresh=timedelta(seconds=settings.refresh_token_seconds),
        per_user=settings.sessions_per_user,
    )
    credentials = Credentials(database, user_store, users, sessions, links, notices, guard)
    groups = Groups(database, GroupStore(database), user_store, role_store)
    roles = Roles(database, role_store, sessions, notices)
    revocations = Revocations(sessions.revoked, redis, LOOK_SECONDS)
    revocations.heard.append(Nudges(redis).send)
    clients = Clients(ClientStore(database), keys, lifetime=timedelta(seconds=settings.access_token_seconds))
    servicer = AuthServicer(database, users, credentials, sessions, groups, roles, keys)

    async def probe() -> None:
        # Without keys nobody can sign in.
        await keys.all()
        await database.read(ALIVE)

    return Process(
        settings=settings,
        # The only service that needs nobody to know its own keys.
        verifier=Verifier(
            keys.key_set,
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            revocations=revocations,
        ),
        served=[
            Served(auth_pb2.DESCRIPTOR.services_by_name["AuthService"], servicer),
            Served(client_pb2.DESCRIPTOR.services_by_name["ClientService"], ClientServicer(clients)),
        ],
        probe=probe,
        tasks=[worker.run],
        periodic=[
            lambda: idempotency.forget_old_keys(database),
            lambda: jobs.forget_troubles(database),
            lambda: worker.watch(database),
            lambda: every(FORGET_SECONDS, "old links", links.forget),
            lambda: every(KEY_SECONDS, "signing keys", keys.tend),
            lambda: every(FORGET_SECONDS, "old sessions", sessions.forget),
        ],
        stop=worker.stop,
        close=[passwords.close, notify.close, redis.aclose, database.close],
    )


def lifetimes(settings: Settings) -> dict[Purpose, timedelta]:
    """How long links in mails work."""
    return {
        "verify": timedelta(seconds=settings.verify_link_seconds),
        "reset": timedelta(seconds=settings.reset_link_seconds),
    }


def limits(settings: Settings) -> Limits:
    """What is limited, and how."""
    pause = 1 / settings.register_per_second
    return Limits(
        account=Limit(settings.account_failures, settings.account_delay_seconds, settings.account_delay_seconds),
        client=Limit(settings.client_failures, settings.client_delay_seconds, settings.client_forget_seconds),
        register=Limit(settings.register_burst, pause, pause),
        forgot_client=Limit(settings.forgot_burst, settings.forgot_seconds, settings.forgot_seconds),
        mailbox=Limit(settings.mailbox_burst, settings.mailbox_seconds, settings.mailbox_seconds),
    )


def main() -> None:
    """Serves until it is told to stop."""
    settings = Settings.read()
    run("auth", settings, lambda: build(settings))
