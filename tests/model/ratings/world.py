"""Evenings, who was there and what they say of each other: plain Python, from the texts, no clock, no database.

People are names, so that two worlds can be compared in which other people do the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MODERATOR, SUPER = "Mod", "Super"
DAY = timedelta(days=1)
WINDOW = 14 * DAY
SEATED = ("ACCEPTED", "ATTENDED", "NO_SHOW")
# Accepted and not marked absent.
PRESENT = ("ACCEPTED", "ATTENDED")
# So many guests' ratings of an evening, and its host is not left to guess who wrote which.
ENOUGH = 3


@dataclass(frozen=True)
class Words:
    """What a rating says."""

    score: int
    text: str = ""
    note: str = ""


@dataclass(eq=False)
class Booking:
    """A guest's application."""

    guest: str
    state: str
    # Given back less than a day before.
    left_late: bool = False


@dataclass(eq=False)
class Rating:
    """What one says of the other."""

    evening: "Evening"
    author: str
    rated: str
    words: Words
    # In which step of the history.
    created: int = 0
    modified: int = 0
    # Before its time, because nobody who may rate is silent.
    revealed: bool = False
    hidden: bool = False
    # Who reported it, and whether that is open.
    reports: dict[str, bool] = field(default_factory=dict)

    @property
    def of_host(self) -> bool:
        return self.rated == self.evening.host

    @property
    def pair(self) -> tuple[str, str]:
        return self.author, self.rated


@dataclass(eq=False)
class Evening:
    """An announcement with its bookings, and the ratings in the order in which they were made."""

    host: str
    start: datetime
    end: datetime
    private: bool = False
    # Who follows the host, and so sees what is private.
    followers: set[str] = field(default_factory=set)
    cancelled: bool = False
    # Less than a day before, and there were guests.
    cancelled_late: bool = False
    # Somebody's place was taken back less than a day before.
    let_down: bool = False
    bookings: list[Booking] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    # Who says that it did not take place.
    not_held: set[str] = field(default_factory=set)

    @property
    def closes(self) -> datetime:
        """Nobody rates from then on, and nothing is sealed."""
        return self.end + WINDOW

    def has_present(self, guest: str) -> bool:
        """Whether somebody was accepted and is not marked absent."""
        return any(each.guest == guest and each.state in PRESENT for each in self.bookings)

    def hides_from(self, who: str) -> bool:
        """Whether somebody is not told that it exists."""
        return self.private and who not in (self.host, SUPER) and who not in self.followers

    def heard(self) -> set[str]:
        """Who is asked whether it took place. Whoever spoke while he might is heard, whatever is said of him later."""
        seated = {each.guest for each in self.bookings if each.state in SEATED}
        return {each for each in seated if self.has_present(each) or each in self.not_held}

    def outcome(self, now: datetime) -> str:
        """What it is counted as for its host; nothing if there were no guests or it is not over."""
        if self.cancelled:
            return "cancelled_late" if self.cancelled_late or self.let_down else ""
        if now < self.end:
            return ""
        if not any(each.state in SEATED for each in self.bookings):
            return "cancelled_late" if self.let_down else ""
        heard = self.heard()
        if 2 * len(heard & self.not_held) > len(heard):
            return "not_held"
        return "cancelled_late" if self.let_down else "kept"

    def may_rate(self) -> set[tuple[str, str]]:
        """Who rates whom while the window is open."""
        guests = [booking.guest for booking in self.bookings if booking.state in PRESENT]
        return {(guest, self.host) for guest in guests} | {(self.host, guest) for guest in guests}

    def silent(self) -> set[tuple[str, str]]:
        """Whom the reveal waits for: who has read what the other says of him has nothing to say any more."""
        said = {rating.pair for rating in self.ratings}
        return {(one, other) for one, other in self.may_rate() - said if not self.has_read(one, other)}

    def has_read(self, one: str, other: str) -> bool:
        """Whether what the other says of one was revealed before its time."""
        said = self.rating(other, one)
        return said is not None and said.revealed

    def settle(self) -> None:
        """After a rating or a mark: nobody who may rate is silent, so all is revealed at once."""
        if not self.silent():
            for rating in self.ratings:
                rating.revealed = True

    def rating(self, author: str, rated: str) -> Rating | None:
        """What one said of the other."""
        return next((each for each in self.ratings if each.pair == (author, rated)), None)


