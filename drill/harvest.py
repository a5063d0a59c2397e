"""What there is in the end: everything is read through the public port, page by page, when nobody writes any more."""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
from matinee.booking.v1 import booking_pb2 as pb
from matinee.notify.v1 import notify_pb2

from drill.doors import Doors
from drill.mails import Mail
from drill.record import Person, Record
from drill.sender import DOORS
from drill.stage import Stage

TRIES = 20
AT_ONCE = 8


class Unreadable(Exception):
    """Something that has to be there cannot be read although everything is healthy."""


@dataclass
class Harvest:
    """Everything as it is in the end."""

    evenings: dict[str, Any] = field(default_factory=dict)
    """AnnouncementDetail by id."""
    bookings: dict[str, Any] = field(default_factory=dict)
    """BookingDetail by id, of all evenings."""
    listed: dict[str, Any] = field(default_factory=dict)
    """The same bookings in the super identity's list."""
    notices: dict[str, list[Any]] = field(default_factory=dict)
    """Everybody's, by the person's id."""
    links: dict[str, str] = field(default_factory=dict)
    """The path that a short link leads to."""
    audit: Any = None
    mails: list[Mail] = field(default_factory=list)
    """All that arrived, in their order."""
    leaving: dict[str, int] = field(default_factory=dict)
    """How the addresses answer at which mails can be ended."""
    clock_moved: float = float("inf")
    """When the mesh's clock was moved on, so that no mail had to wait any longer."""


class Reader:
    """Reads what there is. Insists on an answer, because everything is healthy."""

    def __init__(self, doors: Doors, record: Record, stage: Stage, dice: random.Random) -> None:
        self.doors = doors
        self.record = record
        self.stage = stage
        self.dice = dice
        self.gate = asyncio.Semaphore(AT_ONCE)

    async def read(self, person: Person, rpc: str, request: Any) -> tuple[Any, str]:
        """An answer and the next page's token. Raises Unreadable if there is none."""
        async with self.gate:
            op = self.record.op(person, rpc, request)
            for _ in range(TRIES):
                attempt = await self.doors.send(op, self.dice.choice(DOORS))
                if attempt.answer is not None:
                    return attempt.answer, attempt.token
                await asyncio.sleep(0.2)
        raise Unreadable(f"cannot be read in the end: {op}")

    async def pages(self, person: Person, rpc: str, request: Any, rows: str) -> list[Any]:
        """All rows of a list."""
        found: list[Any] = []
        request.page_size = 100
        while True:
            answer, token = await self.read(person, rpc, request)
            found += getattr(answer, rows)
            if not token:
                return found
            request = type(request).FromString(request.SerializeToString())
            request.page_token = token

    async def everything(self) -> Harvest:
        """Everything but notices."""
        harvest = Harvest()
        await asyncio.gather(*(self.read_host(host, harvest) for host in (*self.stage.hosts, self.stage.host_of_none)))
        rows = await self.pages(self.stage.sudo, "ListAllBookings", pb.ListAllBookingsRequest(), "bookings")
        harvest.listed = {row.id: row for row in rows}
        harvest.audit, _ = await self.read(self.stage.sudo, "AuditCapacity", pb.AuditCapacityRequest())
        return harvest

    async def read_host(self, host: Person, harvest: Harvest) -> None:
        """A host's evenings and all bookings of them."""
        mine = pb.ListAnnouncementsRequest(filter=pb.ListAnnouncementsRequest.Filter(author=host.id))
        rows = await self.pages(host, "ListAnnouncements", mine, "announcements")
        await asyncio.gather(*(self.read_evening(host, row.id, harvest) for row in rows))

    async def read_evening(self, host: Person, evening: str, harvest: Harvest) -> None:
        """An evening and its bookings."""
        request = pb.GetAnnouncementRequest(announcement_id=evening)
        harvest.evenings[evening], _ = await self.read(host, "GetAnnouncement", request)
        asked = pb.ListApplicationsRequest(announcement_id=evening)
        for booking in await self.pages(host, "ListApplications", asked, "applications"):
            harvest.bookings[booking.id] = booking

    async def inboxes(self, harvest: Harvest) -> None:
        """Everybody's notices."""
        people = self.stage.people
        read = [self.pages(one, "ListNotices", notify_pb2.ListNoticesRequest(), "notices") for one in people]
        for person, notices in zip(people, await asyncio.gather(*read), strict=True):
            harvest.notices[person.id] = notices
        unknown = {notice.link for notices in harvest.notices.values() for notice in notices} - set(harvest.links)
        await self.follow(unknown, harvest)

    async def waiting_mails(self) -> list[Any]:
        """Mails that are still to be sent."""
        request = notify_pb2.ListDeliveriesRequest()
        request.filter.state.append(notify_pb2.PENDING)
        return await self.pages(self.stage.sudo, "ListDeliveries", request, "deliveries")

    async def ways_out(self, harvest: Harvest) -> None:
        """Looks where mails can be ended; it ends none."""

        async def one(address: str) -> None:
            async with self.gate:
                harvest.leaving[address] = (await self.doors.http.get(httpx.URL(address).raw_path.decode())).status_code

        await asyncio.gather(*(one(address) for address in {mail.leave for mail in harvest.mails} - {""}))

    async def follow(self, links: Iterable[str], harvest: Harvest) -> None:
        """Where short links lead."""

        async def one(link: str) -> None:
            async with self.gate:
                answer = await self.doors.http.get(httpx.URL(link).path)
            harvest.links[link] = httpx.URL(answer.headers.get("location", "")).path

        await asyncio.gather(*(one(link) for link in links))
