"""What people are told, in words: every kind of notice is defined here and nowhere else.

All of it is plain text. Who renders HTML escapes it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from mesh.errors import InvalidArgument


class Facts(TypedDict):
    """What is known of an event, under the names of PublishRequest. A name is empty when nobody could tell it."""

    announcement_id: UUID
    booking_id: UUID | None
    title: str
    movie_title: str
    author_name: str
    guest_name: str
    event_time: datetime
    time_zone: str
    cause: str
    changes: Sequence[tuple[str, str, str]]
    """Field, before, after."""


class Wording(NamedTuple):
    """Templates over words()."""

    title: str
    text: str


class Sides(NamedTuple):
    """The same event told to either side."""

    guest: Wording
    host: Wording


class Kind(NamedTuple):
    """What a kind must know, and what it says for each cause; "" stands for any other cause."""

    needs: tuple[str, ...]
    says: Mapping[str, Sides]


KINDS = {
    "announcement_published": Kind(
        ("title",),
        {
            "": Sides(
                guest=Wording("New evening: {title}", "{Host} announced {evening}{film}"),
                host=Wording("Published: {title}", "Your evening is published: {evening}{film}"),
            )
        },
    ),
    "announcement_changed": Kind(
        ("title", "changes"),
        {
            "": Sides(
                guest=Wording("Changed: {title}", "{Host} changed {evening}{changes}"),
                host=Wording("Changed: {title}", "Your evening was changed: {evening}{changes}"),
            )
        },
    ),
    "announcement_cancelled": Kind(
        ("title",),
        {
            "": Sides(
                guest=Wording("Called off: {title}", "{Host} called off {evening}"),
                host=Wording("Called off: {title}", "Your evening was called off: {evening}"),
            )
        },
    ),
    "booking_created": Kind(
        ("title", "booking_id"),
        {
            "": Sides(
                guest=Wording("Applied: {title}", "You applied for {evening}"),
                host=Wording("New application: {title}", "{Guest} applied for {evening}"),
            ),
            "accepted": Sides(
                guest=Wording("Booked: {title}", "You have a place at {evening}"),
                host=Wording("New guest: {title}", "{Guest} booked a place at {evening}"),
            ),
        },
    ),
    "booking_status": Kind(
        ("title", "booking_id", "cause"),
        {
            "accepted": Sides(
                guest=Wording("Accepted: {title}", "{Host} accepted you: {evening}"),
                host=Wording("Accepted: {title}", "You accepted {guest}: {evening}"),
            ),
            "declined": Sides(
                guest=Wording("Declined: {title}", "{Host} declined your application: {evening}"),
                host=Wording("Declined: {title}", "You declined {guest}: {evening}"),
            ),
            "revoked": Sides(
                guest=Wording("Place taken back: {title}", "{Host} took your place back: {evening}"),
                host=Wording("Place taken back: {title}", "You took the place of {guest} back: {evening}"),
            ),
            "withdrawn": Sides(
                guest=Wording("Withdrawn: {title}", "You withdrew: {evening}"),
                host=Wording("Withdrawn: {title}", "{Guest} withdrew: {evening}"),
            ),
            "returned": Sides(
                guest=Wording("Applied again: {title}", "You applied again: {evening}"),
                host=Wording("Applied again: {title}", "{Guest} applied again: {evening}"),
            ),
        },
    ),
}
FIELDS = {
    "event_time": "time",
    "event_location": "place",
    "movie_id": "film",
    "movie_title": "film",
    "tickets_count": "places",
    "sub_only": "for followers only",
    "is_free": "free of charge",
}
"""What people call the fields of an announcement, where it is not their name."""
SWITCHES = {"sub_only", "is_free"}
BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
CONTROLS = re.compile(r"[\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
QUOTED = 200
"""Characters of a changed text that a notice shows."""


def sides(kind: str, facts: Facts) -> Sides:
    """An event told to either side. Raises InvalidArgument (INVALID_FIELDS) naming the facts that are missing."""
    definition = KINDS[kind]
    problems = {name: f"{kind} needs it" for name, value in facts.items() if name in definition.needs and not value}
    chosen = definition.says.get(facts["cause"]) or definition.says.get("")
    if chosen is None:
        problems["cause"] = f"must be one of {', '.join(definition.says)}"
    given = words(facts, problems)
    if problems or chosen is None:
        summary = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise InvalidArgument("INVALID_FIELDS", summary, fields=problems)
    return Sides(*(Wording(wording.title.format(**given), wording.text.format(**given)) for wording in chosen))


def words(facts: Facts, problems: dict[str, str]) -> dict[str, str]:
    """What the templates may say; adds to `problems` what cannot be said."""
    try:
        zone = ZoneInfo(facts["time_zone"])
    except (KeyError, ValueError, OSError):
        problems["time_zone"] = "is not an IANA name"
        zone = ZoneInfo("UTC")
    host, guest, film = flat(facts["author_name"]), flat(facts["guest_name"]), flat(facts["movie_title"])
    title = flat(facts["title"])
    return {
        "title": title,
        "evening": f"'{title}', {moment(facts['event_time'], zone)}",
        "film": f"\nFilm: {film}" if film else "",
        "Host": host or "The host",
        "Guest": guest or "A guest",
        "guest": guest or "a guest",
        "changes": "".join(change(*parts, zone) for parts in facts["changes"]),
    }


def flat(line: str) -> str:
    """Text on one line, without control characters: nobody writes lines into another's notice."""
    return CONTROLS.sub("", BREAKS.sub(" ", line)).strip()


def moment(time: datetime, zone: ZoneInfo) -> str:
    """A time at the venue, such as Fri 27 Nov 2026 19:00 (Europe/Berlin)."""
    return f"{time.astimezone(zone):%a %d %b %Y %H:%M} ({zone.key})"


def change(field: str, before: str, after: str, zone: ZoneInfo) -> str:
    """A line for a field that changed."""
    name = FIELDS.get(field, field.replace("_", " "))
    return f"\n- {name}: {shown(field, before, zone)} → {shown(field, after, zone)}"


def shown(field: str, value: str, zone: ZoneInfo) -> str:
    """A field's value as people write it."""
    if field == "event_time":
        try:
            return moment(datetime.fromisoformat(value), zone)
        except ValueError:
            return value
    if field in SWITCHES:
        return {"true": "yes", "false": "no"}.get(value.lower(), value)
    return shortened(flat(value)) or "nothing"


def shortened(line: str) -> str:
    """A text that a notice quotes; who wants all of it follows the link."""
    return line if len(line) <= QUOTED else line[: QUOTED - 1] + "…"
