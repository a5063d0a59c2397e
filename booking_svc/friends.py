"""Friends at an evening, for guests who would rather not go alone."""

from typing import Any, NamedTuple
from uuid import UUID

from booking_svc.announcements import Announcements
from booking_svc.peers import Follows
from booking_svc.schema import State
from booking_svc.to_proto import guest_rows
from mesh import paging
from mesh.caller import Caller


class Going(NamedTuple):
    """A guest and his booking."""

    booking_id: UUID
    guest_id: UUID


class Friends:
    """Who of an evening's guests are the caller's friends."""

    def __init__(self, announcements: Announcements, follows: Follows) -> None:
        self.announcements = announcements
        self.follows = follows

    async def list_going(self, caller: Caller, announcement_id: UUID, size: int, token: str) -> tuple[list[UUID], str]:
        """A page of friends who have a place, and the next page's token.

        Refuses as BookingService.ListFriendsGoing tells.
        """
        assert caller.user_id is not None
        scope = (announcement_id, caller.user_id)
        after = paging.decode_id(token, *scope)
        going = [
            guest
            for guest in guests(await self.announcements.get(caller, announcement_id))
            if after is None or guest.booking_id > after
        ]
        friends = await self.follows.friends(caller.user_id, [guest.guest_id for guest in going]) if going else set()
        seen = [guest for guest in going if guest.guest_id in friends]
        page, token = paging.cut(seen, paging.page_size(size), lambda last: paging.encode_id(last.booking_id, *scope))
        return [guest.guest_id for guest in page], token


def guests(announcement: Any) -> list[Going]:
    """Those who have a place and were not missed, in the order in which they applied."""
    return sorted(
        Going(UUID(entry["booking_id"]), UUID(entry["guest_id"]))
        for entry in guest_rows(announcement.guests)
        if entry["state"] != State.NO_SHOW
    )
