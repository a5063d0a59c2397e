"""Waiting until everybody has been told, in the inbox and by mail: as long as it goes on, and not for ever."""

import asyncio
import time
from datetime import timedelta

from drill.harvest import Harvest, Reader
from drill.judge.findings import Findings
from drill.judge.history import history
from drill.judge.notices import missing
from drill.mails import mails
from drill.record import Record, now
from local.mesh import Mesh

LONGEST = 120.0
SILENCE = 25.0
"""Seconds in which nothing comes, after which no more is waited for. A job whose process was killed is taken over by
another one after ten."""
SETTLED = 1.0
"""Seconds in which what is told twice would come."""
EDITS_ARE_MAILED = timedelta(minutes=3)
"""How far the mesh's clock is moved on in the end: mails of edits are held for two minutes."""


class Patience:
    """Lasts while there is less and less to wait for."""

    def __init__(self) -> None:
        self.began = self.progressed = time.monotonic()
        self.least = -1

    def lasts(self, left: int) -> bool:
        """Whether to wait for what is left."""
        if left != self.least:
            self.least, self.progressed = left, time.monotonic()
        return left > 0 and time.monotonic() < min(self.began + LONGEST, self.progressed + SILENCE)


async def until_told(reader: Reader, record: Record, harvest: Harvest) -> None:
    """Reads inboxes until all that is owed is there, or nothing more comes."""
    what_happened = history(record, harvest, Findings())
    patience = Patience()
    await reader.inboxes(harvest)
    while patience.lasts(missing(what_happened, harvest, reader.stage.people)):
        await asyncio.sleep(0.5)
        await reader.inboxes(harvest)
    await asyncio.sleep(SETTLED)
    await reader.inboxes(harvest)


async def until_mailed(mesh: Mesh, reader: Reader, harvest: Harvest) -> None:
    """Waits until all that lies in the inboxes has been mailed, or nothing goes any more; then takes the mails in."""
    harvest.clock_moved = now()
    mesh.move_clock(EDITS_ARE_MAILED)
    patience = Patience()
    missing_mails = await left(mesh, reader, harvest)
    while patience.lasts(missing_mails):
        await asyncio.sleep(0.2)
        missing_mails = await left(mesh, reader, harvest)
    await reader.ways_out(harvest)


async def left(mesh: Mesh, reader: Reader, harvest: Harvest) -> int:
    """Takes mails and inboxes in; returns how many mails are missing, counting what was told late as one."""
    known = dict(harvest.notices)
    waiting = len(await reader.waiting_mails())
    if waiting:
        return waiting
    harvest.mails = mails(mesh.home)
    await reader.inboxes(harvest)
    return int(harvest.notices != known)
