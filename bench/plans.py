"""How PostgreSQL answers each list: the plan of every statement that the service runs while all filters are tried.

auto_explain tells them in the server's log, so nothing here knows how the service builds its SQL.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.superuser import connected
from local.mesh import Mesh

TABLES = frozenset({"announcements", "bookings", "booking_events", "engagements", "ratings", "standings"})
SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_format": "json",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
}
RECONNECT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = 'booking' AND usename = 'booking' AND pid <> pg_backend_pid()"""


@dataclass
class Plan:
    """A statement's plan, and what it did."""

    statement: str
    root: dict[str, Any]

    @property
    def scanned(self) -> set[str]:
        """Tables that were read from beginning to end."""
        names = {str(node.get("Relation Name")) for node in nodes(self.root) if node["Node Type"] == "Seq Scan"}
        return names & TABLES

    @property
    def rows_read(self) -> int:
        """Rows looked at, those that did not fit included."""
        return sum(
            int(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))
            for node in nodes(self.root)
            if "Relation Name" in node
        )

    @property
    def shape(self) -> str:
        """What is asked, without the columns that are shown."""
        words = " ".join(self.statement.split())
        return words[words.find(" FROM ") + 1 :]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes, from the top."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


class Log:
    """Reads along in PostgreSQL's log, also when it is rotated: the old file stays open until it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open(encoding="utf-8", errors="replace")
        self.file.seek(0, 2)
        self.open_json: list[str] | None = None

    def plans(self) -> Iterator[Plan]:
        """What came since the last call."""
        while True:
            for line in self.file:
                if line.rstrip().endswith(" plan:"):
                    self.open_json = []
                elif self.open_json is not None:
                    self.open_json.append(line)
                    if line.rstrip() == "\t}":
                        found = json.loads("".join(self.open_json))
                        self.open_json = None
                        yield Plan(found["Query Text"], found["Plan"])
            if self.path.stat().st_ino == self.inode():
                return
            self.file.close()
            self.file = self.path.open(encoding="utf-8", errors="replace")

    def inode(self) -> int:
        """Which file is open."""
        return os.fstat(self.file.fileno()).st_ino


@asynccontextmanager
async def explaining(mesh: Mesh) -> AsyncIterator[Log]:
    """While inside, PostgreSQL tells the plan of everything that booking asks it."""
    log = Log(mesh.home.log("postgres"))
    async with connected(mesh, "booking") as connection:
        for name, value in SETTINGS.items():
            await connection.execute(f"ALTER ROLE booking IN DATABASE booking SET {name} = '{value}'")
        await connection.execute(RECONNECT)
        try:
            yield log
        finally:
            await connection.execute("ALTER ROLE booking IN DATABASE booking RESET ALL")
            await connection.execute(RECONNECT)
