"""What was not decided when the evening began ends by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.faults import until
from tests.people import Person, ok, reason


async def until_state(person: Person, booking: Any, state: str) -> Any:
    """The booking, once it is in a state."""

    async def reached() -> bool:
        return bool((await found())["state"] == state)

    async def found() -> Any:
        return ok(await person.get(f"/app/v1/booking/{booking['id']}"))

    await until(reached, f"the booking is {state}")
    return await found()


def soon() -> str:
    return (datetime.now(UTC) + timedelta(seconds=2)).isoformat()


async def test_pending_and_waiting_expire_and_accepted_stay(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=1, event_time=soon())
    accepted, pending = await crowd[0].apply(announcement), await crowd[1].apply(announcement)
    ok(await host.decide(accepted, True))
    waiting = await crowd[2].apply(announcement, waiting_list=True)
    for person, booking in ((crowd[1], pending), (crowd[2], waiting)):
        found = await until_state(person, booking, "EXPIRED")
        assert (found["author_status"], found["guest_status"]) == (None, True)
        assert (found["timeline"][-1]["cause"], found["timeline"][-1]["actor"]) == ("expired", "")
    assert (await until_state(crowd[0], accepted, "ACCEPTED"))["state"] == "ACCEPTED"
    assert reason(await host.decide(pending, True)) == (400, "ANNOUNCEMENT_NOT_OPEN")


async def test_both_sides_are_told(host: Person, guest: Person, film: Any) -> None:
    booking = await guest.apply(await host.announce(film["id"], event_time=soon()))
    await until_state(guest, booking, "EXPIRED")

    async def told() -> bool:
        inboxes = [ok(await person.get("/notify/v1/inbox")) for person in (host, guest)]
        return all(any("Expired" in notice["title"] for notice in inbox) for inbox in inboxes)

    await until(told, "both are told")


async def test_guest_is_free_again(host: Person, crowd: list[Person], film: Any) -> None:
    time = soon()
    booking = await crowd[0].apply(await host.announce(film["id"], event_time=time))
    later = (datetime.fromisoformat(time) + timedelta(minutes=10)).isoformat()
    other = await crowd[1].announce(film["id"], event_time=later)
    assert reason(await crowd[0].post(f"/app/v1/booking/{other['id']}")) == (400, "TIME_CONFLICT")
    await until_state(crowd[0], booking, "EXPIRED")
    assert (await crowd[0].apply(other))["state"] == "PENDING"
