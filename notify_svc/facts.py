"""What is known of an event, and how it is put into a notice: names, times and changes, each on one line."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from notify_svc.languages import ENGLISH, Language, moment

SWITCHES = {"sub_only", "is_free", "accept_at_once", "address_for_guests_only"}
BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
CONTROLS = re.compile(r"[\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
"""The windows of reminders."""
QUOTED = 200
"""Characters of a changed text that a notice shows."""


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
    accepted: bool
    reason: str
    by_moderator: bool
    end_time: datetime | None
    event_location: str
    sequence: int
    soon: str
    """`day` or `hour`: the evening was so near when it happened. Its reminder comes with the notice of the place."""


TIMES = ("event_time", "end_time")
IDS = ("announcement_id", "booking_id")


def stored(facts: Facts) -> dict[str, Any]:
    """Facts as JSON; what PostgreSQL cannot hold, the character NUL, is left out."""
    plain: dict[str, Any] = {name: value for name, value in facts.items() if value not in (None, "", False, 0)}
    return {name: str(value) if name in (*TIMES, *IDS) else clean(value) for name, value in plain.items()}


def clean(value: Any) -> Any:
    """A value without NUL in its texts."""
    if isinstance(value, str):
        return value.replace("\0", "")
    return [clean(each) for each in value] if isinstance(value, list | tuple) else value


def restored(plain: Mapping[str, Any]) -> Facts:
    """What stored() was given."""
    end = plain.get("end_time")
    booking_id = plain.get("booking_id")
    return {
        "announcement_id": UUID(plain["announcement_id"]),
        "booking_id": UUID(booking_id) if booking_id else None,
        "title": plain.get("title", ""),
        "movie_title": plain.get("movie_title", ""),
        "author_name": plain.get("author_name", ""),
        "guest_name": plain.get("guest_name", ""),
        "event_time": datetime.fromisoformat(plain["event_time"]),
        "time_zone": plain.get("time_zone", ""),
        "cause": plain.get("cause", ""),
        "changes": [(field, before, after) for field, before, after in plain.get("changes", ())],
        "accepted": plain.get("accepted", False),
        "reason": plain.get("reason", ""),
        "by_moderator": plain.get("by_moderator", False),
        "end_time": datetime.fromisoformat(end) if end else None,
        "event_location": plain.get("event_location", ""),
        "sequence": plain.get("sequence", 0),
        "soon": plain.get("soon", ""),
    }


def nearness(occurred: datetime, event_time: datetime) -> str:
    """How near an evening is, in the words of Facts."""
    if occurred >= event_time or occurred < event_time - DAY:
        return ""
    return "day" if occurred < event_time - HOUR else "hour"


def words(
    facts: Facts, problems: dict[str, str], language: Language = ENGLISH, *, brief: bool = False
) -> dict[str, str]:
    """What the templates may say; adds to `problems` what cannot be said. Brief: the details stand beside it."""
    zone = zone_of(facts)
    if zone is None:
        problems["time_zone"] = "is not an IANA name"
    host, guest, film = flat(facts["author_name"]), flat(facts["guest_name"]), flat(facts["movie_title"])
    title, reason, location = flat(facts["title"]), flat(facts["reason"]), flat(facts["event_location"])
    moderator = language.moderator if facts["by_moderator"] else ""
    quoted, labels = language.quotes.format(title), language.labels
    time = moment(facts["event_time"], zone or ZoneInfo("UTC"), language)
    return {
        "title": title,
        "evening": quoted if brief else f"{quoted}, {time}",
        "Host": host or language.host[0],
        "host": host or language.host[1],
        "Guest": guest or language.guest[0],
        "guest": guest or language.guest[1],
        # Whose doing it was: the host's in a guest's eyes, one's own, or a moderator's instead.
        "Decider": moderator or host or language.host[0],
        "You": moderator or language.you,
        "by": language.by_moderator if moderator else "",
        "soon": language.soon[facts["soon"]],
        "film": f"\n{labels['film']}: {film}" if film and not brief else "",
        "place": f"\n{labels['place']}: {location}" if location and not brief else "",
        "reason": f"\n{labels['reason']}: {reason}" if reason and not brief else "",
        "changes": "" if brief else "".join(f"\n- {line}" for line in change_lines(facts, language)),
    }


def zone_of(facts: Facts) -> ZoneInfo | None:
    """The venue's time zone, if there is such a one."""
    try:
        return ZoneInfo(facts["time_zone"])
    except (KeyError, ValueError, OSError):
        return None


def flat(line: str) -> str:
    """Text on one line, without control characters: nobody writes lines into another's notice."""
    return CONTROLS.sub("", BREAKS.sub(" ", line)).strip()


def change_lines(facts: Facts, language: Language) -> list[str]:
    """A line for each field that changed."""
    zone = zone_of(facts) or ZoneInfo("UTC")
    lines = []
    for field, before, after in facts["changes"]:
        name = language.fields.get(field, field.replace("_", " "))
        lines.append(f"{name}: {shown(field, before, zone, language)} → {shown(field, after, zone, language)}")
    return lines


def shown(field: str, value: str, zone: ZoneInfo, language: Language) -> str:
    """A field's value as people write it."""
    if field == "event_time":
        try:
            return moment(datetime.fromisoformat(value), zone, language)
        except ValueError:
            return flat(value)
    if field in SWITCHES:
        return {"true": language.yes, "false": language.no}.get(value.lower(), flat(value))
    return shortened(flat(value)) or language.nothing


def shortened(line: str) -> str:
    """A text that a notice quotes; who wants all of it follows the link."""
    return line if len(line) <= QUOTED else line[: QUOTED - 1] + "…"
