"""The made-up years inside the mesh's PostgreSQL, by COPY."""

from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress

from bench.people import add_accounts
from bench.population import COLUMNS, Population, Rows, beginning, films_of
from bench.superuser import connected
from local.mesh import Mesh

TOWN = 1_000
"""Announcements that share hosts and guests: what a host does must not depend on how many there are of them all."""

ADD_UP = """INSERT INTO standings (person_id, of_host, ratings_count, ratings_sum)
    SELECT rated_id, of_host, count(*), sum(score) FROM ratings WHERE count_time IS NOT NULL GROUP BY 1, 2
    ON CONFLICT (person_id, of_host) DO UPDATE SET ratings_count = excluded.ratings_count,
        ratings_sum = excluded.ratings_sum"""
"""The service adds up what it counts itself; what is loaded was counted before."""


@dataclass
class Loader:
    """Fills the mesh step by step."""

    mesh: Mesh
    population: Population
    announcements: int = 0
    bookings: int = 0
    tables: list[str] = field(default_factory=lambda: list(COLUMNS))

    @classmethod
    async def of(cls, mesh: Mesh) -> "Loader":
        """A loader that knows the mesh's films."""
        async with connected(mesh, "movie") as connection:
            return cls(mesh, Population(await films_of(connection), beginning()))

    async def grow_to(self, size: int, console: Console) -> None:
        """Adds announcements until there are so many, and lets PostgreSQL look at what it has."""
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(f"{size:,} announcements", total=size - self.announcements)
            while self.announcements < size:
                count = min(TOWN, size - self.announcements)
                await self.load(count)
                progress.advance(task, count)
        for database in ("booking", "auth"):
            async with connected(self.mesh, database) as connection:
                if database == "booking":
                    await connection.execute(ADD_UP, timeout=600)
                await connection.execute("VACUUM ANALYZE", timeout=600)

    async def load(self, count: int) -> None:
        """One chunk."""
        rows, people = self.population.rows(count)
        await add_accounts(self.mesh, people)
        await copy(self.mesh, {table: rows[table] for table in self.tables})
        self.announcements += count
        self.bookings += len(rows["bookings"])


async def copy(mesh: Mesh, rows: Rows) -> None:
    """Rows by table, all or none of them."""
    async with connected(mesh, "booking") as connection, connection.transaction():
        for table, records in rows.items():
            await connection.copy_records_to_table(table, records=records, columns=COLUMNS[table], timeout=600)
