"""How anything between two people begins: following, asking to be friends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from mesh.database import Connection, Database, Row
from ugc_svc.peers import Peers
from ugc_svc.refusals import require_another, require_unblocked
from ugc_svc.store import pairs


@asynccontextmanager
async def approaching(
    database: Database, peers: Peers, person_id: UUID, other_id: UUID
) -> AsyncIterator[tuple[Connection, Row]]:
    """A transaction as pairs.deciding(), with what is between the two, for a person who may begin something.

    Raises FailedPrecondition (SELF_REFERENCE, PERSON_BLOCKED), NotFound (USER_NOT_FOUND),
    Unavailable (PEER_UNAVAILABLE).
    """
    require_another(person_id, other_id)
    await peers.require_user(other_id)
    async with pairs.deciding(database, person_id, other_id) as connection:
        known = await pairs.between(connection, person_id, other_id)
        require_unblocked(known)
        yield connection, known
