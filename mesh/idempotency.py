"""A write repeated is the same write: the key is claimed in the transaction that acts, the answer kept for a day.

A service that uses it has the table KeptKey in its schema, a servicer that answers through once() or done_once(),
stores that write through run() or inside claiming(), and forget_old_keys() beside its server.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from sqlalchemy import LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.base import Executable

from mesh import caller, clock
from mesh.database import Connection, Database, Rows
from mesh.errors import InvalidArgument, MeshError
from mesh.periodic import every

TABLE = "idempotency_keys"
FIELD = "idempotency_key"
"""Of a request; one that has no such field takes its key from the header alone."""
LONGEST = 128
KEPT = timedelta(hours=24)
SWEEP_SECONDS = 600.0
NOBODY = UUID(int=0)

Response = TypeVar("Response", bound=Message)


class KeptKey:
    """Keys of writes that succeeded, with their answers: `class IdempotencyKey(KeptKey, Base)` in a schema."""

    __tablename__ = TABLE

    caller_id: Mapped[UUID] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    resource_id: Mapped[UUID | None]
    response: Mapped[bytes | None] = mapped_column(LargeBinary)
    create_time: Mapped[datetime]


@dataclass(frozen=True)
class Key:
    """A caller's key for an RPC, and a fingerprint of what it asked for."""

    caller_id: UUID
    method: str
    key: str
    request_hash: bytes

    @property
    def parameters(self) -> dict[str, Any]:
        """For the statements below."""
        return {"caller_id": self.caller_id, "method": self.method, "key": self.key}


class KeyTaken(Exception):
    """Another call with this key was faster; the transaction must be rolled back and its answer given."""


# An expired key is taken over; a fresh one makes us wait for the transaction that holds it and then returns no row.
CLAIM = text(
    f"INSERT INTO {TABLE} AS held (caller_id, method, key, request_hash, create_time)"
    " VALUES (:caller_id, :method, :key, :request_hash, :now)"
    " ON CONFLICT (caller_id, method, key) DO UPDATE SET request_hash = excluded.request_hash, response = NULL,"
    " resource_id = NULL, create_time = excluded.create_time WHERE held.create_time < :expired RETURNING 1"
)
NAME_RESOURCE = text(
    f"UPDATE {TABLE} SET resource_id = :resource_id WHERE caller_id = :caller_id AND method = :method AND key = :key"
)
KEEP_ANSWER = text(
    f"UPDATE {TABLE} SET response = :response WHERE caller_id = :caller_id AND method = :method AND key = :key"
)
FIND = text(
    f"SELECT request_hash, resource_id, response FROM {TABLE}"
    " WHERE caller_id = :caller_id AND method = :method AND key = :key AND create_time >= :expired"
)
SWEEP = text(f"DELETE FROM {TABLE} WHERE create_time < :expired")


async def claim(connection: Connection) -> None:
    """Takes the current call's key, if it has one, for this transaction. Raises KeyTaken."""
    key = caller.current().claimed_key
    if key is None:
        return
    now = clock.now()
    parameters = {**key.parameters, "request_hash": key.request_hash, "now": now, "expired": now - KEPT}
    if (await connection.execute(CLAIM, parameters)).first() is None:
        raise KeyTaken


@asynccontextmanager
async def claiming(database: Database) -> AsyncIterator[Connection]:
    """A transaction that has taken the current call's key, if it has one. Raises KeyTaken."""
    async with database.transaction() as connection:
        await claim(connection)
        yield connection


async def run(database: Database, statement: Executable, parameters: Mapping[str, Any]) -> Rows:
    """As Database.run(), in a transaction that has taken the current call's key. Raises KeyTaken."""
    async with claiming(database) as connection:
        return await connection.execute(statement, parameters)


async def settle(connection: Connection, resource_id: UUID) -> None:
    """Notes in the transaction what the key stands for, so that the answer can be given even after a crash."""
    key = caller.current().claimed_key
    if key is not None:
        await connection.execute(NAME_RESOURCE, {**key.parameters, "resource_id": resource_id})


async def once(
    database: Database,
    request: Message,
    kind: type[Response],
    act: Callable[[], Awaitable[Response]],
    look: Callable[[UUID], Awaitable[Response]],
) -> Response:
    """The answer of `act`, or the one that the same request with this key was given before.

    `look` answers for the resource when the process died between acting and keeping the answer.
    Raises InvalidArgument (IDEMPOTENCY_KEY_REUSED) if the key was used for another request, and whatever `act` raises.
    """
    key = key_of(request)
    if key is None:
        return await act()
    if (earlier := await replayed(database, key, kind, look)) is not None:
        return earlier
    caller.current().claimed_key = key
    try:
        response = await act()
    except KeyTaken:
        caller.current().claimed_key = None
        taken = await replayed(database, key, kind, look)
        assert taken is not None
        return taken
    except MeshError:
        # What stands in its way may be its own twin, which was faster.
        caller.current().claimed_key = None
        if (taken := await replayed(database, key, kind, look)) is not None:
            return taken
        raise
    await database.run(KEEP_ANSWER, {**key.parameters, "response": response.SerializeToString()})
    return response


async def done_once(database: Database, request: Message, act: Callable[[], Awaitable[None]]) -> Empty:
    """As once(), for an RPC whose only answer is that it is done."""

    async def acted() -> Empty:
        await act()
        return Empty()

    async def done(_: UUID) -> Empty:
        return Empty()

    return await once(database, request, Empty, acted, done)


def key_of(request: Message) -> Key | None:
    """The key in the message, or in the header `idempotency-key`. Raises InvalidArgument if that one is too long."""
    call = caller.current()
    has_field = FIELD in request.DESCRIPTOR.fields_by_name
    given: str = (getattr(request, FIELD) if has_field else "") or call.idempotency_key
    if not given:
        return None
    if len(given) > LONGEST:
        raise InvalidArgument("INVALID_FIELDS", f"{FIELD} is too long", fields={FIELD: f"at most {LONGEST} characters"})
    if has_field:
        request.ClearField(FIELD)
    body = hashlib.blake2b(request.SerializeToString(deterministic=True), digest_size=16).digest()
    return Key(owner(call.caller), call.method, given, body)


def owner(identity: caller.Caller) -> UUID:
    """Whose key it is: the user's, else that of the service that acts for itself, else that of all who are nobody."""
    if identity.user_id is not None:
        return identity.user_id
    return uuid5(NAMESPACE_URL, f"service:{identity.service}") if identity.service else NOBODY


async def replayed(
    database: Database, key: Key, kind: type[Response], look: Callable[[UUID], Awaitable[Response]]
) -> Response | None:
    """The answer that was given to this key, None for a new key. Raises as once()."""
    row = (await database.read(FIND, {**key.parameters, "expired": clock.now() - KEPT})).one_or_none()
    if row is None:
        return None
    if row.request_hash != key.request_hash:
        raise reused()
    return kind.FromString(row.response) if row.response is not None else await look(row.resource_id)


def reused() -> InvalidArgument:
    """The refusal of a key that came with another request before."""
    return InvalidArgument(
        "IDEMPOTENCY_KEY_REUSED", "this key was used for another request", fields={FIELD: "used for another request"}
    )


async def sweep(database: Database) -> None:
    """Forgets keys that have expired."""
    await database.run(SWEEP, {"expired": clock.now() - KEPT})


async def forget_old_keys(database: Database) -> None:
    """Sweeps now and then, for as long as the process lives."""
    await every(SWEEP_SECONDS, "old keys", lambda: sweep(database))
