"""SQL of hosts and what they have to offer."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text

from booking_svc.schema import LIVE, one_of
from booking_svc.store.blocks import not_hidden
from booking_svc.store.scores import standing, uncounted
from mesh import clock
from mesh.caller import Caller
from mesh.database import Database, Row
from mesh.paging import Place


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


def first_of(evening: str, of_film: bool) -> str:
    """The condition that an evening is its host's first.

    Looked up one by one: a join, which PostgreSQL may turn around, compares all evenings of a film.
    """
    return f"""{evening}.id = (
        SELECT own.id FROM announcements own WHERE own.author_id = {evening}.author_id AND {offered("own", of_film)}
        ORDER BY own.event_time, own.id LIMIT 1
    )"""


def described(host: str, of_film: bool) -> str:
    """What a list tells of each host of a table with author_id, added up for those on the page only."""
    return f"""SELECT {host}.*, total.*, as_host.mean AS rating, as_host.count AS rating_count
        FROM {host} CROSS JOIN LATERAL (
            SELECT min(event_time) AS event_time, count(*) AS evenings,
                coalesce(sum(tickets_count - places_taken) FILTER (WHERE will = 'PUBLISHED'), 0) AS places_left
            FROM announcements e WHERE e.author_id = {host}.author_id AND {offered("e", of_film)}
        ) AS total CROSS JOIN LATERAL {standing(f"{host}.author_id", of_host=True)} AS as_host"""


@cache
def soonest_statement(of_film: bool, continued: bool) -> TextClause:
    """Walks evenings in the order of time and keeps each host's first."""
    after = "AND (a.event_time, a.author_id) > (:after_time, :after_id)" if continued else ""
    return text(
        f"""WITH host AS (
            SELECT a.author_id FROM announcements a WHERE {offered("a", of_film)} {after} AND {first_of("a", of_film)}
            ORDER BY a.event_time, a.author_id LIMIT :count
        )
        {described("host", of_film)} ORDER BY event_time, author_id"""
    )


BEHIND = "(bound < :after_bound OR (bound = :after_bound AND author_id > :after_id))"


@cache
def best_statement(of_film: bool) -> TextClause:
    """Walks standings from the best one down; then, those whom nobody has rated, evenings in the order of time.

    Standings that are about to change, because ratings have just been revealed, are taken as they are going to be.
    """
    # Looked up one by one, as everything below whose answer is a single row: as joins they might be all read first.
    shows = f"(SELECT true FROM announcements own WHERE own.author_id = {{0}} AND {offered('own', of_film)} LIMIT 1)"
    if of_film:
        # One film's evenings are few among all: they lead to their hosts, not the other way round.
        shows = f"{{0}} IN (SELECT own.author_id FROM announcements own WHERE {offered('own', of_film)})"
    return text(
        f"""WITH late AS MATERIALIZED (
            SELECT told.author_id, (
                SELECT lower_bound(
                    coalesce(max(kept.ratings_count), 0) + told.count, coalesce(max(kept.ratings_sum), 0) + told.total
                ) FROM standings kept WHERE kept.person_id = told.author_id AND kept.of_host
            ) AS bound
            FROM (
                SELECT rated_id AS author_id, CAST(count(*) AS integer) AS count, CAST(sum(score) AS integer) AS total
                FROM ratings r WHERE r.of_host AND {uncounted("r")} GROUP BY rated_id
            ) AS told
        ), rated AS (
            (
                SELECT author_id, bound FROM (
                    SELECT person_id AS author_id, lower_bound AS bound FROM standings
                    WHERE of_host AND ratings_count > 0
                ) AS kept
                WHERE bound <= :after_bound AND {BEHIND} AND {shows.format("kept.author_id")}
                AND author_id <> ALL (ARRAY(SELECT late.author_id FROM late))
                ORDER BY bound DESC, author_id LIMIT :count
            )
            UNION ALL
            SELECT author_id, bound FROM late WHERE {BEHIND} AND {shows.format("late.author_id")}
            ORDER BY bound DESC, author_id LIMIT :count
        ), host AS (
            SELECT author_id, bound FROM rated
            UNION ALL (
                SELECT a.author_id, CAST(0 AS float8) FROM announcements a
                WHERE {offered("a", of_film)} AND (a.event_time, a.author_id) > (:after_time, :after_id)
                AND {first_of("a", of_film)}
                AND a.author_id <> ALL (ARRAY(SELECT late.author_id FROM late))
                AND (
                    SELECT true FROM standings s WHERE s.person_id = a.author_id AND s.of_host AND s.ratings_count > 0
                ) IS NULL
                ORDER BY a.event_time, a.author_id LIMIT :count - (SELECT count(*) FROM rated)
            )
        )
        {described("host", of_film)} ORDER BY bound DESC, CASE bound WHEN 0 THEN event_time END, author_id"""
    )


class Rank(NamedTuple):
    """Where a host stands in the list of the best: by his lower bound; by his first evening if nobody has rated him."""

    bound: float
    time: datetime
    author_id: UUID


class HostStore:
    """Hosts as guests look for them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list_soonest(
        self, caller: Caller, movie: UUID | None, followed: Collection[UUID], after: Place | None, count: int
    ) -> Sequence[Row]:
        """At most `count` hosts of evenings (of a film) that the caller may see, the soonest evening's first."""
        after_time, after_id = after or (None, None)
        values = {**shared(caller, movie, followed, count), "after_time": after_time, "after_id": after_id}
        return (await self.database.read(soonest_statement(movie is not None, after is not None), values)).all()

    async def list_best(
        self, caller: Caller, movie: UUID | None, followed: Collection[UUID], after: Rank, count: int
    ) -> Sequence[Row]:
        """As list_soonest(), the best rated first and then those whom nobody has rated, the soonest evening's first."""
        values = shared(caller, movie, followed, count)
        values |= {"after_bound": after.bound, "after_time": after.time, "after_id": after.author_id}
        return (await self.database.read(best_statement(movie is not None), values)).all()


def shared(caller: Caller, movie: UUID | None, followed: Collection[UUID], count: int) -> dict[str, Any]:
    """What both lists are asked for."""
    return {
        "movie": movie,
        "person": caller.user_id,
        "sees_all": caller.is_super,
        "followed": list(followed),
        "now": clock.now(),
        "count": count,
    }
