"""A write repeated is the same write: the key is claimed in the transaction that acts, the answer kept for a day.

A service that uses it has a table TABLE with the columns that the statements below name.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import text

from mesh import caller, clock
from mesh.database import Connection, Database
from mesh.errors import InvalidArgument

TABLE = "idempotency_keys"
KEPT = timedelta(hours=24)


class Keyed(Protocol):
    """A request that may carry a key."""

    idempotency_key: str

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...


Request = TypeVar("Request", bound=Keyed)
Response = TypeVar("Response", bound=Message)


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


async def settle(connection: Connection, resource_id: UUID) -> None:
    """Notes in the transaction what the key stands for, so that the answer can be given even after a crash."""
    key = caller.current().claimed_key
    if key is not None:
        await connection.execute(NAME_RESOURCE, {**key.parameters, "resource_id": resource_id})


async def once(
    database: Database,
    request: Request,
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
        taken = await replayed(database, key, kind, look)
        assert taken is not None
        return taken
    await database.run(KEEP_ANSWER, {**key.parameters, "response": response.SerializeToString()})
    return response


def key_of(request: Keyed) -> Key | None:
    """The key in the message, or in the header `idempotency-key`. Raises InvalidArgument if that one is too long."""
    call = caller.current()
    given = request.idempotency_key or call.idempotency_key
    if not given:
        return None
    if len(given) > 128:
        raise InvalidArgument(
            "INVALID_FIELDS", "idempotency_key is too long", fields={"idempotency_key": "at most 128 characters"}
        )
    request.idempotency_key = ""
    body = hashlib.blake2b(request.SerializeToString(deterministic=True), digest_size=16).digest()
    return Key(caller.user_id(), type(request).__name__, given, body)


async def replayed(
    database: Database, key: Key, kind: type[Response], look: Callable[[UUID], Awaitable[Response]]
) -> Response | None:
    """The answer that was given to this key, None for a new key. Raises as once()."""
    row = (await database.read(FIND, {**key.parameters, "expired": clock.now() - KEPT})).one_or_none()
    if row is None:
        return None
    if row.request_hash != key.request_hash:
        raise InvalidArgument(
            "IDEMPOTENCY_KEY_REUSED",
            "this key was used for another request",
            fields={"idempotency_key": "used for another request"},
        )
    return kind.FromString(row.response) if row.response is not None else await look(row.resource_id)


async def sweep(database: Database) -> None:
    """Forgets keys that have expired."""
    await database.run(SWEEP, {"expired": clock.now() - KEPT})
