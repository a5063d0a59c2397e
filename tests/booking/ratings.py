"""Evenings that are over and what their people say of each other."""

from datetime import timedelta
from typing import Any, NamedTuple

import httpx

from tests.booking.conftest import Move
from tests.people import Person, ok


class Over(NamedTuple):
    """An evening that is over, and its accepted guests' bookings."""

    announcement: Any
    host: Person
    guests: list[Person]
    bookings: list[Any]

    async def by_guest(self, index: int = 0, score: int = 8, **words: str) -> httpx.Response:
        """A guest rates the host."""
        return await rate(self.guests[index], self.bookings[index], score, **words)

    async def by_host(self, index: int = 0, score: int = 6, **words: str) -> httpx.Response:
        """The host rates a guest."""
        return await rate(self.host, self.bookings[index], score, **words)

    async def all_speak(self, *scores: int) -> None:
        """Every guest gives the host a score, and the host every guest."""
        for index, score in enumerate(scores):
            ok(await self.by_guest(index, score))
            ok(await self.by_host(index))

    async def mark(self, attended: list[int], no_show: list[int]) -> None:
        """The host says who came."""
        marks = {name: [self.bookings[each]["id"] for each in ids] for name, ids in
                 (("attended", attended), ("no_show", no_show))}  # fmt: skip
        ok(await self.host.post(f"/app/v1/announcement/{self.announcement['id']}/attendance", marks))


async def over(host: Person, guests: list[Person], film: Any, ended: Move, **changes: Any) -> Over:
    """An evening that was over yesterday."""
    announcement = await host.announce(film["id"], tickets_count=20, **changes)
    bookings = [ok(await host.decide(await guest.apply(announcement), True)) for guest in guests]
    await ended(announcement, timedelta(days=1))
    return Over(announcement, host, guests, bookings)


async def rate(rater: Person, booking: Any, score: int = 8, **words: str) -> httpx.Response:
    """One of a booking's two rates the other."""
    return await rater.post(f"/app/v1/rating/{booking['id']}", {"score": score, **words})


async def mean(person: Person) -> tuple[float, int]:
    """What everybody is told of a host: the mean and the count."""
    told = ok(await person.get(f"/app/v1/average_score/{person.id}"))
    return told["score_average"], told["ratings_count"]


async def listed(person: Person, reader: Person | None = None, side: str = "both") -> list[Any]:
    """The ratings of a person one by one."""
    return list(ok(await (reader or person).get(f"/app/v1/ratings/{person.id}?filter[as]={side}")))


async def guest_rating(evening: Over, index: int = 0) -> tuple[float, int]:
    """What a guest's booking tells of him."""
    told = ok(await evening.host.get(f"/app/v1/booking/{evening.bookings[index]['id']}"))
    return told["guest_rating"], told["guest_rating_count"]
