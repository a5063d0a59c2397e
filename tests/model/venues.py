"""Random evenings that are hard to find: days that begin elsewhere at other times, places with odd names."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

# Far from UTC in both directions, in steps of 15 and 30 minutes, with a change of half an hour.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Australia/Lord_Howe",
)
# Clocks change on these days, in Berlin, New York or on Lord Howe Island; and a year ends.
DAYS = (
    date(2031, 3, 30),
    date(2031, 10, 26),
    date(2031, 11, 2),
    date(2031, 4, 6),
    date(2031, 12, 31),
    date(2032, 2, 29),
)
HOURS = (time(0), time(0, 30), time(2, 30), time(12), time(23, 59))
# Wildcards of LIKE, its escape, quotes, accents (also as characters of their own), other scripts, a family of emoji.
LETTERS = "aZ éÜñÅ%_\\'\"-Звё東🎬👩\u200d👧"
PLACES = st.text(LETTERS, min_size=1, max_size=12).map(lambda text: f"K{text}e\u0301o")


@dataclass(frozen=True)
class Plan:
    """An evening before anybody announces it; host and film are numbers of those that there are."""

    host: int
    film: int
    zone: str
    start: datetime
    is_free: bool
    sub_only: bool
    tickets: int
    location: str
    city: str
    hides_address: bool
    # Created, Alive, Closed or Cancelled in the end.
    will: str
    # Parties that come, accepted at once.
    parties: tuple[int, ...]


@st.composite
def starts(draw: st.DrawFn, zone: str) -> datetime:
    """A time of day at the venue."""
    day = draw(st.sampled_from(DAYS)) + timedelta(draw(st.integers(-1, 1)))
    local = datetime.combine(day, draw(st.sampled_from(HOURS)), ZoneInfo(zone))
    return local.astimezone(UTC)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any evening."""
    zone = draw(st.sampled_from(ZONES))
    city = draw(st.one_of(st.just(""), PLACES))
    return Plan(
        host=draw(st.integers(0, 1)),
        film=draw(st.integers(0, 1)),
        zone=zone,
        start=draw(starts(zone)),
        is_free=draw(st.booleans()),
        sub_only=draw(st.sampled_from([False, False, True])),
        tickets=draw(st.integers(1, 4)),
        location=draw(PLACES),
        city=city,
        hides_address=bool(city) and draw(st.booleans()),
        will=draw(st.sampled_from(["Alive", "Alive", "Alive", "Closed", "Created", "Cancelled"])),
        parties=tuple(draw(st.lists(st.integers(1, 3), max_size=2))),
    )
