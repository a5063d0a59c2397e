"""SQL that finds films by what somebody typed."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from mesh.database import Database, Row
from movie_svc.store.movies import COLUMNS, FILTERS

TYPED = text("SELECT search_key(:query) AS key, search_words(:query) AS words")
LOOKED_UP = text(
    """SELECT ARRAY(
        SELECT word FROM unnest(CAST(:words AS text[])) AS typed (word)
        WHERE NOT EXISTS (SELECT FROM vocabulary WHERE vocabulary.word = typed.word)
    ) AS unknown,
    ARRAY(SELECT word FROM vocabulary WHERE word LIKE :beginning || '%' ORDER BY word LIMIT :count) AS longer"""
)
ALL_INSIDE = text(
    """SELECT NOT EXISTS (SELECT FROM unnest(CAST(:words AS text[])) AS typed (word)
    WHERE NOT EXISTS (SELECT FROM vocabulary WHERE vocabulary.word LIKE '%' || typed.word || '%')) AS inside"""
)
# What has a digit is a year or a number: nobody meant another one.
NEAR = text(
    """SELECT word FROM vocabulary
    CROSS JOIN LATERAL levenshtein_less_equal(word, :word, 2) AS distance
    WHERE deletions && deletions(:word) AND distance <= 2 AND word !~ '[[:digit:]]'
    ORDER BY distance, word LIMIT :count"""
)
LIKE_IT = text(
    """SELECT word FROM vocabulary
    WHERE word % :word AND levenshtein_less_equal(word, :word, 2) <= 2 AND word !~ '[[:digit:]]'
    ORDER BY word <-> :word, word LIMIT :count"""
)
TITLED = """id IN (
    SELECT id FROM movies WHERE title_key = :key UNION ALL SELECT movie_id FROM movie_titles WHERE title_key = :key
)"""
# Escaped only after the accents are gone: taking them away can make a percent sign of what was none.
ESCAPED = r"regexp_replace(:key, '([\\%_])', '\\\1', 'g')"
CONDITIONS = {
    **FILTERS,
    "titled": TITLED,
    "not_titled": f"NOT {TITLED}",
    "terms": "words @@ CAST(:terms AS tsquery)",
    "part": f"title_key LIKE '%' || {ESCAPED} || '%'",
    "begins": f"title_key LIKE {ESCAPED} || '%'",
    "after": "(votes, id) < (:after_votes, :after_id)",
    "at_least": "magnitude >= :magnitude",
    "exactly": "magnitude = :magnitude",
    # Of all others: most films have few votes, so there is no use in looking those up.
    "at_most": "magnitude + 0 <= :magnitude",
}
COUNT = 40
"""Most words that one typed word may stand for."""
LEVELS = (("at_least", 6), ("exactly", 5), ("exactly", 4), ("exactly", 3), ("at_most", 2))
"""How well films are known, the best first: by how many digits their votes have. Few are known well, and a page of what
is common is among them."""
COARSE = (("at_least", 5), ("at_most", 4))
"""For beginnings of words: for each of these PostgreSQL first gathers all that begin like that."""
BEGINNING = ":*"
"""Makes a word of a query the beginning of one."""


@cache
def statement(conditions: frozenset[str]) -> TextClause:
    """The best known of the films that meet the conditions, which are looked up by their words and then sorted.

    PostgreSQL left alone takes any beginning of a word for one of half a percent of all films, and goes through most
    of a million by their votes to find the only one.
    """
    return text(
        f"""WITH found AS MATERIALIZED (SELECT id, votes FROM movies WHERE {where(conditions)}),
        best AS (SELECT id FROM found ORDER BY votes DESC, id DESC LIMIT :count)
        SELECT {COLUMNS} FROM movies WHERE id IN (SELECT id FROM best) ORDER BY votes DESC, id DESC"""
    )


def where(conditions: frozenset[str]) -> str:
    """All of them; PostgreSQL plans each set for itself."""
    return " AND ".join(CONDITIONS[name] for name in sorted(conditions)) or "true"


class SearchStore:
    """Films by words. `planned` plans each statement for its own values: how rare a word is decides."""

    def __init__(self, planned: Database) -> None:
        self.planned = planned

    async def read(self, query: str) -> Row:
        """What was typed, as it is compared: a key, and its words."""
        return (await self.planned.read(TYPED, {"query": query})).one()

    async def look_up(self, words: Sequence[str], beginning: str | None) -> Row:
        """Which of the words no film has (`unknown`), and some that begin like this (`longer`, at most COUNT + 1)."""
        values = {"words": words, "beginning": beginning, "count": COUNT + 1}
        return (await self.planned.read(LOOKED_UP, values)).one()

    async def are_inside(self, words: Sequence[str]) -> bool:
        """Whether each is a part of some word that a film has."""
        return bool((await self.planned.read(ALL_INSIDE, {"words": words})).one().inside)

    async def near(self, word: str) -> Sequence[str]:
        """Words that somebody who typed this one may have meant, the nearest first.

        One letter wrong, missing, too many or swapped; in longer ones two.
        """
        values = {"word": word, "count": COUNT}
        found = (await self.planned.read(NEAR, values)).column()
        if not found and len(word) > 5:
            found = (await self.planned.read(LIKE_IT, values)).column()
        return found

    async def list(
        self, conditions: frozenset[str], values: dict[str, Any], after: tuple[int, UUID] | None, count: int
    ) -> Sequence[Row]:
        """At most `count` films that meet all conditions, the best known first, behind `after` (votes and id)."""
        if after is not None:
            conditions |= {"after"}
            values = {**values, "after_votes": after[0], "after_id": after[1]}
        if "titled" in conditions:
            return (await self.planned.read(statement(conditions), {**values, "count": count})).all()
        rows: list[Row] = []
        for level, magnitude in COARSE if BEGINNING in values.get("terms", "") else LEVELS:
            if level == "at_most" or after is None or magnitude <= len(str(after[0])):
                values = {**values, "magnitude": magnitude, "count": count - len(rows)}
                rows += (await self.planned.read(statement(conditions | {level}), values)).all()
            if len(rows) == count:
                break
        return rows
