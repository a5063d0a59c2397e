"""Reminders follow what becomes of an evening; nobody is reminded twice, and nobody of what does not take place."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from local.mesh import Mesh
from tests.e2e.faults import BOTH, booking_rows, kill, start, until, until_all_serve, without
from tests.people import Person, ok, register
from tests.reminders.timetravel import DAY, HOUR, MINUTE, Travel, kinds, notices

BEFORE = Counter({"reminder_24h": 1})
BOTH_BEFORE = BEFORE + Counter({"reminder_1h": 1})
ALL = BOTH_BEFORE + Counter({"evening_over": 1})


async def accepted(host: Person, guest: Person, evening: Any) -> Any:
    """A guest's booking, accepted by now."""
    return ok(await host.decide(await guest.apply(evening), True))


async def test_guests_with_a_place_and_the_host_are_told_once_of_each(
    travel: Travel, host: Person, crowd: list[Person]
) -> None:
    begins = travel.later(2 * DAY)
    evening, witness = await travel.announce(host, begins, tickets_count=4), await travel.witness(begins)
    await accepted(host, crowd[0], evening)
    await crowd[1].apply(evening)
    ok(await host.decide(await crowd[2].apply(evening), False))
    ok(await crowd[3].decide(await accepted(host, crowd[3], evening), False))
    for kind, expected in (("reminder_24h", BEFORE), ("reminder_1h", BOTH_BEFORE), ("evening_over", ALL)):
        await witness.see(kind)
        assert [await kinds(person, evening) for person in (host, crowd[0])] == [expected, expected]
    assert [await kinds(person, evening) for person in crowd[1:4]] == [Counter()] * 3


async def test_moved_evening_is_reminded_of_anew(travel: Travel, host: Person, guest: Person) -> None:
    begins = travel.later(2 * DAY)
    evening, witness = await travel.announce(host, begins), await travel.witness(begins)
    await accepted(host, guest, evening)
    await witness.see("reminder_24h")
    moved = begins + 3 * DAY
    later = await travel.witness(moved)
    ok(await host.put(f"/app/v1/announcement/{evening['id']}", {"event_time": moved.isoformat()}))
    await witness.see("reminder_1h")
    assert await kinds(guest, evening) == BEFORE
    await later.see("reminder_24h")
    assert [await kinds(person, evening) for person in (host, guest)] == [BEFORE + BEFORE] * 2
    latest = (await notices(guest, evening))[0]
    assert f"{moved.astimezone(ZoneInfo('Europe/Berlin')):%d %b %Y %H:%M}" in latest["text"]
    await later.see("reminder_1h")
    assert await kinds(guest, evening) == BEFORE + BOTH_BEFORE


async def test_evening_moved_to_soon_is_reminded_of_once(travel: Travel, host: Person, guest: Person) -> None:
    begins = travel.later(5 * DAY)
    evening = await travel.announce(host, begins)
    await accepted(host, guest, evening)
    soon = travel.later(10 * HOUR)
    ok(await host.put(f"/app/v1/announcement/{evening['id']}", {"event_time": soon.isoformat()}))

    async def told() -> bool:
        return await kinds(guest, evening) == BEFORE

    await until(told, "the guest is reminded")
    witness = await travel.witness(soon)
    await witness.see("reminder_1h")
    assert await kinds(guest, evening) == BOTH_BEFORE


async def test_silence_after_cancelling_declining_and_withdrawing(
    travel: Travel, host: Person, crowd: list[Person]
) -> None:
    begins = travel.later(2 * DAY)
    witness = await travel.witness(begins)
    cancelled, held = await travel.announce(host, begins), await travel.announce(crowd[5], begins)
    await accepted(host, crowd[0], cancelled)
    revoked, withdrawn = await accepted(crowd[5], crowd[1], held), await accepted(crowd[5], crowd[2], held)
    await witness.see("reminder_24h")
    ok(await host.delete(f"/app/v1/announcement/{cancelled['id']}"))
    ok(await crowd[5].decide(revoked, False))
    ok(await crowd[2].delete(f"/app/v1/booking/{withdrawn['id']}"))
    for kind in ("reminder_1h", "evening_over"):
        await witness.see(kind)
    assert [await kinds(person, cancelled) for person in (host, crowd[0])] == [BEFORE, BEFORE]
    assert [await kinds(person, held) for person in (crowd[5], crowd[1], crowd[2])] == [ALL, BEFORE, BEFORE]