@dataclass
class World:
    """All of them, and the one question: what may be seen."""

    evenings: list[Evening] = field(default_factory=list)
    followers: dict[str, set[str]] = field(default_factory=dict)
    step: int = 0

    @property
    def ratings(self) -> Iterator[Rating]:
        return (rating for evening in self.evenings for rating in evening.ratings)

    def revealed(self, rating: Rating, now: datetime) -> bool:
        """Whether it is sealed no more."""
        return rating.revealed or now >= rating.evening.closes

    def visible(self, rating: Rating, now: datetime) -> bool:
        """Whether it counts for anybody: in means, counts, lists, order."""
        return self.revealed(rating, now) and not rating.hidden

    def listed(self, rating: Rating, now: datetime) -> bool:
        """Whether it is shown by itself: a host's are only an aggregate until three exist or the window closes."""
        if not self.visible(rating, now):
            return False
        said = [each for each in rating.evening.ratings if each.of_host and self.revealed(each, now)]
        return not rating.of_host or now >= rating.evening.closes or len(said) >= ENOUGH

    def seen(self, now: datetime) -> list[tuple[object, ...]]:
        """All that others than the authors may learn of ratings: answers depend on nothing else that was said."""
        return [
            (number, each.pair, each.words, each.created, each.modified, each.hidden, tuple(each.reports.items()))
            for number, evening in enumerate(self.evenings)
            for each in evening.ratings
            if self.revealed(each, now)
        ]

    def due(self, person: str, now: datetime) -> list[tuple[datetime, int, str, bool]]:
        """Whom somebody may still rate: until when, of which evening, and whether as a host; the soonest first."""
        return [
            (evening.closes, number, rated, rated == evening.host)
            for number, evening in sorted(enumerate(self.evenings), key=lambda each: each[1].closes)
            if evening.end <= now < evening.closes and not evening.cancelled
            for rater, rated in evening.silent()
            if rater == person
        ]

    def scores(self, person: str, of_host: bool, now: datetime) -> list[int]:
        """What counts for somebody's mean."""
        return [
            each.words.score
            for each in self.ratings
            if each.rated == person and each.of_host == of_host and self.visible(each, now)
        ]

    def mean(self, person: str, of_host: bool, now: datetime) -> float:
        """The one number; 0 when there is none."""
        scores = self.scores(person, of_host, now)
        return sum(scores) / len(scores) if scores else 0

    def bound(self, person: str, now: datetime) -> float:
        """By what hosts are ordered: Wilson's lower bound of the share (score - 1) / 9, as a score; 0 without any."""
        scores = self.scores(person, True, now)
        if not scores:
            return 0
        n, z = len(scores), 1.96
        share = sum((score - 1) / 9 for score in scores) / n
        spread: float = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
        return 1 + 9 * (share + z * z / (2 * n) - spread) / (1 + z * z / n)

    def as_host(self, person: str, now: datetime) -> dict[str, int]:
        """What became of the evenings of somebody, of those that had guests."""
        became = [each.outcome(now) for each in self.evenings if each.host == person]
        counts = {name: became.count(name) for name in ("kept", "cancelled_late", "not_held")}
        return {"evenings": sum(counts.values()), **counts}

    def as_guest(self, person: str, now: datetime) -> dict[str, int]:
        """What became of the places of somebody."""
        late = attended = missed = 0
        for evening in self.evenings:
            own = [each for each in evening.bookings if each.guest == person]
            over = evening.end <= now
            missed += over and any(each.state == "NO_SHOW" for each in own)
            attended += over and any(each.state in PRESENT for each in own)
            late += not any(each.state in SEATED for each in own) and any(each.left_late for each in own)
        return {"evenings": late + attended + missed, "attended": attended, "no_shows": missed, "cancelled_late": late}
