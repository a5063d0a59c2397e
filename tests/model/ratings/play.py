"""Random histories: who is invited, and what people do between the moments that matter."""

from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st

from tests.model.ratings.deeds import (
    Deed,
    cancel,
    edit,
    mark,
    moderate,
    move,
    rate,
    report,
    review,
    revoke,
    say_held,
    withdraw,
)
from tests.model.ratings.troupe import GUESTS, HOSTS, PEOPLE, STRANGER, Troupe
from tests.model.ratings.world import DAY, MODERATOR, PRESENT, SEATED, SUPER, Words, World

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
T = TypeVar("T")

TEXTS = st.sampled_from(["", "Lovely", "Мило, ёлки", "<b>&\"'", "long " * 40])
WORDS = st.builds(Words, st.sampled_from([1, 2, 5, 9, 10, 10]), TEXTS, st.sampled_from(["", "He stole a spoon."]))
FIELDS = st.sets(st.sampled_from(["score", "text", "note"]), min_size=1).map(frozenset)
FATES = st.sampled_from(["ACCEPTED", "ACCEPTED", "ACCEPTED", "ACCEPTED", "DECLINED", "WITHDRAWN"])
ACTIONS = ["HIDE", "HIDE", "RESTORE", "DISMISS"]
SELDOM = st.sampled_from([False, False, False, False, True])


