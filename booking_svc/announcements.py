"""Announcing evenings: what it does and what it refuses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from booking_svc.peers import Films, Follows, People
from booking_svc.schema import Status, Will, around_day, is_ended, status
from booking_svc.store.announcements import AnnouncementStore
from booking_svc.store.change import Change, changing
from mesh import clock, paging
from mesh.caller import Caller
from mesh.database import Database, once_more_on_deadlock
from mesh.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)

WILLS = {Status.ALIVE: Will.PUBLISHED, Status.CLOSED: Will.CLOSED, Status.CANCELLED: Will.CANCELLED}
REFILLS = 5
"""How often a page is filled up again after private evenings were taken out of it."""
ZONES = frozenset(available_timezones())


@dataclass
class Edit:
    """What to change of an announcement: columns by name, and what the author wants of it now."""

    values: dict[str, Any] = field(default_factory=dict)
    status: Status | None = None
    expected_version: int | None = None


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
        """Drafts are their author's, private evenings his followers' too. Raises Unavailable (PEER_UNAVAILABLE)."""
        if caller.is_super or announcement.author_id == caller.user_id:
            return True
        if announcement.will == Will.DRAFT:
            return False
        return not announcement.sub_only or bool(await self.followed(caller, {announcement.author_id}))

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


def owned(announcement: Any, caller: Caller) -> None:
    """Raises PermissionDenied (NOT_YOUR_ANNOUNCEMENT) unless it is the caller's or he is super; hides drafts."""
    if caller.is_super or announcement.author_id == caller.user_id:
        return
    if announcement.will == Will.DRAFT:
        raise NotFound("ANNOUNCEMENT_NOT_FOUND", "there is no such announcement")
    raise PermissionDenied("NOT_YOUR_ANNOUNCEMENT", "only its author may change an announcement")


def current(announcement: Any, edit: Edit, now: datetime) -> None:
    """Raises Aborted (VERSION_MISMATCH) or FailedPrecondition (ANNOUNCEMENT_ENDED) when it is too late to change it."""
    if edit.expected_version not in (None, announcement.version):
        raise Aborted("VERSION_MISMATCH", "the announcement has changed", version=announcement.version)
    if is_ended(announcement, now):
        raise FailedPrecondition("ANNOUNCEMENT_ENDED", "it is over or cancelled", status=status(announcement, now))
    missed = announcement.will == Will.DRAFT and announcement.event_time <= now
    if missed and edit.status != Status.CANCELLED:
        raise FailedPrecondition("ANNOUNCEMENT_ENDED", "the draft's time has passed: it can only be cancelled")


async def amend(change: Change, caller: Caller, before: Any, edit: Edit) -> None:
    """Writes the changed columns, moves people's time with the evening and tells of it."""
    assert caller.user_id is not None
    values = {name: value for name, value in edit.values.items() if getattr(before, name) != value}
    if "event_time" in values:
        in_future(values["event_time"])
    if "time_zone" in values:
        known_zone(values["time_zone"])
    if values.get("tickets_count", before.tickets_count) < before.places_taken:
        raise FailedPrecondition(
            "PLACES_ALREADY_TAKEN",
            f"{before.places_taken} places are taken already",
            places_taken=before.places_taken,
        )
    if edit.status is not None and WILLS[edit.status] != before.will:
        values["will"] = WILLS[edit.status]
    publishes = before.will == Will.DRAFT and "will" in values
    if publishes:
        values["publish_time"] = change.now
    if not values:
        return
    await change.edit_announcement(before.id, values)
    after = await change.lock_announcement(before.id)
    if "event_time" in values:
        await reschedule(change, after)
    if publishes:
        await publish(change, caller.user_id, after)
    else:
        await record_change(change, caller.user_id, before, after)


async def publish(change: Change, actor: UUID, announcement: Any) -> None:
    """Keeps the host's time and tells of the new evening. Raises FailedPrecondition (TIME_CONFLICT)."""
    if not await change.hold(announcement.author_id, announcement):
        raise FailedPrecondition("TIME_CONFLICT", "the host is a guest of another evening then")
    await change.record("announcement_published", "", actor, announcement.id)


async def reschedule(change: Change, announcement: Any) -> None:
    """Moves everybody's time. Raises FailedPrecondition (TIME_CONFLICT, GUESTS_HAVE_CONFLICTS)."""
    clashing = await change.clashing(announcement)
    if announcement.author_id in clashing:
        raise FailedPrecondition("TIME_CONFLICT", "the host is a guest of another evening then")
    if clashing:
        guests = ",".join(str(guest) for guest in clashing)
        raise FailedPrecondition("GUESTS_HAVE_CONFLICTS", "guests are at other evenings then", guests=guests)
    if not await change.reschedule(announcement):
        raise FailedPrecondition("GUESTS_HAVE_CONFLICTS", "a guest has just become busy then")


TOLD = ("title", "description", "event_time", "event_location", "time_zone", "tickets_count", "sub_only")
"""Changes that concern guests."""


async def record_change(change: Change, actor: UUID, before: Any, after: Any) -> None:
    """Records what changed, and tells those who hold a booking if it concerns them."""
    changes = [
        {"field": name, "before": plain(getattr(before, name)), "after": plain(getattr(after, name))}
        for name in TOLD
        if getattr(before, name) != getattr(after, name)
    ]
    guests = [str(booking.guest_id) for booking in await change.lock_live_bookings(after.id)] if changes else []
    detail = {"changes": changes, "guests": guests}
    await change.record("announcement_changed", after.will, actor, after.id, detail=detail, tell=bool(guests))


async def cancel(change: Change, caller: Caller, before: Any) -> None:
    """Ends all live bookings with the evening; each freed place has its entry in the ledger."""
    assert caller.user_id is not None
    bookings = await change.lock_live_bookings(before.id)
    await change.cancel_bookings(before.id)
    for booking in bookings:
        freed = -booking.tickets if booking.state == "ACCEPTED" else 0
        await change.record(
            "booking_status", "cancelled", caller.user_id, before.id,
            booking_id=booking.id, places_delta=freed, tell=False,
        )  # fmt: skip
    await change.edit_announcement(before.id, {"will": Will.CANCELLED, "places_taken": 0})
    guests = [str(booking.guest_id) for booking in bookings]
    told = before.will != Will.DRAFT and bool(guests)
    await change.record("announcement_cancelled", "", caller.user_id, before.id, detail={"guests": guests}, tell=told)


def plain(value: Any) -> str:
    """A column's value as a person's notice shows it."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def in_future(event_time: datetime) -> None:
    """Raises InvalidArgument (EVENT_TIME_IN_PAST)."""
    if event_time <= clock.now():
        raise InvalidArgument(
            "EVENT_TIME_IN_PAST", "event_time must be in the future", fields={"event_time": "must be in the future"}
        )


def known_zone(name: str) -> str:
    """The name of an IANA time zone. Raises InvalidArgument (INVALID_FIELDS)."""
    if name not in ZONES:
        raise InvalidArgument(
            "INVALID_FIELDS", "time_zone: not an IANA time zone", fields={"time_zone": "must be an IANA name"}
        )
    return ZoneInfo(name).key


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
