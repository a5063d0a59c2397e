"""Who wants nothing to do with whom, and that booking knows."""

from functools import partial
from uuid import UUID

from mesh import caller, jobs
from mesh.database import Connection, Database
from mesh.errors import MeshError
from ugc_svc import pages
from ugc_svc.peers import Evenings, Peers, needed
from ugc_svc.refusals import require_another
from ugc_svc.store import pairs
from ugc_svc.store.blocks import BlockStore

TELL = "tell_of_block"
AT_ONCE_SECONDS = 1.0
"""How long the caller waits for booking; afterwards the job tells it."""
IN_TIME_SECONDS = 5.0
RETELL_SECONDS = 10.0
RETOLD = 100
"""How many blocks booking is told of again each time: of a million within 28 hours."""
NOWHERE = (UUID(int=0), UUID(int=0))


class Blocks:
    """Blocks, decided here and kept by booking as well, which hides evenings by them."""

    def __init__(self, database: Database, store: BlockStore, peers: Peers, evenings: Evenings) -> None:
        self.database = database
        self.store = store
        self.peers = peers
        self.evenings = evenings
        self.retold = NOWHERE

    async def begin(self, blocker_id: UUID, blocked_id: UUID) -> None:
        """Blocks, once, and ends what was between the two.

        Raises FailedPrecondition (SELF_REFERENCE), NotFound (USER_NOT_FOUND), Unavailable (PEER_UNAVAILABLE).
        """
        require_another(blocker_id, blocked_id)
        await self.peers.require_user(blocked_id)
        async with pairs.deciding(self.database, blocker_id, blocked_id) as connection:
            if await self.store.add(connection, blocker_id, blocked_id):
                await self.note(connection, blocker_id, blocked_id)
        await self.tell_at_once(blocker_id, blocked_id)

    async def end(self, blocker_id: UUID, blocked_id: UUID) -> None:
        """Ends a block; that there was none is no error."""
        async with pairs.deciding(self.database, blocker_id, blocked_id) as connection:
            if await self.store.remove(connection, blocker_id, blocked_id):
                await self.note(connection, blocker_id, blocked_id)
        await self.tell_at_once(blocker_id, blocked_id)

    async def list(self, blocker_id: UUID, page_size: int, page_token: str) -> tuple[list[UUID], str]:
        """A page of those whom a person blocks and the next page's token.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        return await pages.page(partial(self.store.list, blocker_id), page_size, page_token, "blocks", blocker_id)

    async def note(self, connection: Connection, blocker_id: UUID, blocked_id: UUID) -> None:
        """Has booking told, if the caller's transaction commits."""
        await jobs.enqueue(connection, TELL, blocker_id.bytes + blocked_id.bytes)

    async def send(self, payload: bytes) -> None:
        """The job. May be done again: booking is told how things stand by now. Raises MeshError."""
        await self.tell(UUID(bytes=payload[:16]), UUID(bytes=payload[16:]), IN_TIME_SECONDS)

    async def tell_at_once(self, blocker_id: UUID, blocked_id: UUID) -> None:
        """Tells booking while the caller waits, so that it is so when he is answered; the job does it if this fails."""
        try:
            await self.tell(blocker_id, blocked_id, AT_ONCE_SECONDS)
        except MeshError:
            caller.degraded("booking")

    async def tell(self, blocker_id: UUID, blocked_id: UUID, seconds: float) -> None:
        """Tells booking how things stand. Raises MeshError."""
        if block := await self.store.find(blocker_id, blocked_id):
            await self.evenings.set_block(blocker_id, blocked_id, block.blocked, block.change_time, seconds)

    async def retell(self) -> None:
        """Tells booking once more of some blocks, round and round: its copy may be older than what it was told.

        A database that was restored from a backup has forgotten what came after it, and no job tells it again. What
        booking knows changes nothing. Raises Unavailable (PEER_UNAVAILABLE).
        """
        blocks = await self.store.list_all(self.retold, RETOLD)
        async with needed("booking"):
            for block in blocks:
                pair = block.blocker_id, block.blocked_id
                await self.evenings.set_block(*pair, block.blocked, block.change_time, IN_TIME_SECONDS)
                self.retold = pair
        if len(blocks) < RETOLD:
            self.retold = NOWHERE
