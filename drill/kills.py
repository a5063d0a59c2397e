"""Processes die without warning while people use them, one after the other, and are started again by the supervisor."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress

import httpx

from drill.record import Death, Record, now
from local.mesh import Mesh

TARGETS: tuple[tuple[str, ...], ...] = (
    ("booking",),
    ("booking-2",),
    ("notify",),
    ("mail",),
    ("envoy",),
    ("valkey",),
    ("postgres",),
    ("booking", "booking-2"),
    # Whatever notify writes is flushed, and with it what others have written before: without it more can be lost.
    ("notify", "postgres"),
)
"""Those in a row die right after each other."""
THANKLESS = (("notify",),)
"""Those die when a mail has just arrived: its sender may not know yet, and send it again."""
IN_VAIN = (("mail",), ("notify", "postgres"))
"""Those die when mails are on their way, to a server that has stopped answering: nobody has them, none may be lost."""
SPEECHLESS = 0.7
"""Seconds for which it has: more than between two looks for mails that are to be sent."""
GLANCE = 0.001
"""Seconds between two looks for a mail."""
NEXT_ANSWER = 1.0
"""Seconds in which somebody is expected to be told that something was done."""
REPAIR = 1.5
"""Seconds that a repair takes at least: a short drill has no time to lose between them."""
LONGEST_PAUSE, SHORTEST_PAUSE = 6.0, 0.5
"""Seconds, at most and at least, in which nothing dies."""
WITHIN = 120.0
"""Seconds in which a process that died has to be there again."""

Tell = Callable[[str], None]


class Kills:
    """A schedule of deaths: everything in an order of its own, and again in another one while there is time."""

    def __init__(
        self, mesh: Mesh, record: Record, acknowledged: asyncio.Event, dice: random.Random, tell: Tell
    ) -> None:
        self.mesh = mesh
        self.record = record
        self.acknowledged = acknowledged
        self.dice = dice
        self.tell = tell

    async def run(self, seconds: float) -> None:
        """Kills until the time is over, everything at least once; each waits until the one before has been repaired."""
        began = time.monotonic()
        pause = min(max(seconds / (len(TARGETS) + 1) - REPAIR, SHORTEST_PAUSE), LONGEST_PAUSE)
        everything = False
        while True:
            for names in self.dice.sample(TARGETS, len(TARGETS)):
                if everything and time.monotonic() + pause > began + seconds:
                    return
                await asyncio.sleep(pause * self.dice.uniform(0.3, 0.9))
                await self.kill(*names)
            everything = True

    async def kill(self, *names: str) -> None:
        """Kills and waits until others are there in their place, healthy."""
        began = time.monotonic()
        pids = {name: await asyncio.to_thread(pid, self.mesh, name) for name in names}
        async with self.mails_in_vain() if names in IN_VAIN else nullcontext():
            for name in names:
                await (self.mail_moment() if names in THANKLESS else self.moment())
                # Not through the supervisor: by the time it had passed the word on, more would have been written.
                os.kill(pids[name], signal.SIGKILL)
                self.record.deaths.append(Death(name, now()))
        for name in names:
            await replaced(self.mesh, name, pids[name])
        await asyncio.to_thread(self.mesh.wait_healthy, *names, seconds=WITHIN)
        self.tell(f"killed {' and '.join(names)}: healthy again after {time.monotonic() - began:.1f} s")

    async def moment(self) -> None:
        """Waits until somebody has just been told that something was done: now it must not be forgotten any more."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.acknowledged.wait(), NEXT_ANSWER)

    @asynccontextmanager
    async def mails_in_vain(self) -> AsyncIterator[None]:
        """The mail server says nothing for a while."""
        server = await asyncio.to_thread(pid, self.mesh, "mail")
        os.kill(server, signal.SIGSTOP)
        try:
            await asyncio.sleep(SPEECHLESS)
            yield
        finally:
            with suppress(ProcessLookupError):
                os.kill(server, signal.SIGCONT)

    async def mail_moment(self) -> None:
        """Waits until a mail arrives, if one does."""
        folder = self.mesh.home.mail
        before = folder.stat().st_mtime_ns
        with suppress(TimeoutError):
            async with asyncio.timeout(NEXT_ANSWER):
                while True:
                    await asyncio.sleep(GLANCE)
                    if folder.stat().st_mtime_ns != before:
                        return


async def replaced(mesh: Mesh, name: str, killed: int) -> None:
    """Waits until the supervisor has started another process. Raises TimeoutError."""
    async with asyncio.timeout(WITHIN):
        while True:
            if await asyncio.to_thread(pid, mesh, name) not in (0, killed):
                return
            await asyncio.sleep(0.05)


def pid(mesh: Mesh, name: str) -> int:
    """The number of a supervised process, 0 when there is none."""
    return mesh.supervisor.processes()[name]["pid"]


async def until_all_serve(mesh: Mesh) -> None:
    """Waits until everything is healthy, and the edge has noticed. Raises TimeoutError."""
    await asyncio.to_thread(mesh.wait_healthy, seconds=WITHIN)
    url = f"{mesh.settings.edge_url}/healthz"
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(WITHIN):
        while True:
            try:
                if (await client.get(url)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
