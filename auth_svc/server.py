"""Builds the auth service and runs it."""

from datetime import timedelta

from matinee.auth.v1 import auth_pb2

from auth_svc.groups import Groups
from auth_svc.keys import Keys
from auth_svc.passwords import Passwords
from auth_svc.servicer import AuthServicer
from auth_svc.sessions import Sessions
from auth_svc.settings import Settings
from auth_svc.store import AuthStore
from auth_svc.users import Users
from mesh import idempotency
from mesh.caller import Verifier
from mesh.database import Database
from mesh.server import Process, Served, run


async def build(settings: Settings) -> Process:
    """Everything, once, top to bottom."""
    database = Database(settings, "auth")
    store = AuthStore(database)
    passwords = Passwords(settings.hashing_threads)
    keys = Keys(store, issuer=settings.token_issuer, audience=settings.token_audience)
    sessions = Sessions(
        store,
        keys,
        passwords,
        access=timedelta(seconds=settings.access_token_seconds),
        refresh=timedelta(seconds=settings.refresh_token_seconds),
    )
    servicer = AuthServicer(database, Users(store, passwords), sessions, Groups(store), keys)
    return Process(
        settings=settings,
        # The only service that needs nobody to know its own keys.
        verifier=Verifier(keys.key_set, issuer=settings.token_issuer, audience=settings.token_audience),
        served=[Served(auth_pb2.DESCRIPTOR.services_by_name["AuthService"], servicer)],
        probe=store.probe,
        periodic=[lambda: idempotency.forget_old_keys(database)],
        close=[passwords.close, database.close],
    )


def main() -> None:
    """Serves until it is told to stop."""
    settings = Settings.read()
    run("auth", settings, lambda: build(settings))
