"""Random histories: what time tells people is what a second implementation says, moment by moment."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.e2e.faults import until
from tests.people import Person, ok, register
from tests.people import evening as body_of
from tests.reminders.timetravel import DAY, HOUR, MINUTE, REMINDED, Travel, notices

STEPS = 60
BERLIN = ZoneInfo("Europe/Berlin")
Heard = Counter[tuple[str, str, str, str]]
"""Person, evening, kind, and the time that was told."""


@dataclass
class Evening:
    """An evening as the model knows it."""

    shown: Any
    host: Person
    begins: datetime
    lasts: timedelta
    since: dict[str, datetime]
    """Who is in, and since when."""
    moved: datetime | None = None
    cancelled: bool = False
    bookings: dict[str, Any] = field(default_factory=dict)

    def told(self, now: datetime) -> set[tuple[str, str, str, str]]:
        """Who hears what when somebody looks now."""
        if self.cancelled:
            return set()
        if now >= self.begins + self.lasts:
            return {(person, self.shown["id"], "evening_over", "") for person in self.since}
        left = self.begins - now
        if left <= timedelta() or left > DAY:
            return set()
        kind, window = ("reminder_1h", HOUR) if left <= HOUR else ("reminder_24h", DAY)
        opened = self.begins - window
        informed = opened if self.moved is None or self.moved < opened else self.moved
        time = f"{self.begins.astimezone(BERLIN):%d %b %Y %H:%M}"
        return {(person, self.shown["id"], kind, time) for person, since in self.since.items() if since <= informed}


class History:
    """People who do this and that, and the model that watches them."""

    def __init__(self, travel: Travel, people: list[Person], dice: random.Random) -> None:
        self.travel = travel
        self.people = people
        self.dice = dice
        self.evenings: list[Evening] = []
        self.expected: set[tuple[str, str, str, str]] = set()
        self.done: list[str] = []
        self.habits: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.announce, 2), (self.join, 12), (self.leave, 1), (self.revoke, 2), (self.move, 3), (self.cancel, 1),
            (self.wait, 5),
        ]  # fmt: skip
        """What people do, and how often."""

    async def step(self) -> None:
        """Somebody does something, then everybody has heard what there is to hear."""
        coming = [evening for evening in self.evenings if evening.begins > self.travel.now()]
        (act,) = self.dice.choices(*zip(*self.habits, strict=True)) if len(coming) > 2 else [self.announce]
        await act()
        self.done.append(f"{act.__name__} at {self.travel.now():%d %H:%M:%S}")
        await self.settle()

    def soon(self) -> datetime:
        """A time within three days, often near."""
        return self.travel.later(self.dice.choice((1, 5, 24, 24, 72)) * self.dice.uniform(0.3, 1.1) * HOUR)

    def some(self) -> Evening:
        """An evening that is to come, if there is one."""
        coming = [evening for evening in self.evenings if evening.begins > self.travel.now()]
        return self.dice.choice(coming or self.evenings)

    async def announce(self) -> None:
        host, begins = self.dice.choice(self.people), self.soon()
        body = {"event_time": begins.isoformat(), "accept_at_once": self.dice.random() < 0.5, "tickets_count": 5}
        path = f"/app/v1/announcement/{self.travel.film}"
        answer = await host.post(path, body_of(**body))
        if answer.status_code == 200:
            shown = answer.json()
            lasts = timedelta(minutes=shown["duration"])
            self.evenings.append(Evening(shown, host, begins, lasts, {host.id: self.travel.now()}))

    async def join(self) -> None:
        evening, guest = self.some(), self.dice.choice(self.people)
        answer = await guest.post(f"/app/v1/booking/{evening.shown['id']}")
        if answer.status_code != 200:
            return
        booking = answer.json()
        evening.bookings[guest.id] = booking
        if booking["state"] == "PENDING" and self.dice.random() < 0.8:
            booking = ok(await evening.host.decide(booking, True))
        if booking["state"] == "ACCEPTED":
            evening.since[guest.id] = self.travel.now()

    async def leave(self) -> None:
        evening = self.some()
        for guest in self.people:
            if guest.id in evening.bookings and (await guest.decide(evening.bookings[guest.id], False)).is_success:
                evening.since.pop(guest.id, None)
                return

    async def revoke(self) -> None:
        evening = self.some()
        for guest, booking in evening.bookings.items():
            if guest in evening.since and (await evening.host.decide(booking, False)).is_success:
                del evening.since[guest]
                if self.dice.random() < 0.5 and (await evening.host.decide(booking, True)).is_success:
                    evening.since[guest] = self.travel.now()
                return

    async def move(self) -> None:
        evening, begins = self.some(), self.soon()
        path = f"/app/v1/announcement/{evening.shown['id']}"
        if (await evening.host.put(path, {"event_time": begins.isoformat()})).status_code == 200:
            evening.begins, evening.moved = begins, self.travel.now()

    async def cancel(self) -> None:
        evening = self.some()
        if self.dice.random() < 0.3:
            answer = await evening.host.delete(f"/app/v1/announcement/{evening.shown['id']}")
            evening.cancelled = evening.cancelled or answer.status_code == 200

    async def wait(self) -> None:
        await self.travel.to(self.travel.later(self.dice.choice((MINUTE * 20, HOUR, HOUR * 3, HOUR * 12))))

    async def settle(self) -> None:
        """Waits until nothing is due any more that a plan promises, and asks the model what was."""

        async def nothing_is_due() -> bool:
            plans = await asyncio.gather(*(person.get("/notify/v1/plan?page_size=100") for person in self.people))
            now = self.travel.now()
            return all(datetime.fromisoformat(each["time"]) > now for plan in plans for each in ok(plan))

        await until(nothing_is_due, "everybody was told")
        for evening in self.evenings:
            self.expected |= evening.told(self.travel.now())

    async def heard(self) -> Heard:
        """What people have heard."""
        heard: Heard = Counter()
        for person in self.people:
            for evening in self.evenings:
                for notice in await notices(person, evening.shown):
                    if notice["kind"] in REMINDED:
                        heard[person.id, evening.shown["id"], notice["kind"], told_time(notice)] += 1
        return heard


def told_time(notice: Any) -> str:
    """The time that a reminder tells, as in Fri 27 Nov 2026 19:00 (Europe/Berlin)."""
    if notice["kind"] == "evening_over":
        return ""
    words = notice["text"].partition(" (Europe/Berlin)")[0].split()
    return " ".join(words[-4:])


@pytest.mark.parametrize("seed", [11, 20])
async def test_what_people_hear_is_what_the_model_says(travel: Travel, http: httpx.AsyncClient, seed: int) -> None:
    people = [await register(http) for _ in range(6)]
    history = History(travel, people, random.Random(seed))
    for _ in range(STEPS):
        await history.step()
    heard = await history.heard()
    assert heard == Counter(history.expected), history.done
    assert heard
