"""What hosts do in random histories."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model.door import answer
from tests.model.mirror import Mirror, as_json
from tests.model.model import Evening
from tests.people import evening as new_evening

# Which of those that there are.
EVENINGS = st.integers(0, 7)
PLACES = st.sampled_from([1, 2, 2, 3, 4])
SLOTS = st.integers(0, 4)
SELDOM = st.sampled_from([False, False, False, True])
# Mostly the host; strangers and super to see that the one may not and the other may.
MANAGERS = st.sampled_from(["author", "author", "author", "author", "author", "stranger", "super"])

SLOW_OR_FAST = st.fixed_dictionaries({"at_once": st.booleans()})
DOORS = st.fixed_dictionaries({"will": st.sampled_from(["Alive", "Alive", "Closed"])})
SECRETS = st.fixed_dictionaries(
    {"sub_only": st.booleans(), "hides_address": st.booleans(), "city": st.sampled_from(["Berlin", "Berlin", ""])}
)
CHANGES = st.one_of(DOORS, DOORS, SLOW_OR_FAST, SECRETS)
JSON_NAMES = {"will": "status", "at_once": "accept_at_once", "hides_address": "address_for_guests_only"}


class Hosting(Mirror):
    """Evenings that come, change and go."""

    @precondition(lambda self: sum(each.will != "Cancelled" for each in self.world.evenings) < 4)
    @rule(
        who=st.sampled_from([0, 0, 1, 1, 1, 2, 4]),
        slot=SLOTS,
        film=st.integers(0, 1),
        tickets=PLACES,
        at_once=st.booleans(),
        draft=SELDOM,
        sub_only=SELDOM,
    )
    def announce(
        self, who: int, slot: int, film: int, tickets: int, at_once: bool, draft: bool, sub_only: bool
    ) -> None:
        """A new evening that overlaps some of the others."""
        host, shown_film = self.stage.people[who], self.stage.films[film]
        will = "Created" if draft else "Alive"
        evening = Evening(host.id, shown_film, self.time(slot), tickets, will, at_once, sub_only)
        body = new_evening(status=will, tickets_count=tickets, event_time=as_json(evening.start))
        body |= {"accept_at_once": at_once, "sub_only": sub_only}
        evening.location = body["event_location"]
        path = f"/app/v1/announcement/{shown_film.id}"
        shown = self.play(lambda: self.world.announce(evening), host, "POST", path, body)
        if shown is not None:
            evening.id = shown["id"]
            self.look_around(host, evening, shown)

    @rule(of=EVENINGS, tickets=PLACES, who=MANAGERS, late=SELDOM)
    def resize(self, of: int, tickets: int, who: str, late: bool) -> None:
        """More places or fewer; perhaps first by somebody who has not read the latest version."""
        evening = self.evening(of)
        body = {"tickets_count": tickets, "expected_version": evening.version}
        if late and evening.will != "Cancelled":
            path, author = f"/app/v1/announcement/{evening.id}", self.everybody[evening.author]
            refused = author.call("PUT", path, {**body, "expected_version": evening.version - 1})
            assert answer(refused) == (409, "VERSION_MISMATCH")
        self.edit(who, evening, body, tickets=tickets)

    @rule(of=EVENINGS, slot=SLOTS, film=st.integers(0, 1), more=SELDOM, force=st.booleans(), who=MANAGERS)
    def move(self, of: int, slot: int, film: int, more: bool, force: bool, who: str) -> None:
        """Another time, another film, perhaps more places along with it."""
        evening, start, shown = self.evening(of), self.time(slot), self.stage.films[film]
        tickets = evening.tickets + more
        body = {"event_time": as_json(start), "movie_id": shown.id, "tickets_count": tickets, "force": force}
        self.edit(who, evening, body, force, start=start, film=shown, tickets=tickets)

    @rule(of=EVENINGS, change=CHANGES, who=MANAGERS)
    def change(self, of: int, change: dict[str, Any], who: str) -> None:
        """Publishes, closes, reopens; by hand or at once from now on; private, the address hidden, or neither."""
        self.edit(
            who, self.evening(of), {JSON_NAMES.get(name, name): value for name, value in change.items()}, **change
        )

    @rule(of=EVENINGS, who=MANAGERS, by_status=st.booleans(), sure=SELDOM)
    def cancel(self, of: int, who: str, by_status: bool, sure: bool) -> None:
        """Calls an evening off, seldom enough that there are some left."""
        if not sure:
            return
        evening = self.evening(of)
        person, path = self.speaker(who, evening), f"/app/v1/announcement/{evening.id}"
        method, body = ("PUT", {"status": "Cancelled", "cancel_reason": "Rain"}) if by_status else ("DELETE", None)
        why = "Rain" if by_status else ""
        shown = self.play(lambda: self.world.cancel(person.id, evening, why), person, method, path, body)
        self.look_around(person, evening, shown)

    def edit(self, who: str, evening: Evening, body: dict[str, Any], force: bool = False, **changes: Any) -> None:
        """Both sides change the same."""
        person, path = self.speaker(who, evening), f"/app/v1/announcement/{evening.id}"
        shown = self.play(lambda: self.world.edit(person.id, evening, force, **changes), person, "PUT", path, body)
        self.look_around(person, evening, shown)
