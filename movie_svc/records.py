"""What a record of an import file says of a film: titles that are numbers, nulls, odd dates, misread accents."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

Record = Mapping[str, Any]

CATALOGUE = UUID("6f1b7f0e-52ab-5c8a-9a55-3c8a4f1f8f0d")
"""The namespace of ids that come from title and year: the same film has the same id in every database."""
DATE_FORMATS = ("%b %d %Y", "%Y-%m-%d", "%d-%b-%y", "%b %d %y", "%d %b %Y", "%Y")
LONGEST = 1440
EXAMPLES = 3
# Accents that were written in Latin-1 and read as Mac Roman. In a title that was read right these do not stand
# behind a letter without a capital letter after them.
MISREAD = re.compile(r"(?<=[A-Za-z])[ÈÍËÎÛÙ˘‰·‡](?![A-Z])|(?<=\d)Ω|(?<= )Ö(?= )")


class Unusable(Exception):
    """A record that cannot become a film; says why."""


class Notes:
    """What was odd about records, counted by kind, with the first examples."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, example: object) -> None:
        """Notes one more."""
        self.counts[kind] += 1
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append(str(example))

    def lines(self) -> list[str]:
        """A line for each kind."""
        return [f"{kind}: {count} ({'; '.join(self.examples[kind])})" for kind, count in self.counts.items()]


def film(record: Record, newest: int, notes: Notes) -> dict[str, Any]:
    """The columns of a film; release years after `newest` are taken for the century before. Raises Unusable."""
    title = title_of(record, notes)
    released, year = release_of(record, title, newest, notes)
    running_time = running_time_of(record, title, notes)
    return {
        "id": UUID(record["Id"]) if record.get("Id") else uuid5(CATALOGUE, f"{title.casefold()}|{year or ''}"),
        "title": title,
        "description": text_of(record, "Description") or "",
        "year": year,
        "release_date": released,
        "running_time": running_time,
        "imdb_rating": number_of(record, "IMDB Rating"),
        "imdb_votes": None if (votes := number_of(record, "IMDB Votes")) is None else int(votes),
        "mpaa_rating": text_of(record, "MPAA Rating"),
        "genres": record.get("Genres") or parts(text_of(record, "Major Genre"), "/"),
        "directors": parts(text_of(record, "Director"), ","),
        "actors": list(record.get("Actors") or ()),
        "writers": list(record.get("Writers") or ()),
        "bookable": running_time is not None,
    }


def title_of(record: Record, notes: Notes) -> str:
    """The title as text. Raises Unusable."""
    title = text_of(record, "Title")
    if title is None:
        raise Unusable("no title")
    if MISREAD.search(title):
        try:
            repaired = title.encode("mac_roman").decode("cp1252")
        except UnicodeError:
            return title
        notes.add("accents repaired", f"{title} -> {repaired}")
        return repaired
    return title


def release_of(record: Record, title: str, newest: int, notes: Notes) -> tuple[date | None, int | None]:
    """The day and the year of release, as far as they are told."""
    told = text_of(record, "Release Date")
    if told is None:
        return None, None
    released, precise = parse_date(told)
    if released is None:
        notes.add("dates that nobody can read", f"{title}: {told}")
        return None, None
    if released.year > newest:
        released = released.replace(year=released.year - 100)
        notes.add("years moved a century back", f"{title}: {told} -> {released.year}")
    return released if precise else None, released.year


def parse_date(told: str) -> tuple[date | None, bool]:
    """A date in any of the known notations, and whether it names a day; (None, False) for anything else."""
    for notation in DATE_FORMATS:
        try:
            return datetime.strptime(told, notation).date(), notation != "%Y"
        except ValueError:
            continue
    return None, False


def running_time_of(record: Record, title: str, notes: Notes) -> int | None:
    """Minutes, if they are plausible."""
    minutes = number_of(record, "Running Time min")
    if minutes is None:
        return None
    if not 1 <= minutes <= LONGEST:
        notes.add("running times that cannot be", f"{title}: {minutes}")
        return None
    return round(minutes)


def text_of(record: Record, field: str) -> str | None:
    """A field as text without spaces around it; None for null and for empty."""
    value = record.get(field)
    return " ".join(str(value).split()) or None if value is not None else None


def number_of(record: Record, field: str) -> float | None:
    """A field that is a number; None for everything else."""
    value = record.get(field)
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


def parts(text: str | None, separator: str) -> list[str]:
    """The parts of a text that lists several."""
    return [part.strip() for part in (text or "").split(separator) if part.strip()]
