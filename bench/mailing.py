"""Mails: how many a process sends, and what one costs."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID, uuid4

from matinee.notify.v1.notify_pb2 import BatchPublishRequest
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub
from rich.console import Console

from bench.figures import judged, quiet
from bench.people import Person, add_accounts
from bench.processor import times
from bench.streams import as_booking, news
from bench.superuser import connected
from local.mail import kept
from local.mesh import Mesh

WITHIN = 60.0
LOOK_SECONDS = 0.1
LIMIT = 50.0
"""What SMTP_PER_SECOND is when nobody sets it."""
NEARLY = 0.9
WAITING = "SELECT count(*) FROM deliveries WHERE state = 'pending'"
SPAN = """SELECT EXTRACT(epoch FROM max(finish_time) - min(finish_time))::float FROM deliveries
    WHERE state = 'sent' AND recipient_id = ANY($1)"""
ADDRESS = re.compile(rb"([0-9a-f-]{36})@bench\.example\.com")


async def show_mails(mesh: Mesh, count: int, console: Console, *, limited: bool = True) -> list[str]:
    """Sends a mail to so many people, and prints how fast; returns what went wrong."""
    ids = [uuid4() for _ in range(count)]
    await add_accounts(mesh, ids, "email")
    await quiet(mesh)
    pids = {name: mesh.supervisor.processes()[name]["pid"] for name in ("notify", "postgres")}
    before = {name: times(pid) for name, pid in pids.items()}
    with console.status("mails"):
        seconds = await send(mesh, ids)
    cost = {name: (times(pid) - before[name]) / count * 1000 for name, pid in pids.items()}
    rate = (count - 1) / seconds if seconds else 0.0
    shown = judged(rate, NEARLY * LIMIT if limited else 0, digits=0)
    limit = f"aim {NEARLY * LIMIT:.0f}, limit {LIMIT:.0f}" if limited else "no limit"
    console.print(
        f"{count} mails by one process: {shown} a second ({limit});"
        f" processor time for each: {cost['notify']:.1f} ms in notify, {cost['postgres']:.1f} ms in PostgreSQL"
    )
    if limited and rate > LIMIT * 1.1:
        return [f"{rate:.0f} mails a second: more than the limit of {LIMIT:.0f}"]
    return missent(mesh, ids)


async def send(mesh: Mesh, ids: Sequence[UUID]) -> float:
    """Publishes something for all of them and waits until no mail is left; seconds from the first to the last."""
    request = BatchPublishRequest(requests=[news([Person(each, "") for each in ids], "Mails of the bench")])
    async with as_booking(mesh) as channel:
        await NotifyServiceStub(channel).BatchPublish(request)
    until = time.monotonic() + WITHIN
    async with connected(mesh, "notify") as connection:
        waiting = len(ids)
        while waiting and time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
            waiting = await connection.fetchval(WAITING)
        return float(await connection.fetchval(SPAN, ids) or 0)


def missent(mesh: Mesh, ids: Sequence[UUID]) -> list[str]:
    """Who was not sent exactly one mail, as the mail server counts."""
    addressed = (ADDRESS.search(path.read_bytes()) for path in kept(mesh.home))
    sent = Counter(found[1].decode() for found in addressed if found)
    counts = Counter(sent[str(each)] for each in ids)
    return [f"mails: {people} people were sent {number} of them" for number, people in counts.items() if number != 1]
