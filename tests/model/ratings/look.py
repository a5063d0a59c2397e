"""Everything that shows a rating or depends on one, compared with what a world says."""

from datetime import datetime
from typing import Any

import pytest

from tests.model.door import answer
from tests.model.ratings.deeds import booking_name, evening_name, rating_name
from tests.model.ratings.troupe import PEOPLE, Troupe
from tests.model.ratings.world import MODERATOR, SEATED, SUPER, Evening, Rating
from tests.people import ok


class Look:
    """What one of the troupe sees at a moment."""

    def __init__(self, troupe: Troupe, viewer: str) -> None:
        self.troupe = troupe
        self.world = troupe.world
        self.viewer = viewer
        self.now: datetime = troupe.now()

    def everywhere(self) -> None:
        """All of it."""
        for number, evening in enumerate(self.world.evenings):
            if evening.bookings:
                self.evening(number, evening)
                self.bookings(number, evening)
        for person in PEOPLE:
            self.mean(person)
            self.standing(person)
            self.ratings(person)
        self.hosts("")
        self.hosts("rating")
        self.due()

    def get(self, path: str, **query: Any) -> Any:
        """What must be there."""
        return ok(self.troupe.call(self.viewer, "GET", path, params=query))

    def numbers(self, person: str, of_host: bool) -> tuple[Any, int]:
        """The mean and the count that everybody should see."""
        mean = self.world.mean(person, of_host, self.now)
        return pytest.approx(mean, abs=1e-6), len(self.world.scores(person, of_host, self.now))

    # -- the one number and its count

    def mean(self, person: str) -> None:
        shown = self.get(f"/app/v1/average_score/{{{person}}}")
        assert (shown["score_average"], shown["ratings_count"]) == self.numbers(person, of_host=True)

    def standing(self, person: str) -> None:
        shown = self.get(f"/app/v1/standing/{{{person}}}")
        for side, of_host in (("as_host", True), ("as_guest", False)):
            rating, count = self.numbers(person, of_host)
            facts = self.world.as_host(person, self.now) if of_host else self.world.as_guest(person, self.now)
            assert shown[side] == {"rating": rating, "ratings_count": count, **facts}

    def evening(self, number: int, evening: Evening) -> None:
        response = self.troupe.call(self.viewer, "GET", f"/app/v1/announcement/{{{evening_name(number)}}}")
        if evening.hides_from(self.viewer):
            assert answer(response) == (404, "ANNOUNCEMENT_NOT_FOUND")
            return
        shown = ok(response)
        assert (shown["author_rating"], shown["author_rating_count"]) == self.numbers(evening.host, of_host=True)
        seated = {each.guest for each in evening.bookings if each.state in SEATED}
        listed = {
            each["guest_name"]: (each["guest_rating"], each["guest_rating_count"]) for each in shown["guest_list"]
        }
        assert listed == {guest: self.numbers(guest, of_host=False) for guest in seated}

    def bookings(self, number: int, evening: Evening) -> None:
        for at, booking in enumerate(evening.bookings):
            response = self.troupe.call(self.viewer, "GET", f"/app/v1/booking/{{{booking_name(number, at)}}}")
            if self.viewer in (booking.guest, evening.host, SUPER):
                self.booking(ok(response), booking.guest, evening.host)
            else:
                assert answer(response) == (403, "NOT_YOUR_BOOKING")
            self.own_rating(number, at)
        if self.viewer in (evening.host, SUPER):
            rows = self.get(f"/app/v1/announcement/{{{evening_name(number)}}}/applications")
            for booking, row in zip(evening.bookings, rows, strict=True):
                self.booking(row, booking.guest, evening.host)

    def booking(self, shown: Any, guest: str, host: str) -> None:
        assert (shown["guest_rating"], shown["guest_rating_count"]) == self.numbers(guest, of_host=False)
        assert (shown["author_rating"], shown["author_rating_count"]) == self.numbers(host, of_host=True)

    def hosts(self, order: str) -> None:
        """Those who have evenings to come; in the order of the lower bound if that is asked for."""
        names = {self.troupe.ids[name]: name for name in PEOPLE}
        rows = self.troupe.visitors[self.viewer].rows("/app/v1/hosts", {"order_by": order} if order else {})
        ours = [row for row in rows if row["user_id"] in names]
        for row in ours:
            assert (row["rating"], row["rating_count"]) == self.numbers(names[row["user_id"]], of_host=True)
        if order:
            bounds = [self.world.bound(names[row["user_id"]], self.now) for row in ours]
            assert bounds == sorted(bounds, reverse=True)
        assert ours

    def due(self) -> None:
        """Whom the viewer may still rate, by the evenings; those of one evening in any order."""
        numbers = {self.troupe.ids[evening_name(number)]: number for number in range(len(self.world.evenings))}
        names = {identity: name for name, identity in self.troupe.ids.items()}
        rows = self.troupe.visitors[self.viewer].rows("/app/v1/ratings_due", page_size=2)
        shown = [
            (
                datetime.fromisoformat(row["until"]),
                numbers[row["announcement_id"]],
                names[row["user_id"]],
                row["of_host"],
            )
            for row in rows
            # Others of the mesh have the same super.
            if row["announcement_id"] in numbers
        ]
        assert [row[:2] for row in shown] == [row[:2] for row in self.world.due(self.viewer, self.now)]
        assert sorted(shown) == sorted(self.world.due(self.viewer, self.now))

    # -- one by one

    def ratings(self, person: str) -> None:
        for side in ("", "host", "guest"):
            query = {"filter[as]": side} if side else {}
            path = self.troupe.fill(f"/app/v1/ratings/{{{person}}}")
            rows = self.troupe.visitors[self.viewer].rows(path, query, page_size=2)
            expected = [
                each
                for each in self.world.ratings
                if each.rated == person
                and self.world.listed(each, self.now)
                and side in ("", "host" if each.of_host else "guest")
            ]
            ids = {self.identity(each): each for each in expected}
            assert {row["id"] for row in rows} == ids.keys()
            assert [row["created"] for row in rows] == sorted((row["created"] for row in rows), reverse=True)
            for row in rows:
                self.rating(row, ids[row["id"]])

    def rating(self, shown: Any, rating: Rating) -> None:
        """What somebody wrote, to whoever may read it."""
        moderates = self.viewer in (MODERATOR, SUPER) and self.viewer != rating.rated
        reads_note = self.viewer == rating.author or moderates
        of_the_two = self.viewer in (rating.author, rating.rated)
        evening = evening_name(self.world.evenings.index(rating.evening))
        expected = {
            "announcement_id": self.troupe.ids[evening] if of_the_two or not rating.evening.private else "",
            "author_id": self.troupe.ids[rating.author],
            "user_id": self.troupe.ids[rating.rated],
            "of_host": rating.of_host,
            "score": rating.words.score,
            "text": rating.words.text,
            "private_note": rating.words.note if reads_note else "",
            "revealed": self.world.revealed(rating, self.now),
        }
        assert {name: shown[name] for name in expected} == expected
        assert bool(shown["booking_id"]) == of_the_two

    def own_rating(self, number: int, at: int) -> None:
        """One's own, always; nobody else's."""
        there = self.world.evenings[number]
        guest = there.bookings[at].guest
        response = self.troupe.call(self.viewer, "GET", f"/app/v1/rating/{{{booking_name(number, at)}}}")
        rating = there.rating(self.viewer, guest if self.viewer == there.host else there.host)
        if self.viewer not in (guest, there.host):
            assert answer(response) == (403, "NOT_YOUR_BOOKING")
        elif rating is None:
            assert answer(response) == (404, "RATING_NOT_FOUND")
        else:
            shown = ok(response)
            assert shown["id"] == self.identity(rating)
            self.rating(shown, rating)

    def identity(self, rating: Rating) -> str:
        """The id that it got."""
        number = self.world.evenings.index(rating.evening)
        return str(self.troupe.ids[rating_name(number, *rating.pair)])