class Draw:
    """Hypothesis, asked one thing after the other."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def of(self, strategy: st.SearchStrategy[T]) -> T:
        return self.data.draw(strategy)

    def one(self, choices: list[T], otherwise: list[T]) -> T:
        """One of these; seldom, or if there is none, one of the others."""
        return self.of(st.sampled_from(otherwise if not choices or self.of(SELDOM) else choices))


Invitation = tuple[str, datetime, list[tuple[str, str]], bool]


def invitations(draw: Draw, first: datetime) -> list[Invitation]:
    """Two or three evenings, a day after each other, mostly of one host."""
    found: list[Invitation] = []
    for day in range(draw.of(st.integers(2, 3))):
        host = draw.of(st.sampled_from([HOSTS[0], *HOSTS, GUESTS[0]]))
        others = st.sampled_from([guest for guest in GUESTS if guest != host])
        guests = draw.of(st.lists(others, min_size=1, max_size=4, unique=True))
        fates = [(guest, draw.of(FATES)) for guest in guests]
        # Who left may come back with another booking.
        fates += [(guest, "ACCEPTED") for guest, fate in fates if fate == "WITHDRAWN" and draw.of(SELDOM)]
        found.append((host, first + day * DAY, fates, draw.of(SELDOM)))
    return found


def invite(troupe: Troupe, invitations: list[Invitation]) -> None:
    """All of them announced and applied for, and another long after, so that hosts are hosts to come."""
    for invitation in invitations:
        troupe.announce(*invitation)
    last = invitations[-1][1]
    for number, host in enumerate([*HOSTS, GUESTS[0]]):
        troupe.announce(host, last + (100 + number) * DAY, [])


def moments(draw: Draw, world: World) -> list[datetime]:
    """When something changes by itself: just after the end, just after the window has closed; seldom just before.

    And two hours before the first begins: who leaves it then is late, who leaves the others is not; and while it runs.
    """
    found = [world.evenings[0].start - 2 * HOUR, world.evenings[0].start + MINUTE]
    for evening in world.evenings:
        if evening.bookings:
            found += [evening.end + MINUTE, evening.closes + MINUTE]
            found += [evening.closes - 10 * MINUTE] if draw.of(SELDOM) else []
    return sorted(found)


def deed(draw: Draw, world: World, now: datetime) -> Deed:
    """What somebody does next: mostly what he may."""
    if now < world.evenings[0].end and draw.of(st.booleans()):
        return leave(draw, world, now)
    invited = [number for number, evening in enumerate(world.evenings) if evening.bookings]
    number = draw.one([number for number in invited if world.evenings[number].end <= now], invited)
    return draw.of(st.sampled_from(HABITS))(draw, world, number, now)


def leave(draw: Draw, world: World, now: datetime) -> Deed:
    """Before an evening somebody gives his place back, or it is called off; while it runs it may be too late."""
    number = draw.of(st.integers(0, 1))
    evening = world.evenings[number]
    if now >= evening.start and draw.of(SELDOM):
        return move(draw.one([evening.host], [STRANGER, SUPER]), world, number)
    if draw.of(SELDOM):
        return cancel(draw.one([evening.host], [STRANGER, SUPER]), number)
    at = draw.of(st.integers(0, len(evening.bookings) - 1))
    if draw.of(SELDOM):
        return revoke(draw.one([evening.host], [STRANGER, evening.bookings[at].guest]), number, at)
    return withdraw(draw.one([evening.bookings[at].guest], [STRANGER, evening.host]), number, at)


def some_rating(draw: Draw, world: World, number: int, now: datetime) -> Deed:
    """One says of the other what he thinks."""
    bookings = list(enumerate(world.evenings[number].bookings))
    both = [(at, who) for at, each in bookings for who in (each.guest, world.evenings[number].host)]
    silent = [pair for pair in both if pair_of(world, number, *pair) in world.evenings[number].silent()]
    at, who = draw.one(silent, [(at, who) for at, _ in bookings for who in PEOPLE])
    return rate(who, world, number, at, draw.of(WORDS))


def some_review(draw: Draw, world: World, number: int, now: datetime) -> Deed:
    """A guest does so by the older path."""
    evening = world.evenings[number]
    silent = [author for author, rated in sorted(evening.silent()) if rated == evening.host]
    return review(draw.one(silent, list(PEOPLE)), world, number, draw.of(WORDS))


def some_edit(draw: Draw, world: World, number: int, now: datetime) -> Deed:
    """One changes his mind."""
    evening = world.evenings[number]
    both = [(at, who) for at, each in enumerate(evening.bookings) for who in (each.guest, evening.host)]
    said = {rating.pair for rating in evening.ratings}
    at, who = draw.one([pair for pair in both if pair_of(world, number, *pair) in said], both)
    return edit(who, world, number, at, draw.of(FIELDS), draw.of(WORDS))


def some_marks(draw: Draw, world: World, number: int, now: datetime) -> Deed:
    """The host says who came; seldom of one who had no place."""
    evening = world.evenings[number]
    every = list(range(len(evening.bookings)))
    seated = [at for at in every if evening.bookings[at].state in SEATED]
    named = draw.of(st.lists(st.sampled_from(seated or every), min_size=1, unique=True))
    came = draw.of(st.integers(0, len(named)))
    who = draw.one([evening.host], [STRANGER, SUPER, *GUESTS])
    return mark(who, number, tuple(named[:came]), tuple(named[came:]))


def some_word(draw: Draw, world: World, number: int, now: datetime) -> Deed:
    """A guest says that there was nothing, or that there was after all."""
    present = sorted(each.guest for each in world.evenings[number].bookings if each.state in PRESENT)
    return say_held(draw.one(present, list(PEOPLE)), number, draw.of(SELDOM))


def some_report(draw: Draw, world: World, number: int, now: datetime) -> Deed:
    """Somebody does not like a rating."""
    return report(draw.of(st.sampled_from(PEOPLE)), number, *revealed(draw, world, number, now))


def some_moderation(draw: Draw, world: World, number: int, now: datetime) -> Deed:
    """A moderator decides, seldom somebody else tries."""
    who, action = draw.one([MODERATOR, SUPER], list(PEOPLE)), draw.of(st.sampled_from(ACTIONS))
    return moderate(who, number, *revealed(draw, world, number, now), action)


HABITS = [some_rating] * 4 + [some_review, some_edit, some_marks, some_word, some_report, some_moderation]


def revealed(draw: Draw, world: World, number: int, now: datetime) -> tuple[str, str]:
    """Who said what of whom; seldom what is sealed, or was not said."""
    evening = world.evenings[number]
    pairs = sorted(rating.pair for rating in evening.ratings if world.revealed(rating, now))
    return draw.one(pairs, [(guest, evening.host) for guest in GUESTS])


def pair_of(world: World, evening: int, number: int, who: str) -> tuple[str, str]:
    """Whom somebody would rate by this booking."""
    there = world.evenings[evening]
    return who, there.bookings[number].guest if who == there.host else there.host
