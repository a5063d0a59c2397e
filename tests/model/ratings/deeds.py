"""What people do after an evening: the call, and what it does to a world or why it is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from tests.model.model import refuse
from tests.model.ratings.world import DAY, MODERATOR, PRESENT, SEATED, SUPER, Evening, Rating, Words, World

Effect = Callable[[World, datetime], None]


@dataclass(frozen=True)
class Deed:
    """Who asks for what. Names in braces stand for ids, which differ where other people play the same."""

    who: str
    method: str
    path: str
    body: Any
    effect: Effect = field(repr=False)
    makes: str = ""
    """The name of what it makes."""
    of: tuple[int, str, str] | None = None
    """The evening, the author and the rated where it is about what the author says."""
    otherwise: Callable[[Words], "Deed"] | None = field(default=None, repr=False)
    """The same in other words."""


def rating_name(evening: int, author: str, rated: str) -> str:
    """How a rating is called in paths."""
    return f"rating {evening} {author} {rated}"


def booking_name(evening: int, number: int) -> str:
    """How a booking is called in paths."""
    return f"booking {evening} {number}"


def evening_name(evening: int) -> str:
    """How an evening is called in paths."""
    return f"evening {evening}"


def rate(who: str, world: World, evening: int, number: int, words: Words) -> Deed:
    """Rates the other side of a booking."""
    body = {"score": words.score, "text": words.text, "private_note": words.note}
    place = world.evenings[evening]
    rated = place.bookings[number].guest if who == place.host else place.host

    def effect(world: World, now: datetime) -> None:
        there = world.evenings[evening]
        booking = there.bookings[number]
        refuse(NOT_YOUR_BOOKING=who not in (booking.guest, there.host))
        _add(world, Rating(there, who, rated, words), now, booking.state in PRESENT)

    path = f"/app/v1/rating/{{{booking_name(evening, number)}}}"
    of, again = (evening, who, rated), partial(rate, who, world, evening, number)
    return Deed(who, "POST", path, body, effect, rating_name(*of), of, again)


def review(who: str, world: World, evening: int, words: Words) -> Deed:
    """Rates the host by the older path, which has no private note."""
    host = world.evenings[evening].host

    def effect(world: World, now: datetime) -> None:
        there, present = world.evenings[evening], world.evenings[evening].has_present(who)
        refuse(ANNOUNCEMENT_NOT_FOUND=there.hides_from(who))
        secret = there.private and not present and who != host
        _add(world, Rating(there, who, host, replace(words, note="")), now, present, ANNOUNCEMENT_NOT_FOUND=secret)

    body = {"review_text": words.text, "score": words.score}
    path = f"/app/v1/reviews/{{{evening_name(evening)}}}"
    of, again = (evening, who, host), partial(review, who, world, evening)
    return Deed(who, "POST", path, body, effect, rating_name(*of), of, again)


def edit(who: str, world: World, evening: int, number: int, fields: frozenset[str], words: Words) -> Deed:
    """Changes some of what one said."""
    place = world.evenings[evening]
    rated = place.bookings[number].guest if who == place.host else place.host

    def effect(world: World, now: datetime) -> None:
        there = world.evenings[evening]
        refuse(NOT_YOUR_BOOKING=who not in (there.bookings[number].guest, there.host))
        rating = there.rating(who, rated)
        refuse(RATING_NOT_FOUND=rating is None)
        assert rating is not None
        refuse(RATING_REVEALED=world.revealed(rating, now))
        rating.words = replace(rating.words, **{name: getattr(words, name) for name in fields})
        rating.modified = world.step

    says = {"score": words.score, "text": words.text, "note": words.note}
    body = {"private_note" if name == "note" else name: says[name] for name in sorted(fields)}
    path = f"/app/v1/rating/{{{booking_name(evening, number)}}}"
    again = partial(edit, who, world, evening, number, fields)
    return Deed(who, "PUT", path, body, effect, "", (evening, who, rated), again)


def mark(who: str, evening: int, came: tuple[int, ...], absent: tuple[int, ...]) -> Deed:
    """Notes who was there."""

    def effect(world: World, now: datetime) -> None:
        there = world.evenings[evening]
        _manage(there, who)
        wrong = any(there.bookings[each].state not in SEATED for each in came + absent)
        rated = any(there.rating(there.host, there.bookings[each].guest) for each in absent)
        over = now >= there.end and not there.cancelled
        refuse(EVENING_NOT_OVER=not over, RATING_WINDOW_CLOSED=over and now >= there.closes)
        refuse(WRONG_BOOKING_STATE=wrong, GUEST_WAS_RATED=rated)
        for each in came:
            there.bookings[each].state = "ATTENDED"
        for each in absent:
            there.bookings[each].state = "NO_SHOW"
        there.settle()

    names = {"attended": came, "no_show": absent}
    body = {field: [f"{{{booking_name(evening, each)}}}" for each in ids] for field, ids in names.items()}
    return Deed(who, "POST", f"/app/v1/announcement/{{{evening_name(evening)}}}/attendance", body, effect)


def withdraw(who: str, evening: int, number: int) -> Deed:
    """Gives one's place back."""

    def effect(world: World, now: datetime) -> None:
        there = world.evenings[evening]
        booking = there.bookings[number]
        refuse(NOT_YOUR_BOOKING=who not in (booking.guest, SUPER))
        refuse(
            ANNOUNCEMENT_NOT_OPEN=there.cancelled or now >= there.start, WRONG_BOOKING_STATE=booking.state != "ACCEPTED"
        )
        booking.state, booking.left_late = "WITHDRAWN", there.start - now < DAY

    return Deed(who, "DELETE", f"/app/v1/booking/{{{booking_name(evening, number)}}}", None, effect)


