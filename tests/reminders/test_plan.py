"""What the plan says is what then comes."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.e2e.faults import until
from tests.people import Person, ok, reason
from tests.reminders.timetravel import DAY, HOUR, Travel, kinds


async def plan(person: Person) -> list[Any]:
    """What somebody will be told."""
    return list(ok(await person.get("/notify/v1/plan")))


async def is_planned(person: Person, notices: list[Any]) -> bool:
    """Whether just these are to come."""
    return await plan(person) == notices


def expected(announcement: Any) -> list[Any]:
    """All that time tells of an evening."""
    begins = datetime.fromisoformat(announcement["event_time"])
    ends = begins + timedelta(minutes=announcement["duration"])
    times = {"reminder_24h": begins - DAY, "reminder_1h": begins - HOUR, "evening_over": ends}
    return [
        {"kind": kind, "subject": announcement["id"], "time": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
        for kind, time in times.items()
    ]


async def test_both_sides_see_what_comes_in_order_of_time(travel: Travel, host: Person, crowd: list[Person]) -> None:
    later = await travel.announce(host, travel.later(4 * DAY))
    sooner = await travel.announce(host, travel.later(3 * DAY))
    for evening in (later, sooner):
        ok(await host.decide(await crowd[0].apply(evening), True))
    await crowd[1].apply(sooner)
    everything = sorted([*expected(sooner), *expected(later)], key=lambda each: (each["time"], each["subject"]))
    assert await plan(host) == await plan(crowd[0]) == everything
    assert await plan(crowd[1]) == []


async def test_pages(travel: Travel, host: Person) -> None:
    evening = await travel.announce(host, travel.later(3 * DAY))
    found, token = [], ""
    for _ in range(3):
        page = await host.get("/notify/v1/plan", params={"page_size": 1, "page_token": token})
        token = page.headers.get("x-next-page-token", "")
        found += ok(page)
    assert (found, token) == (expected(evening), "")
    strange = await host.get("/notify/v1/plan", params={"page_token": "strange"})
    assert reason(strange) == (400, "INVALID_PAGE_TOKEN")


async def test_plan_follows_moves_withdrawals_and_cancellations(
    travel: Travel, host: Person, crowd: list[Person]
) -> None:
    evening = await travel.announce(host, travel.later(3 * DAY))
    bookings = [ok(await host.decide(await guest.apply(evening), True)) for guest in crowd[:2]]
    moved = (datetime.fromisoformat(evening["event_time"]) + DAY).isoformat()
    evening = ok(await host.put(f"/app/v1/announcement/{evening['id']}", {"event_time": moved}))
    assert await plan(crowd[0]) == expected(evening)
    ok(await crowd[0].decide(bookings[0], False))
    assert (await plan(crowd[0]), await plan(crowd[1])) == ([], expected(evening))
    ok(await host.delete(f"/app/v1/announcement/{evening['id']}"))
    assert (await plan(host), await plan(crowd[1])) == ([], [])


async def test_what_was_planned_comes_and_is_planned_no_more(travel: Travel, host: Person, guest: Person) -> None:
    begins = travel.later(2 * DAY)
    evening, witness = await travel.announce(host, begins), await travel.witness(begins)
    ok(await host.decide(await guest.apply(evening), True))
    for came, kind in enumerate(("reminder_24h", "reminder_1h", "evening_over"), start=1):
        await witness.see(kind)
        # Booking notes what notify has told a moment after it was told.
        await until(partial(is_planned, guest, expected(evening)[came:]), f"{kind} is planned no more")
        assert sum((await kinds(guest, evening)).values()) == came


async def test_who_joins_late_is_not_promised_what_has_been(travel: Travel, host: Person, guest: Person) -> None:
    evening = await travel.announce(host, travel.later(5 * HOUR))
    ok(await host.decide(await guest.apply(evening), True))
    assert await plan(guest) == await plan(host) == expected(evening)[1:]
