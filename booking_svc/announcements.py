"""Announcing evenings and finding them: what it does and what it refuses."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from booking_svc.blocks import check_owner
from booking_svc.days import around_day, parse_day, parse_day_or_instant
from booking_svc.edits import Crossed, Edit, amend, cancel, check, current, known_zone, publish
from booking_svc.peers import Films, Follows, People
from booking_svc.refusals import is_own, no_announcement
from booking_svc.schema import Status, Will
from booking_svc.store.announcements import AnnouncementStore
from booking_svc.store.blocks import hides
from booking_svc.store.change import changing
from mesh import caller as calling
from mesh import clock, paging
from mesh.caller import Caller
from mesh.database import Database, once_more_on_deadlock
from mesh.errors import Aborted, FailedPrecondition, Unavailable

TRIES = 3


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
        check(values)
        duration = await self.duration(movie_id)
        values["time_zone"] = known_zone(values["time_zone"] or await self.people.time_zone(author))
        will = Will.PUBLISHED if publish else Will.DRAFT
        row = {
            **values,
            "author_id": author,
            "movie_id": movie_id,
            "will": will,
            "duration_minutes": duration,
            "publish_time": clock.now() if publish else None,
        }
        return await once_more_on_deadlock(lambda: self.write(author, row))

    async def duration(self, movie_id: UUID) -> int:
        """How long an evening with this film lasts, in minutes. Refuses as create()."""
        movie = await self.films.get(movie_id)
        if not movie.bookable or movie.duration <= 0:
            raise FailedPrecondition("MOVIE_NOT_BOOKABLE", "evenings may not be announced for this film")
        return min(movie.duration, 24 * 60)

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
        if "movie_id" in edit.values:
            await self.look_film_up(caller, announcement_id, edit)
        for _ in range(TRIES):
            try:
                return await once_more_on_deadlock(lambda: self.rewrite(caller, announcement_id, edit))
            except Crossed:
                continue
        raise Aborted("CONTENDED", "guests come and go right now; try again")

    async def look_film_up(self, caller: Caller, announcement_id: UUID, edit: Edit) -> None:
        """Adds how long the evening lasts if it gets another film; the one that it has is not asked for again."""
        before = await self.store.find(announcement_id, None)
        # Not for strangers: what the catalogue refuses would tell them that the evening exists.
        if before is not None and is_own(before, caller) and before.movie_id != edit.values["movie_id"]:
            edit.values["duration_minutes"] = await self.duration(edit.values["movie_id"])
        else:
            del edit.values["movie_id"]

    async def rewrite(self, caller: Caller, announcement_id: UUID, edit: Edit) -> None:
        """The transaction of update()."""
        async with changing(self.database) as change:
            before = await change.lock_announcement(announcement_id)
            await check_owner(change.connection.execute, before, caller)
            current(before, edit, change.now)
            if edit.status == Status.CANCELLED:
                await cancel(change, caller, before, edit)
            else:
                await amend(change, caller, before, edit)
            await change.settle(announcement_id)

    async def cancel(self, caller: Caller, announcement_id: UUID, reason: str) -> None:
        """Cancels an announcement. Refuses as BookingService.CancelAnnouncement tells."""
        await self.update(caller, announcement_id, Edit(status=Status.CANCELLED, cancel_reason=reason))

    async def get(self, caller: Caller, announcement_id: UUID) -> Any:
        """An announcement with its guests and its host's rating.

        Raises NotFound (ANNOUNCEMENT_NOT_FOUND) if the caller may not see it, Unavailable (PEER_UNAVAILABLE) if that
        cannot be found out.
        """
        found = await self.store.find_detail(announcement_id, caller.user_id)
        if found is None or not await self.may_see(caller, found):
            raise no_announcement()
        return found

    async def may_see(self, caller: Caller, announcement: Any) -> bool:
        """Drafts are their author's; private evenings are for his followers and for those who hold a booking.

        Who is blocked by him sees only where he holds a booking. Raises Unavailable (PEER_UNAVAILABLE) when who follows
        the author is what decides and cannot be found out.
        """
        if caller.is_super or announcement.author_id == caller.user_id:
            return True
        # Not by its will: a draft that was cancelled has never been anybody else's, either.
        if announcement.publish_time is None:
            return False
        if await hides(self.database.read, announcement, caller.user_id):
            return False
        if not announcement.sub_only or await self.store.guest_of([announcement.id], caller.user_id):
            return True
        return bool(await self.followed(caller, {announcement.author_id}))

    async def address_hidden(self, caller: Caller, rows: Sequence[Any]) -> Collection[UUID]:
        """Ids of the evenings whose exact address is not for this caller."""
        if caller.is_super:
            return ()
        hidden = {row.id for row in rows if row["address_for_guests_only"] and row.author_id != caller.user_id}
        if not hidden:
            return ()
        places = await self.store.guest_of(hidden, caller.user_id)
        return hidden - {announcement_id for announcement_id, seated in places.items() if seated}

    async def followed(self, caller: Caller, authors: set[UUID]) -> set[UUID]:
        """Whom of these authors the caller follows."""
        assert caller.user_id is not None
        return await self.follows.followed(caller.user_id, authors)

    async def list(self, caller: Caller, filters: dict[str, Any], size: int, token: str) -> tuple[Sequence[Any], str]:
        """A page of evenings and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN, INVALID_FIELDS)."""
        values = {**with_bounds(filters), "person": caller.user_id}
        conditions = set(values) & FILTERS
        own = filters.get("author") == caller.user_id
        if set(filters.get("status", ())) <= {Status.ALIVE, Status.CLOSED} and ("status" in filters or not own):
            conditions.add("upcoming")
        if not own:
            conditions.add("published")
            if not caller.is_super:
                conditions.add("not_hidden")
        if after := paging.decode_place(token, filters):
            conditions.add("after")
            values["after_time"], values["after_id"] = after
        rows, more = await self.page(caller, conditions, values, paging.page_size(size))
        return rows, paging.encode_place(rows[-1].event_time, rows[-1].id, filters) if more else ""

    async def page(
        self, caller: Caller, conditions: set[str], values: dict[str, Any], size: int
    ) -> tuple[Sequence[Any], bool]:
        """Up to `size` rows that the caller may see, and whether there may be more behind the last."""
        rows = await self.store.list(frozenset(conditions), size + 1, values)
        seen = await self.visible(caller, rows)
        if len(rows) > size > len(seen):
            # What he may not see leaves a gap. Another statement leaves it out: however much it is, his page is full.
            known = {"followed": list(await self.hosts_followed(caller, values.get("author")))}
            rows = seen = await self.store.list(frozenset({*conditions, "open"}), size + 1, {**values, **known})
        return seen[:size], len(rows) > size

    async def hosts_followed(self, caller: Caller, author: UUID | None) -> set[UUID]:
        """Whom the caller follows. Where all that he may not see is one author's, that is not one of them."""
        assert caller.user_id is not None
        return set() if author else await self.follows.known_following(caller.user_id)

    async def visible(self, caller: Caller, rows: Sequence[Any]) -> Sequence[Any]:
        """The rows that the caller may see: asks whom he follows only when a private evening is among them."""
        if caller.is_super:
            return rows
        private = [row for row in rows if row["sub_only"] and row.author_id != caller.user_id]
        if not private:
            return rows
        booked = await self.store.guest_of([row.id for row in private], caller.user_id)
        unknown = {row.author_id for row in private if row.id not in booked}
        try:
            followed = await self.followed(caller, unknown) if unknown else set()
        except Unavailable:
            calling.degraded("ugc")
            followed = set()
        hidden = {row.id for row in private if row.id not in booked and row.author_id not in followed}
        return [row for row in rows if row.id not in hidden]


FILTERS = {
    "author", "movie", "is_free", "private", "tickets", "date", "location", "status",
    "from_day", "from_time", "to_day", "to_time",
}  # fmt: skip


def with_bounds(filters: dict[str, Any]) -> dict[str, Any]:
    """The filters as the store wants them: days with the spans around them. Raises InvalidArgument (INVALID_FIELDS)."""
    values = dict(filters)
    if "date" in values:
        values["date"] = parse_day("filter.date", values["date"])
        values["begins"], values["ends"] = around_day(values["date"])
    for name in ("from", "to"):
        if name in values:
            given = parse_day_or_instant(f"filter.{name}", values.pop(name))
            if isinstance(given, datetime):
                values[f"{name}_time"] = given
            else:
                values[f"{name}_day"] = given
                values["from_begins" if name == "from" else "to_ends"] = around_day(given)[name == "to"]
    if "location" in values:
        values["location"] = like(values["location"])
    return values


def like(part: str) -> str:
    """A LIKE pattern for texts that contain `part`, in which nothing but the ends is a wildcard."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