def revoke(who: str, evening: int, number: int) -> Deed:
    """Takes a place back."""

    def effect(world: World, now: datetime) -> None:
        there = world.evenings[evening]
        booking = there.bookings[number]
        refuse(NOT_YOUR_BOOKING=who not in (booking.guest, there.host))
        refuse(
            ANNOUNCEMENT_NOT_OPEN=there.cancelled or now >= there.start, WRONG_BOOKING_STATE=booking.state != "ACCEPTED"
        )
        if who == booking.guest:
            booking.state, booking.left_late = "WITHDRAWN", there.start - now < DAY
        else:
            booking.state, there.let_down = "DECLINED", there.let_down or there.start - now < DAY

    return Deed(who, "PUT", f"/app/v1/booking/{{{booking_name(evening, number)}}}", {"my_status": False}, effect)


def cancel(who: str, evening: int) -> Deed:
    """Calls an evening off."""

    def effect(world: World, now: datetime) -> None:
        there = world.evenings[evening]
        seated = [each for each in there.bookings if each.state == "ACCEPTED"]
        _manage(there, who)
        refuse(ANNOUNCEMENT_ENDED=there.cancelled or now >= there.end)
        refuse(ANNOUNCEMENT_NOT_OPEN=now >= there.start and who == there.host)
        # What super calls off is no fault of the host's.
        there.cancelled = True
        there.cancelled_late = who == there.host and bool(seated) and there.start - now < DAY
        for booking in seated:
            booking.state = "CANCELLED"

    return Deed(who, "DELETE", f"/app/v1/announcement/{{{evening_name(evening)}}}", None, effect)


def move(who: str, world: World, evening: int) -> Deed:
    """Wants an evening that has begun to be another day: nobody's to do."""
    another_day = world.evenings[evening].start + DAY

    def effect(world: World, now: datetime) -> None:
        there = world.evenings[evening]
        _manage(there, who)
        refuse(ANNOUNCEMENT_ENDED=there.cancelled or now >= there.end, ANNOUNCEMENT_NOT_OPEN=now < there.end)

    body = {"event_time": another_day.isoformat(), "force": True}
    return Deed(who, "PUT", f"/app/v1/announcement/{{{evening_name(evening)}}}", body, effect)


def say_held(who: str, evening: int, held: bool) -> Deed:
    """Says that an evening did not take place, or takes that back."""

    def effect(world: World, now: datetime) -> None:
        there = world.evenings[evening]
        refuse(ANNOUNCEMENT_NOT_FOUND=there.hides_from(who))
        refuse(
            ANNOUNCEMENT_NOT_FOUND=there.private and who not in there.heard(),
            NOT_A_GUEST=who not in there.heard(),
            EVENING_NOT_OVER=now < there.end,
            RATING_WINDOW_CLOSED=now >= there.closes,
        )
        (there.not_held.discard if held else there.not_held.add)(who)

    path = f"/app/v1/announcement/{{{evening_name(evening)}}}/not_held"
    return Deed(who, "DELETE" if held else "POST", path, None if held else {}, effect)


def report(who: str, evening: int, author: str, rated: str) -> Deed:
    """Tells the moderators of a rating."""

    def effect(world: World, now: datetime) -> None:
        rating = world.evenings[evening].rating(author, rated)
        refuse(RATING_NOT_FOUND=rating is None or not world.listed(rating, now))
        assert rating is not None
        rating.reports[who] = True

    path = f"/app/v1/ratings/{{{rating_name(evening, author, rated)}}}/report"
    return Deed(who, "POST", path, {"reason": "This is not true."}, effect)


def moderate(who: str, evening: int, author: str, rated: str, action: str) -> Deed:
    """A moderator's decision."""

    def effect(world: World, now: datetime) -> None:
        rating = world.evenings[evening].rating(author, rated)
        refuse(ACCESS_DENIED=who not in (MODERATOR, SUPER))
        refuse(RATING_NOT_FOUND=rating is None or not world.revealed(rating, now))
        assert rating is not None
        right = {"HIDE": not rating.hidden, "RESTORE": rating.hidden, "DISMISS": any(rating.reports.values())}
        refuse(OWN_RATING=who in rating.pair, WRONG_RATING_STATE=not right[action])
        rating.hidden = {"HIDE": True, "RESTORE": False}.get(action, rating.hidden)
        if action != "RESTORE":
            rating.reports = dict.fromkeys(rating.reports, False)

    path = f"/app/v1/_ratings/{{{rating_name(evening, author, rated)}}}/moderate"
    return Deed(who, "POST", path, {"action": action, "reason": "Seen."}, effect)


def _manage(there: Evening, who: str) -> None:
    others = who not in (there.host, SUPER)
    refuse(NOT_YOUR_ANNOUNCEMENT=others and not there.hides_from(who), ANNOUNCEMENT_NOT_FOUND=others and there.private)


def _add(world: World, rating: Rating, now: datetime, present: bool, **refusals: bool) -> None:
    there = rating.evening
    refuse(
        {},
        EVENING_NOT_OVER=now < there.end,
        NOT_A_GUEST=not present,
        RATING_WINDOW_CLOSED=now >= there.closes,
        RATING_EXISTS=there.rating(rating.author, rating.rated) is not None,
        RATING_REVEALED=there.has_read(*rating.pair),
        **refusals,
    )
    rating.created = rating.modified = world.step
    there.ratings.append(rating)
    there.settle()
