"""Random histories of a few people and a few overlapping evenings: every answer and all that can be read is the model's."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule, run_state_machine_as_test

from tests.model.door import Visitor, answer
from tests.model.hosting import MANAGERS, SELDOM, Hosting
from tests.model.mirror import Stage
from tests.model.model import Booking, Evening, Film

PARTIES = st.integers(1, 3)
PEOPLE = st.integers(0, 5)
REASONS = st.sampled_from(["", "Too many cats"])
SPEAKERS = st.sampled_from(["author", "author", "author", "guest", "guest", "guest", "stranger", "super"])


class Histories(Hosting):
    """Hosts and guests."""

    @rule(target=Hosting.bookings, evening=Hosting.evenings, who=PEOPLE, tickets=PARTIES, waits=st.booleans())
    def apply(self, evening: Evening, who: int, tickets: int, waits: bool) -> Any:
        """Somebody asks for places or waits for them."""
        guest, made = self.stage.people[who], list[Booking]()

        def model() -> None:
            made.append(self.world.apply(guest.id, evening, tickets, waits))

        body = {"tickets": tickets, "waiting_list": waits}
        shown = self.play(model, guest, "POST", f"/app/v1/booking/{evening.id}", body)
        if shown is None:
            return multiple()
        made[0].id = shown["id"]
        self.compare_booking(made[0], shown)
        self.look_around(guest, evening)
        return made[0]

    @rule(booking=Hosting.bookings, who=SPEAKERS, yes=st.booleans(), why=REASONS)
    def say(self, booking: Booking, who: str, yes: bool, why: str) -> None:
        """The host's or the guest's word, or that of somebody who has none."""
        person, path = self.speaker(who, booking.evening, booking), f"/app/v1/booking/{booking.id}"
        body = {"my_status": yes, "reason": why}
        shown = self.play(lambda: self.world.say(person.id, booking, yes, why), person, "PUT", path, body)
        self.after(person, booking, shown)

    @rule(booking=Hosting.bookings, who=st.sampled_from(["guest", "guest", "super", "author"]))
    def withdraw(self, booking: Booking, who: str) -> None:
        """The other way to take a booking back."""
        person, path = self.speaker(who, booking.evening, booking), f"/app/v1/booking/{booking.id}"
        shown = self.play(lambda: self.world.withdraw(person.id, booking), person, "DELETE", path)
        self.after(person, booking, shown)

    @rule(
        evening=Hosting.evenings,
        words=st.lists(st.sampled_from(["", "accept", "decline"]), max_size=6),
        stray=st.one_of(st.none(), st.none(), st.none(), Hosting.bookings),
        why=REASONS,
        who=MANAGERS,
    )
    def decide(self, evening: Evening, words: list[str], stray: Booking | None, why: str, who: str) -> None:
        """The latest bookings of an evening at once; seldom one of another evening, or one twice, among them."""
        bookings = list(self.world.bookings_of(evening))[-len(words) :]
        chosen = list(zip(words, bookings, strict=False))
        accept = [booking for word, booking in chosen if word == "accept"] + ([stray] if stray else [])
        decline = [booking for word, booking in chosen if word == "decline"]
        person, path = self.speaker(who, evening), f"/app/v1/announcement/{evening.id}/decide"
        body = {"accept": [each.id for each in accept], "decline": [each.id for each in decline], "reason": why}
        shown = self.play(
            lambda: self.world.decide(person.id, evening, accept, decline, why), person, "POST", path, body
        )
        for booking, row in zip([*accept, *decline], shown or [], strict=shown is not None):
            self.compare_booking(booking, row)
        self.look_around(person, evening)

    @precondition(lambda self: self.told)
    @rule(back=st.integers(1, 3), changed=SELDOM)
    def ask_again(self, back: int, changed: bool) -> None:
        """A repeated write is the same write, whatever has happened since; its key is good for nothing else."""
        before = self.told[-min(back, len(self.told))]
        body = {**(before.body or {}), "idempotency_key": before.key}
        again = before.person.call(before.method, before.path, before.body, headers={"idempotency-key": before.key})
        assert (answer(again), again.json()) == ((200, ""), before.shown)

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
