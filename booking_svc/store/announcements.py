"""SQL that reads announcements."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text

from booking_svc.schema import LIVE, LONGEST, SEATED, Status, one_of
from booking_svc.store.blocks import BLOCKED, HELD, is_blocked, not_hidden
from booking_svc.store.scores import standing
from mesh import clock
from mesh.batch import Batcher
from mesh.database import Database, Row

COLUMNS = """a.id, a.author_id, a.movie_id, a.will, a.title, a.description, a.sub_only, a.is_free, a.accept_at_once,
    a.tickets_count, a.places_taken, a.event_time, a.duration_minutes, a.end_time, a.event_location, a.city,
    a.address_for_guests_only, a.time_zone, a.version, a.create_time, a.update_time, a.publish_time, a.cancel_reason,
    a.late_minutes, a.move_time"""
LIST_COLUMNS = """a.id, a.xmin, a.author_id, a.movie_id, a.will, a.title, a.sub_only, a.is_free, a.accept_at_once,
    a.tickets_count, a.places_taken, a.event_time, a.duration_minutes, a.end_time, a.event_location, a.city,
    a.address_for_guests_only, a.time_zone"""
"""`xmin` is what PostgreSQL tells the versions of a row apart by."""
FIND = text(f"SELECT {COLUMNS}, {BLOCKED} FROM announcements a WHERE a.id = :id")
LIST_DETAILS = text(
    f"""SELECT {COLUMNS}, {BLOCKED}, as_host.mean AS author_rating, as_host.count AS author_rating_count, (
        SELECT coalesce(json_agg(json_build_object(
            'booking_id', b.id, 'guest_id', b.guest_id, 'state', b.state, 'tickets', b.tickets,
            'rating', as_guest.mean, 'rating_count', as_guest.count
        ) ORDER BY b.accept_time, b.id), '[]')::text
        FROM bookings b CROSS JOIN LATERAL {standing("b.guest_id", of_host=False)} AS as_guest
        WHERE b.announcement_id = a.id AND {one_of("b.state", SEATED)}
    ) AS guests
    FROM announcements a CROSS JOIN LATERAL {standing("a.author_id", of_host=True)} AS as_host
    WHERE a.id = ANY(:ids)"""
)
VENUE_DAY = "CAST(a.event_time AT TIME ZONE a.time_zone AS date)"
# The span lets an index find the day's neighbourhood; the day itself depends on each venue's zone.
ON_DAY = f"a.event_time >= :begins AND a.event_time < :ends AND {VENUE_DAY} = :date"
BEGUN_OR_FULL = "(a.will = 'CLOSED' OR a.places_taken >= a.tickets_count OR a.event_time <= :now)"
STATUSES = {
    Status.CREATED: "a.will = 'DRAFT'",
    Status.ALIVE: "a.will = 'PUBLISHED' AND a.places_taken < a.tickets_count AND a.event_time > :now",
    Status.CLOSED: f"a.will IN ('PUBLISHED', 'CLOSED') AND a.end_time > :now AND {BEGUN_OR_FULL}",
    Status.DONE: "a.will IN ('PUBLISHED', 'CLOSED') AND a.end_time <= :now AND a.event_time <= :now",
    Status.CANCELLED: "a.will = 'CANCELLED'",
}
"""The rule of schema.status(), for filters: one by one, so that PostgreSQL knows how many to expect and walks times."""
NOT_OVER = "a.event_time > :earliest AND a.end_time > :now"
CONDITIONS = {
    "author": "a.author_id = :author",
    "movie": "a.movie_id = :movie",
    "is_free": "a.is_free = :is_free",
    "private": "a.sub_only = :private",
    "tickets": "a.tickets_count - a.places_taken >= :tickets",
    "date": ON_DAY,
    "location": "a.location_key LIKE search_key(:location)",
    "from_time": "a.event_time >= :from_time",
    "from_day": f"a.event_time >= :from_begins AND {VENUE_DAY} >= :from_day",
    "to_time": "a.event_time <= :to_time",
    "to_day": f"a.event_time < :to_ends AND {VENUE_DAY} <= :to_day",
    "published": "a.publish_time IS NOT NULL",
    "upcoming": f"a.will IN ('PUBLISHED', 'CLOSED') AND {NOT_OVER}",
    "not_hidden": not_hidden("a"),
    "open": f"""(
        NOT a.sub_only OR a.author_id = :person OR a.author_id = ANY(CAST(:followed AS uuid[]))
        OR a.id IN (SELECT held.announcement_id FROM bookings AS held WHERE held.guest_id = :person AND {HELD})
    )""",
    "after": "(a.event_time, a.id) > (:after_time, :after_id)",
}


@cache
def list_statement(conditions: frozenset[str], statuses: frozenset[Status] = frozenset()) -> TextClause:
    """The list's statement for a set of conditions: PostgreSQL plans each shape for itself."""
    parts = [CONDITIONS[name] for name in sorted(conditions)]
    if statuses:
        parts.append(f"({' OR '.join(f'({STATUSES[status]})' for status in sorted(statuses))})")
    where = " AND ".join(parts) or "true"
    columns = f"{LIST_COLUMNS}, {BLOCKED}" if conditions <= ANY_TIME else LIST_COLUMNS
    return text(f"SELECT {columns} FROM announcements a WHERE {where} ORDER BY a.event_time, a.id LIMIT :count")


