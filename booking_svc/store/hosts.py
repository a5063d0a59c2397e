"""SQL of hosts and what they have to offer."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import TextClause, text

from booking_svc.schema import LIVE, one_of
from booking_svc.store.blocks import not_hidden
from booking_svc.store.ratings import mean_score
from mesh import clock
from mesh.caller import Caller
from mesh.database import Database, Row


def offered(evening: str, of_film: bool) -> str:
    """The condition that an evening is to come and the caller may see it."""
    film = f"AND {evening}.movie_id = :movie" if of_film else ""
    return f"""{evening}.publish_time IS NOT NULL AND {evening}.will IN ('PUBLISHED', 'CLOSED')
        AND {evening}.event_time > CAST(:now AS timestamptz) {film}
        AND (:sees_all OR {not_hidden(evening)}) AND (
            NOT {evening}.sub_only OR :sees_all OR {evening}.author_id = :person
            OR {evening}.author_id = ANY(CAST(:followed AS uuid[]))
            OR EXISTS (
                SELECT FROM bookings AS held WHERE held.announcement_id = {evening}.id AND held.guest_id = :person
                AND {one_of("held.state", LIVE)}
            )
        )"""


@cache
def list_statement(of_film: bool, continued: bool) -> TextClause:
    """Walks evenings in the order of time and keeps each host's first; adds up only for those on the page.

    A host's first is looked up one by one: a join, which PostgreSQL may turn around, compares all evenings of a film.
    """
    after = "AND (a.event_time, a.author_id) > (:after_time, :after_id)" if continued else ""
    return text(
        f"""WITH host AS (
            SELECT a.author_id, a.event_time FROM announcements a
            WHERE {offered("a", of_film)} {after} AND a.id = (
                SELECT own.id FROM announcements own WHERE own.author_id = a.author_id AND {offered("own", of_film)}
                ORDER BY own.event_time, own.id LIMIT 1
            )
            ORDER BY a.event_time, a.author_id LIMIT :count
        )
        SELECT host.author_id, host.event_time, total.evenings, total.places_left,
            {mean_score("host.author_id", of_host=True)} AS rating
        FROM host CROSS JOIN LATERAL (
            SELECT count(*) AS evenings,
                coalesce(sum(tickets_count - places_taken) FILTER (WHERE will = 'PUBLISHED'), 0) AS places_left
            FROM announcements e WHERE e.author_id = host.author_id AND {offered("e", of_film)}
        ) AS total
        ORDER BY host.event_time, host.author_id"""
    )


class HostStore:
    """Hosts as guests look for them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(
        self,
        caller: Caller,
        movie: UUID | None,
        followed: Collection[UUID],
        after: tuple[datetime, UUID] | None,
        count: int,
    ) -> Sequence[Row]:
        """At most `count` hosts of evenings (of a film) that the caller may see, the soonest evening's first."""
        after_time, after_id = after or (None, None)
        parameters = {
            "movie": movie,
            "person": caller.user_id,
            "sees_all": caller.is_super,
            "followed": list(followed),
            "after_time": after_time,
            "after_id": after_id,
            "now": clock.now(),
            "count": count,
        }
        return (await self.database.read(list_statement(movie is not None, after is not None), parameters)).all()
