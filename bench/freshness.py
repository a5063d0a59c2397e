"""Nobody reads an answer older than his own last write: two booking processes, writes and reads in turn, counted."""

import asyncio
import re
import secrets
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console

from bench.people import Person, add_accounts, sign_in
from bench.stage import announce, client
from local.mesh import Mesh

PAIRS_OF_PEOPLE = 8
SECONDS = 10.0
PROCESSES = ("booking", "booking-2")


class Checker:
    """A host and a guest who look after every word of theirs whether it is there."""

    def __init__(self, http: httpx.AsyncClient, host: Person, guest: Person, mark: str) -> None:
        self.http = http
        self.host = host
        self.guest = guest
        self.mark = mark
        self.reads = 0
        self.stale: list[str] = []

    async def call(self, person: Person, method: str, path: str, json: Any = None) -> Any:
        """The JSON of an answer. Raises httpx.HTTPStatusError unless it is 200."""
        headers = {"authorization": f"Bearer {person.token}", "x-request-id": f"{self.mark}-{secrets.token_hex(6)}"}
        return (await self.http.request(method, path, json=json, headers=headers)).raise_for_status().json()

    def expect(self, what: str, seen: object, written: object) -> None:
        """Counts a read, and notes it when it is not what was written."""
        self.reads += 1
        if seen != written:
            self.stale.append(f"{what}: {seen!r} after {written!r}")

    async def run(self, film: str, until: float) -> None:
        """Writes and reads in turn."""
        evening = await announce(self.http, self.host, film, 0)
        while time.monotonic() < until:
            await self.rename(evening)
            await self.come_and_go(evening)

    async def rename(self, evening: str) -> None:
        """A new title is in the announcement and in the list of one's own."""
        path, title = f"/app/v1/announcement/{evening}", f"Take {secrets.token_hex(4)}"
        await self.call(self.host, "PUT", path, {"title": title})
        self.expect("title", (await self.call(self.host, "GET", path))["title"], title)
        rows = await self.call(self.host, "GET", f"/app/v1/announcements?filter[author]={self.host.id}")
        self.expect("title in a list", [row["title"] for row in rows], [title])

    async def come_and_go(self, evening: str) -> None:
        """A booking is there when made and withdrawn when withdrawn, in every answer that shows it."""
        path = f"/app/v1/announcement/{evening}"
        booking = (await self.call(self.guest, "POST", f"/app/v1/booking/{evening}"))["id"]
        for verb, state, places in (("made", "ACCEPTED", 1), ("withdrawn", "WITHDRAWN", 0)):
            if verb == "withdrawn":
                await self.call(self.guest, "DELETE", f"/app/v1/booking/{booking}")
            seen = (await self.call(self.guest, "GET", f"/app/v1/booking/{booking}"))["state"]
            self.expect(f"booking {verb}", seen, state)
            listed = await self.call(self.guest, "GET", "/app/v1/bookings?filter[self]=guest&page_size=100")
            self.expect(f"booking {verb}, in a list", {row["id"]: row["state"] for row in listed}.get(booking), state)
            shown = await self.call(self.guest, "GET", path)
            self.expect(f"places, booking {verb}", (shown["places_taken"], len(shown["guest_list"])), (places, places))


async def check(mesh: Mesh, console: Console) -> list[str]:
    """Prints how many reads were stale, and returns what is wrong."""
    mark = secrets.token_hex(4)
    ids = [uuid4() for _ in range(2 * PAIRS_OF_PEOPLE)]
    await add_accounts(mesh, ids)
    people = await sign_in(mesh, ids)
    until = time.monotonic() + SECONDS
    async with client(mesh) as http:
        film = (await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=1")).json()[0]["id"]
        pairs = zip(people[::2], people[1::2], strict=True)
        checkers = [Checker(http, host, guest, mark) for host, guest in pairs]
        with console.status("reading one's own writes over two processes"):
            await asyncio.gather(*(checker.run(film, until) for checker in checkers))
    served = {name: len(re.findall(mark, mesh.home.log(name).read_text())) for name in PROCESSES}
    stale = [line for checker in checkers for line in checker.stale]
    reads = sum(checker.reads for checker in checkers)
    shares = " and ".join(f"{count} by {name}" for name, count in served.items())
    colour = "red" if stale else "green"
    console.print(
        f"reads after one's own write, two processes: {reads}, of them stale: [{colour}]{len(stale)}[/] ({shares})"
    )
    return wrong(stale, served)


def wrong(stale: list[str], served: dict[str, int]) -> list[str]:
    """The broken promises, a line each."""
    kinds = Counter(line.split(":")[0] for line in stale)
    lines = [f"stale reads, {count} of {kind}, such as {stale[0]}" for kind, count in kinds.items()]
    if not all(served.values()):
        lines.append("one of the two processes served nothing: the reads prove nothing")
    return lines