ANY_TIME = frozenset({"published", "upcoming", "after"})
"""Conditions that one plan suits whatever their values are: along the index of times until the page is full."""
TOGETHER = 100
"""Most who are answered by one statement."""
PACE = 0.005
"""Seconds between two statements while many ask."""
GUEST_OF = text(
    f"""SELECT announcement_id, {one_of("state", SEATED)} AS seated FROM bookings
    WHERE announcement_id = ANY(:ids) AND guest_id = :person AND {one_of("state", {*LIVE, *SEATED})}"""
)


class Page(NamedTuple):
    """A page that is quickly found along the index of times."""

    conditions: frozenset[str]
    size: int
    after: tuple[datetime, UUID] | None


Asking = UUID | None
"""The person who asks."""


class AnnouncementStore:
    """Announcements as they are. `planned` is the same database, for statements that need one plan only.

    What is read most is read together: by a statement that begins when all have asked, so nobody is told anything old.
    """

    def __init__(self, database: Database, planned: Database) -> None:
        self.database = database
        self.planned = planned
        self.details: Batcher[tuple[UUID, Asking], Row | None] = Batcher(self.list_details, limit=TOGETHER, pace=PACE)
        self.pages: Batcher[tuple[Page, Asking], Sequence[Row]] = Batcher(self.list_pages, limit=TOGETHER, pace=PACE)

    async def find(self, announcement_id: UUID, person: Asking) -> Row | None:
        """An announcement, and as `blocked` the person if anybody blocks him; or None."""
        parameters = {"id": announcement_id, "persons": known([person])}
        return (await self.database.read(FIND, parameters)).one_or_none()

    async def guest_of(self, ids: Collection[UUID], person: UUID | None) -> dict[UUID, bool]:
        """At which of these evenings a person has a live booking or had a place, each with whether it is a place."""
        rows = (await self.database.read(GUEST_OF, {"ids": list(ids), "person": person})).all()
        return {row.announcement_id: row.seated for row in rows}

    async def find_detail(self, announcement_id: UUID, person: Asking) -> Row | None:
        """An announcement with its host's rating and, as JSON, its accepted guests; or None.

        `blocked` has the person if anybody blocks him; others, too, who asked at this moment.
        """
        return await self.details.submit((announcement_id, person))

    async def list_details(self, asked: Sequence[tuple[UUID, Asking]]) -> Sequence[Row | None]:
        """As find_detail(), for many."""
        ids, persons = zip(*asked, strict=True)
        parameters = {"ids": ids, "persons": known(persons), "now": clock.now()}
        found = {row.id: row for row in (await self.planned.read(LIST_DETAILS, parameters)).all()}
        return [found.get(each) for each in ids]

    async def list(self, conditions: frozenset[str], count: int, values: dict[str, Any]) -> Sequence[Row]:
        """At most `count` announcements that meet all conditions, soonest first."""
        shared = conditions - {"not_hidden"}
        if shared <= ANY_TIME:
            after = (values["after_time"], values["after_id"]) if "after" in conditions else None
            rows = await self.pages.submit((Page(shared, count, after), values["person"]))
            if shared == conditions or not rows or not is_blocked(rows[0], values["person"]):
                return rows
        return await self.read(self.database, conditions, count, values)

    async def list_pages(self, asked: Sequence[tuple[Page, Asking]]) -> Sequence[Sequence[Row]]:
        """As list(), for many; most of them want the same."""
        pages, persons = zip(*asked, strict=True)
        found = {page: await self.read_page(page, known(persons)) for page in dict.fromkeys(pages)}
        return [found[page] for page in pages]

    async def read_page(self, page: Page, persons: Sequence[UUID]) -> Sequence[Row]:
        """The rows of a page."""
        after_time, after_id = page.after or (None, None)
        values = {"after_time": after_time, "after_id": after_id, "persons": persons}
        return await self.read(self.planned, page.conditions, page.size, values)

    async def read(
        self, database: Database, conditions: frozenset[str], count: int, values: dict[str, Any]
    ) -> Sequence[Row]:
        """The statement of list()."""
        now = clock.now()
        times = {"now": now, "earliest": now - LONGEST}
        statement = list_statement(conditions - {"status"}, frozenset(map(Status, values.get("status", ()))))
        return (await database.read(statement, {**values, **times, "count": count})).all()


def known(persons: Iterable[Asking]) -> list[UUID]:
    """Those of many who ask that are persons, each once."""
    return [person for person in dict.fromkeys(persons) if person is not None]
