"""Many at once at the public port: no place is sold twice, nobody is in two places, nobody waits long."""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.people import Person, ok, reason

EIGHT = 8


@pytest.mark.parametrize("places", [1, 3])
async def test_acceptances_racing_for_the_last_places(
    host: Person, crowd: list[Person], film: Any, places: int
) -> None:
    announcement = await host.announce(film["id"], tickets_count=places)
    bookings = [await person.apply(announcement) for person in crowd]
    answers = await asyncio.gather(*(host.decide(booking, True) for booking in bookings))
    assert Counter(answer.status_code for answer in answers) == {200: places, 400: len(crowd) - places}
    shown = ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))
    assert (len(shown["guest_list"]), shown["tickets_left"]) == (places, 0)


async def test_guests_racing_for_places_that_are_given_at_once(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=3, accept_at_once=True)
    path = f"/app/v1/booking/{announcement['id']}"
    answers = await asyncio.gather(*(person.post(path) for person in crowd))
    assert Counter(answer.status_code for answer in answers) == {200: 3, 400: len(crowd) - 3}
    assert ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))["places_taken"] == 3


async def test_guests_coming_and_going_at_once_are_answered(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2, accept_at_once=True)
    answers: Counter[int] = Counter()

    async def come_and_go(person: Person) -> None:
        for number in range(EIGHT):
            key = {"idempotency_key": f"{person.id} {number}"} if number % 2 else {}
            answer = await person.post(f"/app/v1/booking/{announcement['id']}", key)
            answers[answer.status_code] += 1
            if answer.status_code == 200:
                ok(await person.delete(f"/app/v1/booking/{answer.json()['id']}"))

    await asyncio.gather(*(come_and_go(person) for person in crowd))
    # 409: places came and went while it tried.
    assert set(answers) <= {200, 400, 409}
    assert ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))["places_taken"] == 0


async def test_one_acceptance_repeated_takes_one_place(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=5)
    booking = await guest.apply(announcement)
    answers = await asyncio.gather(*(host.decide(booking, True) for _ in range(EIGHT)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (EIGHT - 1)
    assert ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))["places_taken"] == 1


async def test_one_withdrawal_repeated_frees_one_place(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2)
    first, second = [await person.apply(announcement) for person in crowd[:2]]
    for booking in (first, second):
        ok(await host.decide(booking, True))
    await asyncio.gather(
        *(crowd[0].decide(first, False) for _ in range(4)), *(host.decide(first, False) for _ in range(4))
    )
    assert ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))["places_taken"] == 1


async def test_overlapping_applications_of_one_guest(guest: Person, crowd: list[Person], film: Any) -> None:
    first = await crowd[0].announce(film["id"])
    others = [await person.announce(film["id"], event_time=first["event_time"]) for person in crowd[1:EIGHT]]
    slowest = 0.0

    async def apply(announcement: Any) -> tuple[int, str]:
        nonlocal slowest
        began = time.monotonic()
        answer = await guest.post(f"/app/v1/booking/{announcement['id']}")
        slowest = max(slowest, time.monotonic() - began)
        return (200, "") if answer.status_code == 200 else reason(answer)

    answers = await asyncio.gather(*(apply(announcement) for announcement in (first, *others)))
    assert Counter(answers) == {(200, ""): 1, (400, "TIME_CONFLICT"): EIGHT - 1}
    assert slowest < 1


async def test_same_application_sent_at_once_is_one_booking(host: Person, guest: Person, film: Any) -> None:
    for days in range(1, EIGHT):
        announcement = await host.announce(
            film["id"], event_time=(datetime.now(UTC) + timedelta(days=days)).isoformat()
        )
        path = f"/app/v1/booking/{announcement['id']}"
        answers = await asyncio.gather(*(guest.post(path) for _ in range(EIGHT)))
        codes = Counter((200, "") if answer.status_code == 200 else reason(answer) for answer in answers)
        assert codes == {(200, ""): 1, (409, "BOOKING_EXISTS"): EIGHT - 1}


async def test_capacity_edit_racing_with_acceptances(host: Person, crowd: list[Person], film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=len(crowd))
    path = f"/app/v1/announcement/{announcement['id']}"
    bookings = [await person.apply(announcement) for person in crowd]
    edit = host.put(path, {"tickets_count": 2})
    answers = await asyncio.gather(*(host.decide(booking, True) for booking in bookings), edit)
    shown = ok(await host.get(path))
    accepted = sum(answer.status_code == 200 for answer in answers[:-1])
    assert accepted == shown["places_taken"] == len(shown["guest_list"])
    assert shown["places_taken"] <= shown["tickets_count"]


async def test_cancellation_racing_with_applications_leaves_no_live_booking(
    host: Person, crowd: list[Person], film: Any
) -> None:
    announcement = await host.announce(film["id"], tickets_count=50, accept_at_once=True)
    path = f"/app/v1/booking/{announcement['id']}"
    cancel = host.delete(f"/app/v1/announcement/{announcement['id']}")
    answers = await asyncio.gather(*(person.post(path) for person in crowd), cancel)
    for person, answer in zip(crowd, answers[:-1], strict=True):
        if answer.status_code == 200:
            assert ok(await person.get(f"/app/v1/booking/{answer.json()['id']}"))["state"] == "CANCELLED"
    assert ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))["places_taken"] == 0


@pytest.mark.parametrize("with_keys", [False, True])
async def test_applying_and_withdrawing_at_once_is_answered_by_rules_only(
    host: Person, crowd: list[Person], film: Any, with_keys: bool
) -> None:
    announcement = await host.announce(film["id"], tickets_count=2, accept_at_once=True)
    path = f"/app/v1/booking/{announcement['id']}"
    answers: Counter[tuple[int, str]] = Counter()

    async def come_and_go(person: Person) -> None:
        for _ in range(8):
            headers = {"idempotency-key": str(uuid4())} if with_keys else {}
            answer = await person.post(path, headers=headers)
            answers[(200, "") if answer.status_code == 200 else reason(answer)] += 1
            if answer.status_code == 200:
                ok(await person.decide(answer.json(), False))

    await asyncio.gather(*(come_and_go(person) for person in crowd))
    assert set(answers) <= {(200, ""), (400, "NO_PLACES_LEFT"), (409, "CONTENDED")}
    assert ok(await host.get(f"/app/v1/announcement/{announcement['id']}"))["places_taken"] == 0
