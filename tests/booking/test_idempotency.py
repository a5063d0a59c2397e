"""A write repeated is the same write."""

import asyncio
import secrets
from typing import Any

from tests.people import Person, evening, ok, reason


def key() -> dict[str, str]:
    return {"idempotency-key": secrets.token_hex(8)}


async def test_same_key_returns_the_first_booking(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    path, headers = f"/app/v1/booking/{announcement['id']}", key()
    first = ok(await guest.post(path, headers=headers))
    ok(await host.decide(first, True))
    assert ok(await guest.post(path, headers=headers)) == first


async def test_same_key_at_once_is_one_announcement(host: Person, film: Any) -> None:
    path, headers, body = f"/app/v1/announcement/{film['id']}", key(), evening()
    answers = await asyncio.gather(*(host.post(path, body, headers=headers) for _ in range(6)))
    assert len({ok(answer)["id"] for answer in answers}) == 1


async def test_another_body_under_the_key_is_refused(host: Person, film: Any) -> None:
    path, headers = f"/app/v1/announcement/{film['id']}", key()
    ok(await host.post(path, evening(), headers=headers))
    assert reason(await host.post(path, evening(), headers=headers)) == (400, "IDEMPOTENCY_KEY_REUSED")


async def test_key_belongs_to_its_caller(host: Person, guest: Person, film: Any) -> None:
    path, headers, body = f"/app/v1/announcement/{film['id']}", key(), evening()
    first, second = [ok(await person.post(path, body, headers=headers)) for person in (host, guest)]
    assert first["id"] != second["id"]


async def test_refusal_does_not_use_the_key_up(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    path, headers = f"/app/v1/booking/{announcement['id']}", key()
    ok(await host.put(f"/app/v1/announcement/{announcement['id']}", {"status": "Closed"}))
    assert reason(await guest.post(path, headers=headers)) == (400, "ANNOUNCEMENT_NOT_OPEN")
    ok(await host.put(f"/app/v1/announcement/{announcement['id']}", {"status": "Alive"}))
    ok(await guest.post(path, headers=headers))


async def test_repeated_decision_with_its_key_is_answered_again(host: Person, guest: Person, film: Any) -> None:
    booking = await guest.apply(await host.announce(film["id"]))
    path, headers = f"/app/v1/booking/{booking['id']}", key()
    answers = [ok(await host.put(path, {"my_status": True}, headers=headers)) for _ in range(2)]
    assert answers[0] == answers[1]
