"""Finding films by what somebody typed: titles in any language, people, a year, also with letters that are wrong."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from mesh import paging
from mesh.database import Row
from movie_svc.store.search import BEGINNING, COUNT, SearchStore

PREFIX = 3
"""From so many letters on the last word may be the beginning of one; shorter words are in no vocabulary."""
SURE = 3
"""Words of so few letters are what they are: too many others are near."""
MOST_VOTES = 2**31 - 1
CORRECTED = 8
"""Most words of a query that others are looked for in the place of."""


class Way(StrEnum):
    """How films are looked for; the next way is taken only if one finds nothing at all."""

    TITLE = "title"
    """A title that is just this, and behind those films that have all the words."""
    WORDS = "words"
    """All the words, among titles, people and the year; not the title alone."""
    PART = "part"
    """A title that has this somewhere in it, also in the middle of a word."""
    NEAR = "near"
    """All the words or others that are near."""


class Typed(NamedTuple):
    """What somebody is looking for."""

    key: str
    words: Sequence[str]
    longer: Sequence[str]
    """What the last word may be the beginning of; at most COUNT + 1, so that more than COUNT are too many to list."""
    unknown: Sequence[str]
    """Words that no film has. The shortest are not looked up, and so are never among them."""


class Place(NamedTuple):
    """Behind which film a page begins."""

    way: Way
    votes: int
    id: UUID


class Search:
    """Films for a query, the best first."""

    def __init__(self, store: SearchStore) -> None:
        self.store = store

    async def find(self, query: str, wanted: dict[str, Any], size: int, token: str) -> tuple[Sequence[Row], str]:
        """A page of films and the next page's token; `wanted` holds the filters.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        scope = ("search", query, sorted(wanted.items()))
        size, place = paging.page_size(size), position(token, scope)
        typed = await self.read(query)
        rows: list[tuple[Way, Row]] = []
        for way in [place.way] if place else await self.ways(typed):
            rows = await self.page(way, typed, wanted, place, size + 1)
            if rows:
                break
        page, behind = paging.cut(rows, size, lambda last: paging.encode(key_of(*last), *scope))
        return [row for _, row in page], behind

    async def read(self, query: str) -> Typed:
        """What was typed, and which of it films have."""
        read = await self.store.read(query)
        last = read.words[-1] if read.words and not query[-1:].isspace() else ""
        beginning = last if len(last) >= PREFIX else None
        found = await self.store.look_up([word for word in read.words if len(word) >= PREFIX], beginning)
        unknown = [word for word in found.unknown if word != beginning or not found.longer]
        return Typed(read.key.strip(), read.words, found.longer, unknown)

    async def ways(self, typed: Typed) -> Sequence[Way]:
        """How the films may be found: what cannot find any need not be tried."""
        if not typed.unknown:
            return Way.TITLE, Way.PART, Way.NEAR
        return (Way.PART, Way.NEAR) if await self.store.are_inside(typed.unknown) else (Way.NEAR,)

    async def page(
        self, way: Way, typed: Typed, wanted: dict[str, Any], place: Place | None, count: int
    ) -> list[tuple[Way, Row]]:
        """At most `count` films found in a way, each with it; behind titles come those that have the words."""
        after = (place.votes, place.id) if place else None
        conditions, values = await self.conditions(way, typed)
        rows: list[Row] = []
        if conditions is not None:
            asked = frozenset(conditions | wanted.keys())
            rows = list(await self.store.list(asked, {**wanted, **values}, after, count))
        found = [(way, row) for row in rows]
        if way is Way.TITLE and len(found) < count:
            found += await self.page(Way.WORDS, typed, wanted, None, count - len(found))
        return found

    async def conditions(self, way: Way, typed: Typed) -> tuple[set[str] | None, dict[str, Any]]:
        """What a way asks for, None if it cannot find anything, and the values for it."""
        match way:
            case Way.TITLE:
                return {"titled"}, {"key": typed.key}
            case Way.WORDS if typed.words:
                return {"terms", "not_titled"}, {"key": typed.key, "terms": terms(typed, {})}
            case Way.PART:
                # Of fewer than three letters no index knows the middle.
                return {"part" if len(typed.key) >= PREFIX else "begins"}, {"key": typed.key}
            case Way.NEAR if typed.words:
                near = {word: await self.store.near(word) for word in typed.words[:CORRECTED] if correctable(word)}
                return ({"terms"}, {"terms": terms(typed, near)}) if any(near.values()) else (None, {})
        return None, {}


def terms(typed: Typed, near: dict[str, Sequence[str]]) -> str:
    """The words as PostgreSQL's text search takes them: all of them, each or one that is near or begins with it.

    Words are letters and digits, so nothing in them needs an escape.
    """
    groups = [[f"'{word}'", *(f"'{other}'" for other in near.get(word, ()))] for word in typed.words]
    if len(typed.longer) > COUNT:
        groups[-1][0] += BEGINNING
    else:
        # Of a beginning PostgreSQL gathers all films; of whole words only those that the other words leave.
        groups[-1] += [f"'{word}'" for word in typed.longer if word != typed.words[-1]]
    return " & ".join(f"({' | '.join(group)})" for group in groups)


def correctable(word: str) -> bool:
    """Whether a word may have been meant to be another one."""
    return len(word) > SURE and not any(sign.isdigit() for sign in word)


def key_of(way: Way, row: Row) -> tuple[str, str, str]:
    """Where a film stands in a list."""
    return way.value, str(row.votes), str(row.id)


def position(token: str, scope: tuple[object, ...]) -> Place | None:
    """Where a page begins. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
    key = paging.decode(token, 3, *scope)
    if key is None:
        return None
    try:
        place = Place(Way(key[0]), int(key[1]), UUID(key[2]))
    except ValueError:
        raise paging.foreign() from None
    if not 0 <= place.votes <= MOST_VOTES:
        raise paging.foreign()
    return place
