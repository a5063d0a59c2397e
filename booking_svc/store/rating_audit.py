"""SQL that adds ratings up again."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from mesh.database import Database, Row

# One statement sees one moment: whoever counts ratings meanwhile changes both sides of it or none.
AUDIT = text(
    """WITH person AS MATERIALIZED (
        SELECT person_id FROM (
            (SELECT DISTINCT person_id FROM standings WHERE person_id > :after ORDER BY person_id LIMIT :count)
            UNION
            (SELECT DISTINCT rated_id FROM ratings WHERE rated_id > :after AND count_time IS NOT NULL
                ORDER BY rated_id LIMIT :count)
        ) AS known ORDER BY person_id LIMIT :count
    ), kept AS (
        SELECT * FROM standings WHERE person_id IN (SELECT person_id FROM person)
    ), found AS (
        SELECT rated_id AS person_id, of_host, count(*) AS count, sum(score) AS sum FROM ratings
        WHERE rated_id IN (SELECT person_id FROM person) AND count_time IS NOT NULL GROUP BY rated_id, of_host
    )
    SELECT person.person_id, coalesce(of_host, true) AS of_host,
        coalesce(kept.ratings_count, 0) AS ratings_count, coalesce(kept.ratings_sum, 0) AS ratings_sum,
        coalesce(found.count, 0)::integer AS count_by_ratings, coalesce(found.sum, 0)::integer AS sum_by_ratings
    FROM kept FULL JOIN found USING (person_id, of_host) RIGHT JOIN person USING (person_id) ORDER BY person_id"""
)


class RatingAuditStore:
    """Standings against the ratings that they should be made of."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, after: UUID, count: int) -> Sequence[Row]:
        """At most `count` persons behind an id, each as a host and as a guest; one row for whom nothing counts yet."""
        return (await self.database.read(AUDIT, {"after": after, "count": count})).all()
