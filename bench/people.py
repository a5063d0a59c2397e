"""People by the thousand: hashing their passwords at the door would take longer than all measuring."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pydantic import SecretStr

from auth_svc.claims import claims_of
from auth_svc.keys import keys_in
from auth_svc.settings import TokenSettings
from auth_svc.store.users import UserStore
from bench.superuser import connected
from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from mesh.database import Database

LIFETIME = timedelta(hours=12)
ADD = """INSERT INTO users (id, email, name, last_name, time_zone, delivery_type, create_time)
    SELECT id, id || '@bench.example.com', 'Robin ' || number, 'Bench', 'Europe/Berlin', $2, now()
    FROM unnest($1::uuid[]) WITH ORDINALITY AS person (id, number)"""


@dataclass(frozen=True)
class Person:
    """Somebody with an account and an access token."""

    id: UUID
    token: str


async def add_accounts(mesh: Mesh, ids: Sequence[UUID], delivery_type: str = "inbox") -> None:
    """Accounts that nobody signs in to, with names of usual length.

    Most want no mails: those go out behind the answers, at a pace of their own, and would be measured with everything.
    """
    async with connected(mesh, "auth") as connection:
        await connection.execute(ADD, ids, delivery_type)


async def sign_in(mesh: Mesh, ids: Sequence[UUID]) -> list[Person]:
    """Their access tokens, signed as auth signs them, in the same order."""
    settings = TokenSettings(
        database_url=SecretStr(database_url(mesh.settings, get_service("auth"))),
        signing_key_secret=SecretStr(mesh.settings.signing_key_secret),
    )
    database = Database(settings, "bench")
    try:
        keys = keys_in(database, settings)
        users = {user.id: user for user in await UserStore(database).list(ids)}
        return [Person(each, await keys.sign(claims_of(users[each], LIFETIME))) for each in ids]
    finally:
        await database.close()
