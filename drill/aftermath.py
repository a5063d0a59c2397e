"""After the storm: questions asked one by one, when it is known exactly what the answers must be."""

import asyncio
import random
from typing import Any

from matinee.booking.v1 import booking_pb2 as pb

from drill.clients import Client, stamp
from drill.queueing import Queue
from drill.record import Person
from drill.sender import Sender
from drill.world import Evening, World

TIMES = 12
"""How many times are tried out, of those at which evenings lie or lay."""


class Aftermath:
    """A client who asks for what the storm left open: whether places and people are as free as they should be."""

    def __init__(self, sender: Sender, world: World, dice: random.Random) -> None:
        self.client = Client(sender, world, dice)
        self.world = world
        self.dice = dice

    async def run(self) -> None:
        """Everything once."""
        for evening in list(self.world.evenings.values()):
            await self.refresh(evening)
            await self.free_a_place(evening)
            await self.fill(evening)
            await self.free_a_place(evening)
            await self.decide_too_much(evening)
            await self.edit(evening)
        await self.who_is_free()
        for at_once in (False, True):
            await Queue(self.client, self.world, self.dice, at_once).run()
        for evening in list(self.world.evenings.values())[:2]:
            await self.cancel(evening.host, evening.id)

    async def write(self, person: Person, rpc: str, request: Any) -> Any:
        """Asks once; the judge knows whether the answer is right."""
        return (await self.client.write(person, rpc, request, "once")).answer

    async def cancel(self, host: Person, evening: str) -> None:
        """Calls an evening off."""
        await self.write(host, "CancelAnnouncement", pb.CancelAnnouncementRequest(announcement_id=evening))

    async def refresh(self, evening: Evening) -> None:
        """Looks at how an evening stands."""
        request = pb.ListApplicationsRequest(announcement_id=evening.id, page_size=100)
        await self.client.read(evening.host, "ListApplications", request)
        await self.client.read(evening.host, "GetAnnouncement", pb.GetAnnouncementRequest(announcement_id=evening.id))

    async def free_a_place(self, evening: Evening) -> None:
        """Somebody leaves, and is seen to have left; who waits may follow."""
        accepted = evening.those(pb.ACCEPTED)
        if not accepted:
            return
        booking = self.dice.choice(accepted)
        guest = self.world.people[booking.guest_id]
        await self.write(guest, "WithdrawBooking", pb.WithdrawBookingRequest(booking_id=booking.id))
        await self.refresh(evening)

    async def fill(self, evening: Evening) -> None:
        """What is free must be given, and what is not must not; then the others queue up."""
        guests = self.dice.sample(self.world.stage.guests, len(self.world.stage.guests))
        for person in guests[::2]:
            await self.write(person, "CreateBooking", pb.CreateBookingRequest(announcement_id=evening.id))
        await self.refresh(evening)
        for booking in evening.those(pb.PENDING):
            await self.client.say(evening.host, booking, True)
        wait = pb.CreateBookingRequest(announcement_id=evening.id, waiting_list=True)
        for person in guests[1::2]:
            await self.write(person, "CreateBooking", wait)
        await self.refresh(evening)

    async def decide_too_much(self, evening: Evening) -> None:
        """One is to lose his place and all who wait are to get one: if that is too much, nothing is done."""
        waiting, accepted = evening.those(pb.WAITLISTED), evening.those(pb.ACCEPTED)
        if waiting and accepted:
            accept = [booking.id for booking in waiting]
            request = pb.DecideBookingsRequest(announcement_id=evening.id, accept=accept, decline=[accepted[0].id])
            await self.write(evening.host, "DecideBookings", request)
            await self.refresh(evening)

    async def edit(self, evening: Evening) -> None:
        """Edits an older version, takes a place too many away, then adds one; right after it a last word."""
        seen = evening.seen
        few, more = max(1, seen.places_taken - 1), seen.tickets_count + 1
        for changes in ({"expected_version": seen.version - 1}, {"tickets_count": few}, {"tickets_count": more}, {}):
            description = self.client.mark()
            request = pb.UpdateAnnouncementRequest(announcement_id=evening.id, description=description, **changes)
            await self.write(evening.host, "UpdateAnnouncement", request)
        await self.refresh(evening)

    async def who_is_free(self) -> None:
        """At times at which evenings lie or lay, everybody tries to go to another one."""
        known = {
            evening.seen.event_time.seconds for evening in [*self.world.evenings.values(), *self.world.past.values()]
        }
        times = {self.world.some_time(self.dice) for _ in range(3 * TIMES)}
        near = sorted(moment for moment in times if stamp(moment).seconds in known)
        for moment in self.dice.sample(near, min(len(near), TIMES)):
            request = pb.CreateAnnouncementRequest(
                movie_id=self.world.stage.films[0].id,
                status=pb.Alive,
                title="Who is free",
                description=self.client.mark(),
                tickets_count=100,
                event_time=stamp(moment),
                event_location="Kino Krokodil, Berlin",
                time_zone="Europe/Berlin",
            )
            host = self.world.stage.host_of_none
            if (announced := await self.write(host, "CreateAnnouncement", request)) is not None:
                await self.everybody_applies(announced.id)
                await self.cancel(host, announced.id)

    async def everybody_applies(self, evening: str) -> None:
        """All at once: they do not concern each other."""
        request = pb.CreateBookingRequest(announcement_id=evening)
        people = [person for person in self.world.stage.people if person is not self.world.stage.host_of_none]
        await asyncio.gather(*(self.write(person, "CreateBooking", request) for person in people))
