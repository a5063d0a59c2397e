"""Announcing evenings: what it does and what it refuses."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from booking_svc.edits import Edit, amend, cancel, current, in_future, known_zone, owned, publish
from booking_svc.peers import Films, Follows, People
from booking_svc.schema import Status, Will, around_day
from booking_svc.store.announcements import AnnouncementStore
from booking_svc.store.change import changing
from mesh import clock, paging
from mesh.caller import Caller
from mesh.database import Database, once_more_on_deadlock
from mesh.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)

REFILLS = 5
"""How often a page is filled up again after private evenings were taken out of it."""


class Announcements:
    """Announcements and who may do what with them."""

    def __init__(
        self, database: Database, store: AnnouncementStore, people: People, films: Films, follows: Follows
    ) -> None:
        self.database = database
        self.store = store
        self.people = people
        self.films = films
        self.follows = follows

    async def create(self, author: UUID, movie_id: UUID, values: dict[str, Any], publish: bool) -> UUID:
        """Announces an evening for a film of the bookable group; returns its id.

        Raises InvalidArgument (EVENT_TIME_IN_PAST, INVALID_FIELDS), NotFound (MOVIE_NOT_FOUND), FailedPrecondition
        (MOVIE_NOT_BOOKABLE, TIME_CONFLICT), AlreadyExists (ANNOUNCEMENT_EXISTS), Unavailable (PEER_UNAVAILABLE).
        """
        in_future(values["event_time"])
        movie = await self.films.get(movie_id)
        if not movie.bookable or movie.duration <= 0:
            raise FailedPrecondition("MOVIE_NOT_BOOKABLE", "evenings may not be announced for this film")
        values["time_zone"] = known_zone(values["time_zone"] or await self.people.time_zone(author))
        will = Will.PUBLISHED if publish else Will.DRAFT
        row = {
            **values,
            "author_id": author,
            "movie_id": movie_id,
            "will": will,
            "duration_minutes": min(movie.duration, 24 * 60),
            "publish_time": clock.now() if publish else None,
        }
        return await once_more_on_deadlock(lambda: self.write(author, row))

    async def write(self, author: UUID, row: dict[str, Any]) -> UUID:
        """The transaction of create()."""
        async with changing(self.database) as change:
            announcement_id = await change.add_announcement(row)
            await change.record("announcement_created", "", author, announcement_id, tell=False)
            if row["will"] == Will.PUBLISHED:
                await publish(change, author, await change.lock_announcement(announcement_id))
            await change.settle(announcement_id)
        return announcement_id

    async def update(self, caller: Caller, announcement_id: UUID, edit: Edit) -> None:
        """Changes an announcement. Refuses as BookingService.UpdateAnnouncement tells."""
        await once_more_on_deadlock(lambda: self.rewrite(caller, announcement_id, edit))

    async def rewrite(self, caller: Caller, announcement_id: UUID, edit: Edit) -> None:
        """The transaction of update()."""
        async with changing(self.database) as change:
            before = await change.lock_announcement(announcement_id)
            owned(before, caller)
            current(before, edit, change.now)
            if edit.status == Status.CANCELLED:
                await cancel(change, caller, before)
            else:
                await amend(change, caller, before, edit)
            await change.settle(announcement_id)

    async def cancel(self, caller: Caller, announcement_id: UUID) -> None:
        """Cancels an announcement. Refuses as BookingService.CancelAnnouncement tells."""
        await self.update(caller, announcement_id, Edit(status=Status.CANCELLED))

    async def get(self, caller: Caller, announcement_id: UUID) -> Any:
        """An announcement with its guests and its host's rating.

        Raises NotFound (ANNOUNCEMENT_NOT_FOUND) if the caller may not see it, Unavailable (PEER_UNAVAILABLE) if that
        cannot be found out.
        """
        found = await self.store.find_detail(announcement_id)
        if found is None or not await self.may_see(caller, found):
            raise NotFound("ANNOUNCEMENT_NOT_FOUND", "there is no such announcement")
        return found

    async def may_see(self, caller: Caller, announcement: Any) -> bool:
        """Drafts are their author's; private evenings are for his followers and for those who hold a booking.

        Raises Unavailable (PEER_UNAVAILABLE) when who follows him is what decides and cannot be found out.
        """
        if caller.is_super or announcement.author_id == caller.user_id:
            return True
        # Not by its will: a draft that was cancelled has never been anybody else's, either.
        if announcement.publish_time is None:
            return False
        if not announcement.sub_only or await self.store.is_guest(announcement.id, caller.user_id):
            return True
        return bool(await self.followed(caller, {announcement.author_id}))

    async def followed(self, caller: Caller, authors: set[UUID]) -> set[UUID]:
        """Whom of these authors the caller follows."""
        assert caller.user_id is not None
        return await self.follows.followed(caller.user_id, authors)

    async def list(self, caller: Caller, filters: dict[str, Any], size: int, token: str) -> tuple[Sequence[Any], str]:
        """A page of evenings and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN, INVALID_FIELDS)."""
        values = dict(filters)
        if "date" in values:
            values["date"] = parse_day(values["date"])
            values["begins"], values["ends"] = around_day(values["date"])
        if "location" in values:
            values["location"] = like(values["location"])
        conditions = set(filters)
        if filters.get("author") != caller.user_id:
            conditions.add("upcoming")
        if after := paging.decode_place(token, filters):
            conditions.add("after")
            values["after_time"], values["after_id"] = after
        rows, last = await self.page(caller, conditions, values, paging.page_size(size))
        if last is None:
            return rows, ""
        return rows, paging.encode_place(last.event_time, last.id, filters)

    async def page(
        self, caller: Caller, conditions: set[str], values: dict[str, Any], size: int
    ) -> tuple[Sequence[Any], Any]:
        """Up to `size` rows that the caller may see, and the last row looked at if there may be more behind it."""
        visible: Sequence[Any] = ()
        for _ in range(REFILLS):
            rows = await self.store.list(frozenset(conditions), size + 1, values)
            seen = await self.visible(caller, rows)
            room = size - len(visible)
            visible = (*visible, *seen[:room])
            if len(seen) > room:
                return visible, visible[-1]
            if len(rows) <= size:
                return visible, None
            conditions.add("after")
            values["after_time"], values["after_id"] = rows[-1].event_time, rows[-1].id
            if len(visible) == size:
                return visible, rows[-1]
        return visible, rows[-1]

    async def visible(self, caller: Caller, rows: Sequence[Any]) -> Sequence[Any]:
        """The rows that the caller may see: asks whom he follows only when a private evening is among them."""
        hidden = {row.author_id for row in rows if row.sub_only and row.author_id != caller.user_id}
        if not hidden or caller.is_super:
            return rows
        hidden -= await self.followed(caller, hidden)
        return [row for row in rows if not (row.sub_only and row.author_id in hidden)]


def parse_day(given: str) -> date:
    """A calendar day. Raises InvalidArgument (INVALID_FIELDS) for one that does not exist."""
    try:
        day = date.fromisoformat(given)
        around_day(day)
        return day
    except (ValueError, OverflowError):
        raise InvalidArgument(
            "INVALID_FIELDS", "filter.date: there is no such day", fields={"filter.date": "must be a calendar day"}
        ) from None


def like(part: str) -> str:
    """A LIKE pattern for texts that contain `part`, in which nothing but the ends is a wildcard."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
