"""Moves a mesh's clock, and looks at what people are told by then."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from local.clock import read_offset
from local.mesh import Mesh
from tests.e2e.faults import until
from tests.people import Person, evening, ok, register

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
REMINDED = ("reminder_24h", "reminder_1h", "evening_over")
ENOUGH = 14
"""So many answers in a row come from every process."""


class Travel:
    """A mesh's clock, and somebody who asks what time it is."""

    def __init__(self, mesh: Mesh, asker: Person, film: str) -> None:
        self.mesh = mesh
        self.asker = asker
        self.film = film
        self.asked = 0

    def now(self) -> datetime:
        """The mesh's time."""
        return datetime.now(UTC) + read_offset(self.mesh.home)

    def later(self, ahead: timedelta) -> datetime:
        """A full second so long from now."""
        return (self.now() + ahead).replace(microsecond=0)

    async def to(self, moment: datetime) -> None:
        """Moves the clock to a moment and waits until every booking process lives by it."""
        # Whole seconds are what the file holds.
        await asyncio.to_thread(self.mesh.move_clock, moment - datetime.now(UTC) + timedelta(seconds=1))
        seen = 0

        async def everywhere() -> bool:
            nonlocal seen
            seen = seen + 1 if await self.ask() >= moment else 0
            return seen >= ENOUGH

        await until(everywhere, f"the clock is at {moment}")

    async def ask(self) -> datetime:
        """What time a process says it is: when it made a draft."""
        self.asked += 1
        far = datetime(2090, 1, 1, tzinfo=UTC) + timedelta(minutes=self.asked)
        draft = evening(status="Created", event_time=far.isoformat())
        made = ok(await self.asker.post(f"/app/v1/announcement/{self.film}", draft))
        return datetime.fromisoformat(made["created"])

    async def announce(self, host: Person, begins: datetime, **changes: Any) -> Any:
        """A published evening."""
        return await host.announce(self.film, event_time=begins.isoformat(), **changes)

    async def witness(self, begins: datetime) -> "Witness":
        """Somebody who is told last: evenings are gone through in their order, so what has not come then does not."""
        host = await register(self.asker.http)
        return Witness(self, host, await self.announce(host, begins + MINUTE))


class Witness:
    """A host whose evening begins a minute later than another."""

    def __init__(self, travel: Travel, host: Person, evening: Any) -> None:
        self.travel = travel
        self.host = host
        self.evening = evening
        self.begins = datetime.fromisoformat(evening["event_time"])

    async def see(self, kind: str) -> None:
        """Moves the clock to where its host is told, and waits until he is."""
        ends = self.begins + timedelta(minutes=self.evening["duration"])
        when = {"reminder_24h": self.begins - DAY, "reminder_1h": self.begins - HOUR, "evening_over": ends}[kind]
        await self.travel.to(when)

        async def told() -> bool:
            return (await kinds(self.host, self.evening))[kind] > 0

        await until(told, f"{kind} has come")


async def notices(person: Person, announcement: Any) -> list[Any]:
    """What somebody was told of an evening, newest first."""
    inbox = ok(await person.get("/notify/v1/inbox", params={"page_size": 100}))
    return [notice for notice in inbox if announcement["title"] in notice["title"]]


async def kinds(person: Person, announcement: Any) -> Counter[str]:
    """What time has told somebody of an evening, and how often."""
    return Counter(each["kind"] for each in await notices(person, announcement) if each["kind"] in REMINDED)