async def test_who_joins_late_is_reminded_of_what_is_still_to_come(
    travel: Travel, host: Person, crowd: list[Person]
) -> None:
    begins = travel.later(2 * DAY)
    evening, witness = await travel.announce(host, begins, tickets_count=3), await travel.witness(begins)
    await witness.see("reminder_24h")
    await accepted(host, crowd[0], evening)
    late = await travel.announce(crowd[2], begins)
    await witness.see("reminder_1h")
    await accepted(host, crowd[1], evening)
    await witness.see("evening_over")
    one, over = Counter({"reminder_1h": 1}), Counter({"evening_over": 1})
    assert [await kinds(person, evening) for person in (crowd[0], crowd[1])] == [one + over, over]
    assert await kinds(crowd[2], late) == one + over


async def test_what_nobody_was_there_to_say_is_said_if_it_is_still_true(
    mesh: Mesh, travel: Travel, host: Person, guest: Person
) -> None:
    begins = travel.later(2 * DAY)
    evening, witness = await travel.announce(host, begins), await travel.witness(begins)
    await accepted(host, guest, evening)
    async with without(mesh, *BOTH):
        mesh.move_clock(begins - 30 * MINUTE - datetime.now(UTC))
    await witness.see("reminder_1h")
    assert [await kinds(person, evening) for person in (host, guest)] == [Counter({"reminder_1h": 1})] * 2


async def test_reminding_again_after_a_crash_is_one_reminder(
    mesh: Mesh, travel: Travel, host: Person, guest: Person
) -> None:
    begins = travel.later(2 * DAY)
    evening, witness = await travel.announce(host, begins), await travel.witness(begins)
    await accepted(host, guest, evening)
    await witness.see("reminder_24h")
    # As if the process had died after telling and before noting it.
    await booking_rows(mesh, "UPDATE announcements SET reminded_24h = NULL WHERE id = $1", evening["id"])
    for name in BOTH:
        await kill(mesh, name)
    await asyncio.to_thread(mesh.wait_healthy, *BOTH)
    await until_all_serve(mesh)

    async def noted() -> bool:
        query = "SELECT FROM announcements WHERE id = $1 AND reminded_24h = event_time"
        return bool(await booking_rows(mesh, query, evening["id"]))

    await until(noted, "it is noted again")
    assert [await kinds(person, evening) for person in (host, guest)] == [BEFORE, BEFORE]


async def test_reminders_wait_for_notify(mesh: Mesh, travel: Travel, host: Person, guest: Person) -> None:
    begins = travel.later(2 * DAY)
    evening = await travel.announce(host, begins)
    await accepted(host, guest, evening)
    async with without(mesh, "notify"):
        await travel.to(begins - DAY)
        assert "reminder_24h" in [each["kind"] for each in ok(await guest.get("/notify/v1/plan"))]

    async def told() -> bool:
        return [await kinds(person, evening) for person in (host, guest)] == [BEFORE, BEFORE]

    await until(told, "both are told")


async def test_a_restart_keeps_the_time_and_tokens_do_not_mind_it(mesh: Mesh, travel: Travel) -> None:
    await travel.to(travel.later(60 * DAY))
    await asyncio.to_thread(mesh.supervisor.stop, *BOTH)
    await start(mesh, *BOTH)
    await until_all_serve(mesh)
    assert abs(await travel.ask() - travel.now()) < timedelta(seconds=10)
    somebody = await register(travel.asker.http)
    ok(await somebody.get("/notify/v1/plan"))
