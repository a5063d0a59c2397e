"""Very many reminders within a minute: are all sent, each once, and do others still get their answers?"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

from rich.console import Console
from rich.table import Table

from bench.arrivals import told_wrongly
from bench.figures import judged, quiet
from bench.load import Samples
from bench.loading import copy
from bench.people import add_accounts, sign_in
from bench.population import COLUMNS, Evening, Population, Rows, beginning, films_of
from bench.stage import announce, book, client, few_at_a_time
from bench.steady import Answer, refusals, steady
from bench.superuser import connected
from booking_svc.schema import State, Will
from local.mesh import Mesh

EVENINGS, APPLICANTS = 1_000, 110
"""One applicant in ten has withdrawn, and must not hear of it."""
SPREAD = timedelta(minutes=1)
AHEAD = timedelta(hours=24)
FAR = timedelta(hours=30)
"""When the first of them is, by the clock before it is moved."""
BOOKERS, BOOKABLE, FIRST_DAY = 250, 60, 30
LIGHT = 40.0
"""Bookings per second."""
ALONE_SECONDS = 25.0
WITHIN = 300.0
SLOWDOWN = 1.5
LOOK_SECONDS = 0.5
LEFT = "SELECT count(*) FROM announcements WHERE id = ANY($1) AND reminded_24h IS NULL"
TOLD = "SELECT recipient_id, announcement_id FROM notices WHERE kind = 'reminder_24h'"
# The notice's id says when it was made; its schedule_version is the time of the evening.
LATE = """SELECT extract(epoch FROM max(made) - $1)::float AS seconds,
        percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM made - due)) AS late
    FROM (
        SELECT uuid_extract_timestamp(id) AS made, schedule_version::timestamptz - $2::interval AS due
        FROM notices WHERE kind = 'reminder_24h'
    ) AS reminders"""


@dataclass
class Crowd:
    """Evenings that begin within a minute of each other, and who is to be reminded of them."""

    first: datetime
    rows: Rows = field(default_factory=lambda: {table: [] for table in COLUMNS})
    people: list[UUID] = field(default_factory=list)

    @property
    def evenings(self) -> list[UUID]:
        return [row[0] for row in self.rows["announcements"]]

    def reminded(self) -> Counter[object]:
        """Everybody who has a place, and the hosts."""
        bookings = [dict(zip(COLUMNS["bookings"], row, strict=True)) for row in self.rows["bookings"]]
        evenings = [dict(zip(COLUMNS["announcements"], row, strict=True)) for row in self.rows["announcements"]]
        told = Counter[object]((row["author_id"], row["id"]) for row in evenings)
        accepted = [row for row in bookings if row["state"] == State.ACCEPTED]
        told.update((row["guest_id"], row["announcement_id"]) for row in accepted)
        return told


async def show_reminders(mesh: Mesh, console: Console) -> list[str]:
    """Lets them become due beside a light load, and prints how it went; returns what went wrong."""
    with console.status("evenings with a hundred thousand guests"):
        crowd = await load(mesh)
        bookings = await bookable(mesh)
    await quiet(mesh)
    with console.status("bookings alone"):
        alone_until = time.perf_counter() + ALONE_SECONDS
        alone = await steady(mesh, bookings, LIGHT, lambda: time.perf_counter() > alone_until)
    with console.status("reminders, and bookings beside them"):
        began, offset = datetime.now(UTC), crowd.first - AHEAD - datetime.now(UTC)
        mesh.move_clock(offset)
        sending = asyncio.create_task(sent(mesh, crowd.evenings))
        beside = await steady(mesh, bookings, LIGHT, sending.done)
        await sending
    wrong = refusals(alone + beside, "bookings beside the reminders")
    return wrong + await show(mesh, crowd.reminded(), (began, AHEAD + offset), (alone, beside), console)


async def load(mesh: Mesh) -> Crowd:
    """Makes them up, and loads them by COPY."""
    async with connected(mesh, "movie") as connection:
        population = Population(await films_of(connection), beginning())
    crowd = Crowd(population.now + FAR)
    for number in range(EVENINGS):
        host, begins = uuid4(), crowd.first + SPREAD * number / EVENINGS
        film = population.films[number % len(population.films)]
        evening = Evening(
            population.identity(), host, film, begins, Will.PUBLISHED, published=True, at_once=True, places=1000
        )
        applicants = [uuid4() for _ in range(APPLICANTS)]
        population.announce(crowd.rows, evening, applicants)
        crowd.people += [host, *applicants]
    await add_accounts(mesh, crowd.people)
    await copy(mesh, crowd.rows)
    async with connected(mesh, "booking") as connection:
        await connection.execute("VACUUM ANALYZE", timeout=600)
    return crowd


async def bookable(mesh: Mesh) -> Iterator[bytes]:
    """Bookings of other evenings, later than all that is reminded of."""
    ids = [uuid4() for _ in range(1 + BOOKERS)]
    await add_accounts(mesh, ids)
    host, *guests = await sign_in(mesh, ids)
    async with client(mesh) as http:
        film = (await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=1")).json()[0]["id"]
        days = range(FIRST_DAY, FIRST_DAY + BOOKABLE)
        evenings = await few_at_a_time([announce(http, host, film, day) for day in days])
    return book(product(evenings, guests))


async def sent(mesh: Mesh, evenings: Sequence[UUID]) -> None:
    """Waits until it is noted of all these evenings that people were reminded, but not for ever."""
    until = time.monotonic() + WITHIN
    async with connected(mesh, "booking") as connection:
        left = len(evenings)
        while left and time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
            left = await connection.fetchval(LEFT, evenings)


async def show(
    mesh: Mesh,
    expected: Counter[object],
    clock: tuple[datetime, timedelta],
    loads: tuple[list[Answer], list[Answer]],
    console: Console,
) -> list[str]:
    """Prints the figures; returns what is missing or double."""
    async with connected(mesh, "notify") as connection:
        told = Counter[object](tuple(row) for row in await connection.fetch(TOLD))
        seconds, late = await connection.fetchrow(LATE, *clock)
    alone, beside = (Samples([each.came - each.due for each in answers]) for answers in loads)
    ratio = beside.quantile(99) / alone.quantile(99)
    table = Table("figure", title=f"{told.total():,} reminders that become due within {SPREAD.total_seconds():.0f} s")
    for heading in ("value", "aim"):
        table.add_column(heading, justify="right")
    table.add_row("seconds until the last", judged(seconds, WITHIN, at_most=True, digits=0), f"{WITHIN:.0f}")
    table.add_row("a second", f"{told.total() / seconds:,.0f}", "")
    table.add_row("seconds after they were due, p50 and p99", f"{late[0]:.0f}, {late[1]:.0f}", "")
    for name, samples in (("alone", alone), ("beside the reminders", beside)):
        row = f"{len(samples.seconds):,} bookings {name}, {LIGHT:.0f}/s, p50 and p99 ms"
        table.add_row(row, f"{samples.quantile(50):.1f}, {samples.quantile(99):.1f}", "")
    table.add_row("p99 beside them / alone", judged(ratio, SLOWDOWN, at_most=True), f"{SLOWDOWN:.1f}")
    console.print(table)
    return told_wrongly(told, expected, "reminders")
