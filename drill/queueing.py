"""A waiting list step by step, far from everything else: whoever is next must be served, and nobody before his turn."""

import random
from typing import Any

from matinee.booking.v1 import booking_pb2 as pb

from drill.clients import Client, stamp
from drill.record import Person
from drill.world import World

PLACES = 3
SEATED = (2, 1)
WAITING = (2, 1, 1, 3, 1)
"""Parties: those who fill the evening, and those who come after them."""


class Queue:
    """An evening that is full, and guests who wait for it."""

    def __init__(self, client: Client, world: World, dice: random.Random, at_once: bool) -> None:
        self.client = client
        self.host = world.stage.host_of_none
        self.guests = dice.sample(world.stage.guests, len(SEATED) + len(WAITING))
        self.at_once = at_once
        self.moment = world.far_time(int(at_once))
        self.film = world.stage.films[0].id
        self.bookings: list[tuple[Person, Any]] = []
        self.evening = ""

    async def run(self) -> None:
        """Everybody comes; then one after the other leaves, is declined, or a place is added."""
        await self.announce()
        for guest, tickets in zip(self.guests, (*SEATED, *WAITING), strict=True):
            await self.apply(guest, tickets)
        if len(self.bookings) < len(self.guests):
            return
        await self.withdraw(0)
        await self.withdraw(1)
        await self.client.say(self.host, self.bookings[2][1], False)
        await self.withdraw(4)
        request = pb.UpdateAnnouncementRequest(announcement_id=self.evening, description=self.client.mark())
        request.tickets_count = PLACES + 1
        await self.client.write(self.host, "UpdateAnnouncement", request, "once")
        await self.client.say(self.host, self.bookings[3][1], True)

    async def announce(self) -> None:
        """The evening."""
        request = pb.CreateAnnouncementRequest(
            movie_id=self.film,
            status=pb.Alive,
            title="Queueing",
            description=self.client.mark(),
            accept_at_once=self.at_once,
            tickets_count=PLACES,
            event_time=stamp(self.moment),
            event_location="Kino Krokodil, Berlin",
            time_zone="Europe/Berlin",
        )
        op = await self.client.write(self.host, "CreateAnnouncement", request, "once")
        self.evening = op.answer.id if op.answer else ""

    async def apply(self, guest: Person, tickets: int) -> None:
        """A guest comes; the first ones get their places."""
        request = pb.CreateBookingRequest(announcement_id=self.evening, tickets=tickets, waiting_list=True)
        op = await self.client.write(guest, "CreateBooking", request, "once")
        if op.answer is not None:
            self.bookings.append((guest, op.answer))
            if op.answer.state == pb.PENDING:
                await self.client.say(self.host, op.answer, True)

    async def withdraw(self, number: int) -> None:
        """One of them leaves."""
        guest, booking = self.bookings[number]
        request = pb.WithdrawBookingRequest(booking_id=booking.id)
        await self.client.write(guest, "WithdrawBooking", request, "once")
