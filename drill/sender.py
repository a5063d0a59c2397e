"""A careful client: every write has a key, and what was not answered is sent again with it until it is."""

import asyncio
import random
from typing import Any

from google.protobuf.message import Message

from drill.doors import Doors
from drill.record import Op, Person, Record, now

DOORS = ("json", "grpc")
PATIENCE = 90.0
"""Seconds after which a write counts as never answered."""
MANNERS = {"once": 82, "twins": 7, "hang up": 6, "again": 5}
"""How a write is sent, out of a hundred: as it should be; at one moment through both doors; given up in the middle and
then sent again; sent again although it was answered."""
PAUSE = (0.3, 0.9)
"""Seconds before a write is sent again: whatever the first attempt still does is done by then."""
MOMENTS = (0.0, 0.002, 0.005, 0.01, 0.02)
"""Seconds after which somebody hangs up."""


class Sender:
    """Sends what people ask for, and notes it."""

    def __init__(self, doors: Doors, record: Record) -> None:
        self.doors = doors
        self.record = record
        self.acknowledged = asyncio.Event()
        """Set for a moment whenever a write has been answered with a success."""

    async def read(self, dice: random.Random, person: Person, rpc: str, request: Message) -> Op:
        """Asks once."""
        op = self.record.op(person, rpc, request)
        await self.doors.send(op, dice.choice(DOORS))
        return op

    async def send(self, op: Op, dice: random.Random, door: str = "") -> None:
        """One attempt at a write."""
        attempt = await self.doors.send(op, door or dice.choice(DOORS))
        if attempt.answer is not None:
            self.acknowledged.set()
            self.acknowledged.clear()

    async def write(self, dice: random.Random, person: Person, rpc: str, request: Any, manner: str = "") -> Op:
        """Asks until it is answered."""
        op = self.record.op(person, rpc, request, f"{dice.getrandbits(64):016x}")
        manner = manner or dice.choices(tuple(MANNERS), tuple(MANNERS.values()))[0]
        if manner == "twins":
            await asyncio.gather(*(self.send(op, dice, door) for door in DOORS))
        elif manner == "hang up":
            await self.hang_up(op, dice)
        else:
            await self.send(op, dice)
        await self.insist(op, dice)
        if manner == "again" and op.success:
            await self.send(op, dice)
        return op

    async def hang_up(self, op: Op, dice: random.Random) -> None:
        """Sends it and does not wait for the answer."""
        sending = asyncio.create_task(self.send(op, dice))
        await asyncio.wait((sending,), timeout=dice.choice(MOMENTS))
        sending.cancel()
        await asyncio.wait((sending,))

    async def insist(self, op: Op, dice: random.Random) -> None:
        """Sends it again until it is answered."""
        while op.unanswered and now() < op.start + PATIENCE:
            await asyncio.sleep(dice.uniform(*PAUSE))
            await self.send(op, dice)
