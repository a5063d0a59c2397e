"""Random histories of a few people and overlapping evenings: every answer and all that can be read is the model's."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from tests.model.door import Visitor, answer
from tests.model.hosting import EVENINGS, MANAGERS, PLACES, Hosting
from tests.model.mirror import Stage
from tests.model.model import LIVE, Booking, Film

# Which of those that there are.
BOOKINGS = st.integers(0, 15)
PARTIES = st.integers(1, 3)
PEOPLE = st.integers(0, 15)
# Of which evening, who, and how many.
GUESTS = st.tuples(st.integers(0, 7), PEOPLE, PARTIES)
REASONS = st.sampled_from(["", "Too many cats"])


class Histories(Hosting):
    """Hosts and guests."""

    @initialize(
        tickets=PLACES, at_once=st.booleans(), eager=st.booleans(), guests=st.lists(GUESTS, min_size=3, max_size=10)
    )
    def begin(self, tickets: int, at_once: bool, eager: bool, guests: list[tuple[int, int, int]]) -> None:
        """There are two evenings, one after the other, and some have heard of them; an eager host takes the first."""
        self.looking = False
        for who in range(2):
            self.announce(who, 2 * who, 0, tickets, at_once, False, False)
        for of, who, party in guests:
            self.apply(of, who, party, True)
            if eager and self.world.bookings and self.world.bookings[-1].state == "PENDING":
                self.say("author", self.world.bookings[-1], True)
        self.looking = True
        for evening in self.world.evenings:
            self.look_around(self.everybody[evening.author], evening)

    @rule(of=EVENINGS, who=PEOPLE, tickets=PARTIES, waits=st.booleans())
    def apply(self, of: int, who: int, tickets: int, waits: bool) -> None:
        """Somebody asks for places or waits for them."""
        evening, made = self.evening(of), list[Booking]()
        guest = self.person(who, evening)

        def model() -> None:
            made.append(self.world.apply(guest.id, evening, tickets, waits))

        body = {"tickets": tickets, "waiting_list": waits}
        shown = self.play(model, guest, "POST", f"/app/v1/booking/{evening.id}", body)
        if shown is not None:
            made[0].id = shown["id"]
            self.after(guest, made[0], shown)

    @precondition(lambda self: self.world.bookings)
    @rule(of=BOOKINGS, yes=st.booleans(), why=REASONS)
    def author_says(self, of: int, yes: bool, why: str) -> None:
        """The host's word."""
        self.say("author", self.booking(of, *LIVE, "DECLINED"), yes, why)

    @precondition(lambda self: self.world.bookings)
    @rule(of=BOOKINGS, back=st.booleans())
    def guest_says(self, of: int, back: bool) -> None:
        """A guest withdraws or returns."""
        self.say("guest", self.booking(of, *(["WITHDRAWN"] if back else LIVE)), back)

    @precondition(lambda self: self.world.bookings)
    @rule(of=BOOKINGS, who=st.sampled_from(["guest", "guest", "super", "author", "stranger"]), yes=st.booleans())
    def somebody_says(self, of: int, who: str, yes: bool) -> None:
        """The other way to take a booking back, and the word of those who have none."""
        booking = self.booking(of, *LIVE)
        if yes and who in ("super", "stranger"):
            return self.say(who, booking, yes)
        person, path = self.speaker(who, booking.evening, booking), f"/app/v1/booking/{booking.id}"
        shown = self.play(lambda: self.world.withdraw(person.id, booking), person, "DELETE", path)
        return self.after(person, booking, shown)

    @precondition(lambda self: self.world.bookings)
    @rule(
        of=BOOKINGS,
        words=st.lists(st.sampled_from(["", "accept", "accept", "decline"]), min_size=1, max_size=6),
        stray=st.one_of(st.none(), st.none(), st.none(), BOOKINGS),
        why=REASONS,
        who=MANAGERS,
    )
    def decide(self, of: int, words: list[str], stray: int | None, why: str, who: str) -> None:
        """The latest bookings of an evening at once; seldom one of another evening, or one twice, among them."""
        evening = self.booking(of, *LIVE).evening
        bookings = list(self.world.bookings_of(evening))[-len(words) :]
        chosen = list(zip(words, bookings, strict=False))
        accept = [booking for word, booking in chosen if word == "accept"] + (
            [] if stray is None else [self.booking(stray)]
        )
        decline = [booking for word, booking in chosen if word == "decline"]
        person, path = self.speaker(who, evening), f"/app/v1/announcement/{evening.id}/decide"
        ids = {"accept": [each.id for each in accept], "decline": [each.id for each in decline]}
        body: dict[str, Any] = {**ids, "reason": why}
        shown = self.play(
            lambda: self.world.decide(person.id, evening, accept, decline, why), person, "POST", path, body
        )
        if shown is None and "state" in self.metadata:
            assert self.metadata["booking_id"] in ids["accept"] + ids["decline"]
        for booking, row in zip([*accept, *decline], shown or [], strict=shown is not None):
            self.compare_booking(booking, row)
        self.look_around(person, evening)

    @precondition(lambda self: self.told)
    @rule(back=st.integers(1, 3))
    def ask_again(self, back: int) -> None:
        """A repeated write is the same write, whatever has happened since."""
        before = self.told[-min(back, len(self.told))]
        again = before.person.call(before.method, before.path, before.body, headers={"idempotency-key": before.key})
        assert (answer(again), again.json()) == ((200, ""), before.shown)

    def say(self, who: str, booking: Booking, yes: bool, why: str = "") -> None:
        """Both sides hear this person's word."""
        person, path = self.speaker(who, booking.evening, booking), f"/app/v1/booking/{booking.id}"
        body = {"my_status": yes, "reason": why}
        shown = self.play(lambda: self.world.say(person.id, booking, yes, why), person, "PUT", path, body)
        self.after(person, booking, shown)

    def after(self, person: Visitor, booking: Booking, shown: Any) -> None:
        """What is to be read once somebody has spoken."""
        if shown is not None:
            self.compare_booking(booking, shown)
        self.look_around(person, booking.evening)


def test_histories(company: list[Visitor], superuser: Visitor, films: list[Film]) -> None:
    """A short and a long film, six people, as many evenings as they like."""

    class Played(Histories):
        stage = Stage(company, superuser, films)

    run_state_machine_as_test(Played)
    audit = superuser.get("/app/v1/_audit")
    assert audit["differences"] == []
