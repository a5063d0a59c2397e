"""The queue of what is to be told."""

from typing import Any

import asyncpg

from tests.e2e.faults import until
from tests.people import Person, ok


async def test_a_job_that_went_well_leaves_nothing_behind(
    database: "asyncpg.Connection", host: Person, guest: Person, film: Any
) -> None:
    await guest.apply(await host.announce(film["id"]))

    async def told() -> bool:
        return bool(ok(await host.get("/notify/v1/inbox")))

    await until(told, "the host is told")
    went_well = "SELECT count(*) FROM pgqueuer_log WHERE status IN ('queued', 'picked', 'successful')"
    assert await database.fetchval(went_well) == 0
