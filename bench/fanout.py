"""A new evening is told to very many: how long until the last of them has it in the inbox."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from rich.console import Console

from bench.arrivals import Arrivals, told_wrongly
from bench.figures import judged, quiet
from bench.people import Person, add_accounts, sign_in
from bench.stage import announce, client
from bench.superuser import connected
from local.mesh import Mesh

FOLLOWERS, SUBSCRIBERS, BOTH = 6_000, 5_000, 1_000
PEOPLE = FOLLOWERS + SUBSCRIBERS - BOTH
DAY = 500
WITHIN = 60.0
LEAST_RATE = 2_000.0


async def show_fanout(mesh: Mesh, console: Console) -> list[str]:
    """Publishes an evening and prints how long the telling took; returns what went wrong."""
    with console.status("an evening for ten thousand"):
        ids = [uuid4() for _ in range(PEOPLE)]
        host, film = await gather_audience(mesh, ids)
        await quiet(mesh)
        seconds, told = await publish(mesh, host, film)
    expected = Counter[object](ids)
    console.print(
        f"fan-out of a new evening to {len(told):,} people: {seconds:.1f} s,"
        f" {judged(len(told) / seconds, LEAST_RATE, digits=0)} a second (aim {LEAST_RATE:,.0f})"
    )
    return told_wrongly(Counter[object](told), expected, "fan-out")


async def gather_audience(mesh: Mesh, ids: Sequence[UUID]) -> tuple[Person, str]:
    """A host whom many follow, and a film for which many wait; some do both."""
    host_id = uuid4()
    await add_accounts(mesh, [host_id, *ids])
    (host,) = await sign_in(mesh, [host_id])
    async with client(mesh) as http:
        # Not the film of the other evenings: its subscribers would be told of those, too.
        film: str = (await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=2")).json()[1]["id"]
    now = datetime.now(UTC)
    follows = [(person, host_id, now) for person in ids[:FOLLOWERS]]
    subscriptions = [(UUID(film), person, now) for person in ids[-SUBSCRIBERS:]]
    async with connected(mesh, "ugc") as connection:
        columns = {"follows": ("follower_id", "followed_id"), "subscriptions": ("movie_id", "user_id")}
        for table, records in (("follows", follows), ("subscriptions", subscriptions)):
            names = [*columns[table], "create_time"]
            await connection.copy_records_to_table(table, records=records, columns=names)
    return host, film


async def publish(mesh: Mesh, host: Person, film: str) -> tuple[float, list[UUID]]:
    """Seconds from the host's answer until the last one had it, and who had it."""
    async with Arrivals.watch(mesh) as arrivals, client(mesh) as http:
        looking = asyncio.create_task(arrivals.wait(PEOPLE, WITHIN))
        evening = UUID(await announce(http, host, film, DAY))
        began = time.perf_counter()
        await looking
    told = [row for row in arrivals.rows if row["announcement_id"] == evening]
    seconds = max((arrivals.times[row["id"]] for row in told), default=began) - began
    return seconds, [row["recipient_id"] for row in told]
