"""From a decision to the inboxes of those whom it concerns, at a steady rate of decisions."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import orjson
from rich.console import Console
from rich.table import Table

from bench.arrivals import Arrivals, told_wrongly
from bench.figures import judged, quiet
from bench.load import Samples, request
from bench.people import Person, add_accounts, sign_in
from bench.stage import announce, client, few_at_a_time
from bench.steady import Answer, refusals, steady
from local.mesh import Mesh

RATE, SECONDS = 200, 5
HOSTS = 10
FIRST_DAY = 400
"""Behind all other evenings of the bench: nobody is in two places at once."""
WITHIN = 20.0
MOST_MS = 300.0
AT_ONCE, BY_HAND = "booked at once", "decided by the host"


@dataclass
class Decision:
    """Something to be decided, and who is to be told of it."""

    way: str
    people: tuple[UUID, UUID]
    message: bytes


@dataclass
class Delays:
    """How long notices took from the answer to the inbox, by the way of deciding."""

    by_way: dict[str, Samples] = field(default_factory=lambda: {AT_ONCE: Samples(), BY_HAND: Samples()})
    rate: float = 0.0
    """Decisions per second, as they were answered."""
    wrong: list[str] = field(default_factory=list)


async def show_inbox(mesh: Mesh, guests: Sequence[Person], console: Console) -> list[str]:
    """Decides at a steady rate and prints when people were told; returns what went wrong."""
    with console.status("decision to inbox"):
        decisions = await prepare(mesh, guests[: RATE * SECONDS // 2 // HOSTS])
        await quiet(mesh)
        delays = await measure(mesh, decisions)
    if delays.wrong:
        return delays.wrong
    show(delays, console)
    return []


async def prepare(mesh: Mesh, guests: Sequence[Person]) -> list[Decision]:
    """Half of the decisions are bookings that are accepted at once, half are for the host to make."""
    ids = [uuid4() for _ in range(HOSTS)]
    await add_accounts(mesh, ids)
    hosts = await sign_in(mesh, ids)
    decisions = []
    for host, evening, guest in product_of(hosts, await evenings(mesh, hosts, FIRST_DAY, at_once=True), guests):
        message = request("POST", f"/app/v1/booking/{evening}", guest.token)
        decisions.append(Decision(AT_ONCE, (host.id, guest.id), message))
    rest = product_of(hosts, await evenings(mesh, hosts, FIRST_DAY + HOSTS, at_once=False), guests)
    applications = [request("POST", f"/app/v1/booking/{evening}", guest.token) for _, evening, guest in rest]
    pending = await steady(mesh, iter(applications), RATE)
    if problems := refusals(pending, "applications"):
        raise SystemExit(problems[0])
    for (host, _, guest), application in zip(rest, pending, strict=True):
        decisions.append(Decision(BY_HAND, (host.id, guest.id), accept(host, application)))
    random.shuffle(decisions)
    return decisions


async def evenings(mesh: Mesh, hosts: Sequence[Person], first_day: int, *, at_once: bool) -> list[str]:
    """One of each host, a day apart."""
    async with client(mesh) as http:
        film = (await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=1")).json()[0]["id"]
        days = enumerate(hosts, start=first_day)
        return await few_at_a_time([announce(http, host, film, day, at_once=at_once) for day, host in days])


def product_of(
    hosts: Sequence[Person], evenings: Sequence[str], guests: Sequence[Person]
) -> list[tuple[Person, str, Person]]:
    """Every guest at every evening."""
    return [(host, evening, guest) for host, evening in zip(hosts, evenings, strict=True) for guest in guests]


def accept(host: Person, application: Answer) -> bytes:
    """The host says yes."""
    booking = orjson.loads(application.body)["id"]
    return request("PUT", f"/app/v1/booking/{booking}", host.token, {"my_status": True})


async def measure(mesh: Mesh, decisions: Sequence[Decision]) -> Delays:
    """Decides, and looks into the inboxes meanwhile."""
    async with Arrivals.watch(mesh) as arrivals:
        looking = asyncio.create_task(arrivals.wait(2 * len(decisions), SECONDS + WITHIN))
        answers = await steady(mesh, iter([each.message for each in decisions]), RATE)
        await looking
    return compare(decisions, answers, arrivals)


def compare(decisions: Sequence[Decision], answers: list[Answer], arrivals: Arrivals) -> Delays:
    """Each notice beside the answer that it belongs to."""
    if problems := refusals(answers, "decisions"):
        return Delays(wrong=problems)
    delays, expected = Delays(), Counter[object]()
    answered: dict[object, tuple[Samples, float]] = {}
    for decision, answer in zip(decisions, answers, strict=True):
        booking = UUID(orjson.loads(answer.body)["id"])
        for person in decision.people:
            expected[booking, person] += 1
            answered[booking, person] = delays.by_way[decision.way], answer.came
    told = Counter[object]((row["booking_id"], row["recipient_id"]) for row in arrivals.rows)
    delays.wrong = told_wrongly(told, expected, "decision to inbox")
    for row in arrivals.rows:
        if found := answered.get((row["booking_id"], row["recipient_id"])):
            samples, came = found
            samples.seconds.append(arrivals.times[row["id"]] - came)
    delays.rate = len(answers) / (answers[-1].came - answers[0].due)
    return delays


def show(delays: Delays, console: Console) -> None:
    """A row for each way of deciding, and one for both."""
    table = Table("decision", title=f"decision to inbox: {delays.rate:.0f} decisions per second")
    for heading in ("notices", "p50 ms", "p99 ms", "aim"):
        table.add_column(heading, justify="right")
    both = Samples([second for samples in delays.by_way.values() for second in samples.seconds])
    for name, samples in (*delays.by_way.items(), ("both", both)):
        p99 = judged(samples.quantile(99), MOST_MS, at_most=True, digits=0)
        table.add_row(name, f"{len(samples.seconds):,}", f"{samples.quantile(50):.0f}", p99, f"{MOST_MS:.0f}")
    table.caption = "from the answer of the deciding call until host and guest have it"
    console.print(table)
