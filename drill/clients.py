"""What people do: each client draws from its own dice, acts for anybody, and goes to where others are."""

import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from matinee.booking.v1 import booking_pb2 as pb
from matinee.notify.v1 import notify_pb2

from drill.record import Op, Person
from drill.sender import Sender
from drill.world import EVENINGS, World

LIVE = (pb.PENDING, pb.WAITLISTED, pb.ACCEPTED)
PARTIES = (1, 1, 1, 1, 2, 2, 3)
PLACES = (1, 2, 2, 3, 3, 4, 5, 6)


class Client:
    """One of those who race."""

    def __init__(self, sender: Sender, world: World, dice: random.Random) -> None:
        self.sender = sender
        self.world = world
        self.dice = dice
        self.deeds: dict[Callable[[], Awaitable[Op | None]], int] = {
            self.apply: 26,
            self.answer: 22,
            self.decide: 7,
            self.withdraw: 10,
            self.come_back: 5,
            self.edit: 10,
            self.cancel: 1,
            self.announce: 1,
            self.meddle: 2,
            self.look: 16,
        }

    async def act(self) -> None:
        """Does something, and sometimes looks at what came of it."""
        for worn_out in self.world.worn_out():
            self.world.forget(worn_out)
        if len(self.world.evenings) < EVENINGS:
            await self.announce()
            return
        deed = self.dice.choices(tuple(self.deeds), tuple(self.deeds.values()))[0]
        op = await deed()
        if op is not None and op.answer is not None and self.dice.random() < 0.3:
            await self.look_again(op)

    async def write(self, person: Person, rpc: str, request: Any, manner: str = "") -> Op:
        """Asks, and believes the answer."""
        op = await self.sender.write(self.dice, person, rpc, request, manner)
        self.world.learn(op)
        return op

    async def read(self, person: Person, rpc: str, request: Any) -> Op:
        """Looks, and believes what it sees."""
        op = await self.sender.read(self.dice, person, rpc, request)
        self.world.learn(op)
        return op

    # -- guests

    async def apply(self) -> Op | None:
        """Anybody applies anywhere; hosts do so too."""
        evening = self.world.evening(self.dice)
        person = self.dice.choice(self.world.stage.people if self.dice.random() < 0.2 else self.world.stage.guests)
        tickets, wait = self.dice.choice(PARTIES), self.dice.random() < 0.5
        request = pb.CreateBookingRequest(announcement_id=evening.id, tickets=tickets, waiting_list=wait)
        return await self.write(person, "CreateBooking", request)

    async def withdraw(self) -> Op | None:
        """A guest takes it back, in either of the two ways."""
        if (booking := self.some_booking(*LIVE)) is None:
            return None
        guest = self.world.people[booking.guest_id]
        if self.dice.random() < 0.5:
            return await self.write(guest, "WithdrawBooking", pb.WithdrawBookingRequest(booking_id=booking.id))
        return await self.say(guest, booking, False)

    async def come_back(self) -> Op | None:
        """A guest returns."""
        if (booking := self.some_booking(pb.WITHDRAWN)) is None:
            return None
        return await self.say(self.world.people[booking.guest_id], booking, True)

    async def say(self, person: Person, booking: Any, yes: bool) -> Op:
        """Somebody's word on a booking."""
        return await self.write(person, "UpdateBooking", pb.UpdateBookingRequest(booking_id=booking.id, my_status=yes))

    def some_booking(self, *states: int) -> Any | None:
        """A booking that was last seen in one of these states, at an evening that people talk about."""
        bookings = self.world.evening(self.dice).those(*states)
        return self.dice.choice(bookings) if bookings else None

    # -- hosts

    async def answer(self) -> Op | None:
        """A host decides on one."""
        evening = self.world.evening(self.dice)
        waiting = evening.those(pb.PENDING, pb.WAITLISTED) if self.dice.random() < 0.7 else evening.those(*LIVE)
        chosen = waiting or evening.those(pb.DECLINED, pb.ACCEPTED)
        if not chosen:
            return None
        return await self.say(evening.host, self.dice.choice(chosen), self.dice.random() < 0.7)

    async def decide(self) -> Op | None:
        """A host decides on some at once."""
        evening = self.world.evening(self.dice)
        known = evening.those(*LIVE, pb.DECLINED)
        if len(known) < 2:
            return None
        chosen = self.dice.sample(known, min(len(known), self.dice.randint(2, 4)))
        accept = [one.id for one in chosen if one.state != pb.ACCEPTED and self.dice.random() < 0.6]
        decline = [one.id for one in chosen if one.id not in accept and one.state != pb.DECLINED]
        if not accept and not decline:
            return None
        request = pb.DecideBookingsRequest(announcement_id=evening.id, accept=accept, decline=decline, reason="full")
        return await self.write(evening.host, "DecideBookings", request)

    async def edit(self) -> Op | None:
        """A host changes something. Every edit leaves a description of its own, by which its trace is found."""
        evening = self.world.evening(self.dice)
        request = pb.UpdateAnnouncementRequest(announcement_id=evening.id, description=self.mark())
        kind = self.dice.choices(("places", "words", "will", "time"), (40, 12, 22, 26))[0]
        if kind == "places":
            request.tickets_count = self.dice.choice(PLACES)
        elif kind == "will":
            request.status = pb.Alive if evening.seen.status != pb.Alive else self.dice.choice((pb.Closed, pb.Alive))
        elif kind == "time":
            request.event_time.CopyFrom(stamp(self.world.some_time(self.dice)))
            request.force = self.dice.random() < 0.5
        if self.dice.random() < 0.3:
            request.expected_version = evening.seen.version - self.dice.choice((0, 0, 1))
        return await self.write(evening.host, "UpdateAnnouncement", request)

    def mark(self) -> str:
        """A text that is nowhere else."""
        return f"mark {self.dice.getrandbits(64):016x}"

    async def cancel(self) -> Op | None:
        """A host calls an evening off, in either of the two ways."""
        evening = self.world.evening(self.dice)
        if self.dice.random() < 0.5:
            return await self.write(
                evening.host, "CancelAnnouncement", pb.CancelAnnouncementRequest(announcement_id=evening.id)
            )
        request = pb.UpdateAnnouncementRequest(announcement_id=evening.id, status=pb.Cancelled)
        return await self.write(evening.host, "UpdateAnnouncement", request)

    async def announce(self) -> Op | None:
        """A host announces an evening."""
        host = self.dice.choice(self.world.stage.hosts)
        request = pb.CreateAnnouncementRequest(
            movie_id=self.dice.choice(self.world.stage.films).id,
            status=pb.Created if self.dice.random() < 0.15 else pb.Alive,
            title=f"Evening {self.dice.getrandbits(32):08x}",
            description=self.mark(),
            sub_only=host is self.world.stage.hosts[0] and self.dice.random() < 0.5,
            accept_at_once=self.dice.random() < 0.4,
            tickets_count=self.dice.choice(PLACES),
            event_time=stamp(self.world.some_time(self.dice)),
            event_location="Kino Krokodil, Berlin",
            time_zone="Europe/Berlin",
        )
        return await self.write(host, "CreateAnnouncement", request)

    # -- everybody

    async def meddle(self) -> Op | None:
        """Somebody decides on what is another's."""
        evening = self.world.evening(self.dice)
        stranger = self.dice.choice([one for one in self.world.stage.people if one.id != evening.host.id])
        others = [one for one in evening.bookings.values() if one.guest_id != stranger.id]
        if others and self.dice.random() < 0.7:
            return await self.say(stranger, self.dice.choice(others), self.dice.random() < 0.5)
        request = pb.UpdateAnnouncementRequest(announcement_id=evening.id, description=self.mark())
        return await self.write(stranger, "UpdateAnnouncement", request)

    async def look(self) -> Op | None:
        """Somebody looks around."""
        evening = self.world.evening(self.dice)
        person = self.dice.choice(self.world.stage.people)
        glance = self.dice.randrange(6)
        if glance < 3:
            return await self.read(person, "GetAnnouncement", pb.GetAnnouncementRequest(announcement_id=evening.id))
        if glance == 3:
            return await self.read(person, "ListAnnouncements", pb.ListAnnouncementsRequest(page_size=100))
        if glance == 4:
            request = pb.ListBookingsRequest(page_size=100)
            request.filter.self = pb.ListBookingsRequest.guest
            return await self.read(person, "ListBookings", request)
        return await self.read(person, "ListNotices", notify_pb2.ListNoticesRequest(page_size=20))

    async def look_again(self, op: Op) -> Op | None:
        """The same person looks at what an answer was about."""
        if isinstance(op.answer, pb.AnnouncementDetail):
            request = pb.GetAnnouncementRequest(announcement_id=op.answer.id)
            return await self.read(op.person, "GetAnnouncement", request)
        if isinstance(op.answer, pb.BookingDetail):
            return await self.read(op.person, "GetBooking", pb.GetBookingRequest(booking_id=op.answer.id))
        return None


def stamp(moment: datetime) -> Timestamp:
    """A moment as protobuf has it."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message
