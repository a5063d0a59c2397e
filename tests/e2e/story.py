"""A host and guests who keep meeting whatever happens around them, and remember what they were promised."""

import asyncio
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.e2e.faults import PATIENCE
from tests.people import Person, evening, ok

PLACES = 2
RETRIED = {503, 504}


@dataclass
class Story:
    """Evenings, one after the other, each with fewer places than guests.

    A call that fails is repeated with its idempotency key until it is answered, as a careful client does.
    """

    host: Person
    guests: list[Person]
    film_id: str
    days: int = 2
    """The next evening's day: no two are at one time."""
    promised: dict[str, set[str]] = field(default_factory=dict)
    """The accepted bookings of each evening."""
    answers: Counter[int] = field(default_factory=Counter)
    """How often each HTTP status was answered; 0 for no answer."""

    async def go_on(self, end: asyncio.Event) -> None:
        """Evening after evening until the end has come; the last one begins after it."""
        while not end.is_set():
            await self.meet()
            # The machine is needed for starting processes, too.
            await asyncio.sleep(0.1)
        await self.meet()

    async def meet(self) -> None:
        """One evening: announced, everybody applies, as many are accepted as there are places."""
        self.days += 1
        event_time = datetime.now(UTC) + timedelta(days=self.days)
        body = evening(tickets_count=PLACES, event_time=event_time.isoformat())
        announcement = ok(await self.call(self.host, "POST", f"/app/v1/announcement/{self.film_id}", body))
        path = f"/app/v1/booking/{announcement['id']}"
        applied = await asyncio.gather(*(self.call(guest, "POST", path) for guest in self.guests))
        bookings = [ok(answer)["id"] for answer in applied]
        decided = await asyncio.gather(*(self.accept(booking) for booking in bookings))
        assert Counter(decided) == {200: PLACES, 400: len(bookings) - PLACES}
        accepted = {booking for booking, status in zip(bookings, decided, strict=True) if status == 200}
        self.promised[announcement["id"]] = accepted

    async def accept(self, booking: str) -> int:
        """The host says yes; the status of the answer."""
        return (await self.call(self.host, "PUT", f"/app/v1/booking/{booking}", {"my_status": True})).status_code

    async def check(self) -> None:
        """All that was promised is there, nothing is there twice, and no answer was a defect."""
        for announcement_id, accepted in self.promised.items():
            shown = ok(await self.call(self.host, "GET", f"/app/v1/announcement/{announcement_id}"))
            assert {guest["booking_id"] for guest in shown["guest_list"]} == accepted
            assert shown["places_taken"] == len(accepted) <= shown["tickets_count"]
        mine = await self.everything(self.host, f"/app/v1/announcements?filter[author]={self.host.id}&page_size=100")
        assert {row["id"] for row in mine} == set(self.promised)
        for guest in self.guests:
            bookings = await self.everything(guest, "/app/v1/bookings?filter[self]=guest&page_size=100")
            assert Counter(row["announcement_id"] for row in bookings) == dict.fromkeys(self.promised, 1)
        assert set(self.answers) <= {0, 200, 400, *RETRIED}

    async def everything(self, person: Person, path: str) -> list[Any]:
        """All pages of a list."""
        rows: list[Any] = []
        token = ""
        while True:
            answer = await self.call(person, "GET", path + f"&page_token={token}")
            rows += ok(answer)
            token = answer.headers.get("x-next-page-token", "")
            if not token:
                return rows

    async def call(self, person: Person, method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer, however often it has to be asked for."""
        key = {"idempotency-key": secrets.token_hex(8)}
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = await person.call(method, path, body, headers=key)
            except httpx.TransportError:
                self.answers[0] += 1
            else:
                self.answers[answer.status_code] += 1
                if answer.status_code not in RETRIED:
                    return answer
            assert time.monotonic() < deadline, f"{method} {path}: no answer within {PATIENCE:.0f} seconds"
            await asyncio.sleep(0.05)
