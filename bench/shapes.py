"""Every list that a client can ask for: all combinations of filters, first pages and those behind them."""

import asyncio
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from bench.figures import judged
from bench.people import Person
from bench.plans import Log, Plan, explaining
from bench.stage import client
from local.mesh import Mesh

AT_ONCE = 2
SLOWEST = 8
MANY_ROWS = 1000
"""Rows that a page of 20 may have to look at without being mentioned."""
Choices = Mapping[str, Sequence[str | None]]
"""What each parameter may be; None leaves it out."""


@dataclass(frozen=True)
class Values:
    """What is asked for: things that are there."""

    host: Person
    film: str
    announcement: str
    day: str
    place: str

    def lists(self) -> Iterator[tuple[str, Choices]]:
        """Paths, and what may be asked there."""
        moment = f"{self.day}T12:00:00Z"
        yield (
            "/app/v1/announcements",
            {
                "filter[author]": (None, "50760ee6-2073-445d-ad25-f665937f3b33", str(self.host.id)),
                "filter[movie]": (None, self.film),
                "filter[is_free]": (None, "true"),
                "filter[private]": (None, "false"),
                "filter[tickets]": (None, "3"),
                "filter[date]": (None, self.day),
                "filter[location]": (None, self.place),
                "filter[from]": (None, self.day, moment),
                "filter[to]": (None, self.day, moment),
                "filter[status]": (None, "Alive", "Done"),
            },
        )
        dated: Choices = {"filter[movie]": (None, self.film), "filter[date]": (None, self.day)}
        yield "/app/v1/bookings", {"filter[self]": ("author", "guest"), **dated}
        yield "/app/v1/_bookings", {"filter[author]": (None, str(self.host.id)), **dated}
        yield "/app/v1/hosts", {"filter[movie]": (None, self.film), "order_by": (None, "rating")}
        yield f"/app/v1/ratings/{self.host.id}", {"filter[as]": ("both", "host", "guest")}
        yield "/app/v1/ratings_due", {}
        yield f"/app/v1/announcement/{self.announcement}/applications", {}
        yield f"/app/v1/announcement/{self.announcement}", {}
        yield f"/app/v1/standing/{self.host.id}", {}
        yield "/app/v1/_reports", {}
        yield "/app/v1/_moderations", {}

    def requests(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Paths with one choice for every parameter."""
        for path, choices in self.lists():
            for chosen in itertools.product(*choices.values()):
                yield path, {name: value for name, value in zip(choices, chosen, strict=True) if value is not None}


@dataclass
class Findings:
    """What became of all of them."""

    seconds: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    scans: dict[str, set[str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, plan: Plan) -> None:
        """Takes a plan in."""
        if plan.scanned:
            self.scans[plan.shape] = plan.scanned
        self.rows[plan.shape] = max(plan.rows_read, self.rows.get(plan.shape, 0))


async def check(mesh: Mesh, sudo: Person, values: Sequence[Values], console: Console) -> list[str]:
    """Asks for every list, prints the slowest and the most laborious, and returns what scans a table."""
    findings = Findings()
    work = [(each, path, parameters) for each in values for path, parameters in each.requests()]
    async with client(mesh) as http, explaining(mesh) as log:
        await until_answered(http, sudo)
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("every list", total=len(work))
            queue = iter(work)

            async def ask() -> None:
                for each, path, parameters in queue:
                    who = sudo if "/_" in path else each.host
                    await pages(http, who, path, parameters, findings)
                    progress.advance(task)
                    read(log, findings)

            await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
        await asyncio.sleep(0.5)
        read(log, findings)
    show(findings, console)
    scans = [f"scans {', '.join(sorted(tables))}: {shape}" for shape, tables in findings.scans.items()]
    return scans + findings.refused


async def until_answered(http: httpx.AsyncClient, sudo: Person) -> None:
    """Until the service has noticed that its connections were cut."""
    for _ in range(20):
        headers = {"authorization": f"Bearer {sudo.token}"}
        answers = [await http.get("/app/v1/announcements", headers=headers) for _ in range(5)]
        if all(answer.status_code == 200 for answer in answers):
            return
    raise SystemExit("the service does not come back")


async def pages(
    http: httpx.AsyncClient, who: Person, path: str, parameters: dict[str, str], findings: Findings
) -> None:
    """The first page, and the one behind it if there is one."""
    headers = {"authorization": f"Bearer {who.token}"}
    for page in (1, 2):
        asked = f"{path}?{urlencode(parameters, safe='[]:')}"
        began = time.perf_counter()
        answer = await http.get(asked, headers=headers)
        findings.seconds[f"{asked[:160]} (page {page})"] = time.perf_counter() - began
        if answer.status_code != 200:
            findings.refused.append(f"{asked}: {answer.status_code} {answer.text[:200]}")
        token = answer.headers.get("x-next-page-token")
        if not token:
            return
        parameters = {**parameters, "page_token": token}


def read(log: Log, findings: Findings) -> None:
    """Takes in what the log has told so far."""
    for plan in log.plans():
        findings.add(plan)


def show(findings: Findings, console: Console) -> None:
    """The slowest answers, and the statements that looked at the most rows."""
    console.print(f"{len(findings.seconds):,} lists asked for, {len(findings.rows):,} statements")
    slowest = sorted(findings.seconds.items(), key=lambda item: -item[1])[:SLOWEST]
    table = Table("the slowest lists (with auto_explain at work)", "ms")
    for asked, seconds in slowest:
        table.add_row(escape(asked), f"{seconds * 1000:.0f}")
    console.print(table)
    laborious = sorted(findings.rows.items(), key=lambda item: -item[1])[:SLOWEST]
    table = Table("the statements that look at the most rows", "rows")
    for shape, rows in laborious:
        table.add_row(escape(shape[:400]), judged(rows, MANY_ROWS, at_most=True).replace(".00", ""))
    console.print(table)
