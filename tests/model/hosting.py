"""What hosts do in random histories."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, rule

from tests.model.door import answer
from tests.model.mirror import Mirror, as_json
from tests.model.model import Booking, Evening
from tests.people import evening as new_evening

PLACES = st.sampled_from([1, 2, 2, 3, 4])
SLOTS = st.integers(0, 4)
SELDOM = st.sampled_from([False, False, False, True])
# Mostly the host; strangers and super to see that the one may not and the other may.
MANAGERS = st.sampled_from(["author", "author", "author", "author", "stranger", "super"])


class Hosting(Mirror):
    """Evenings that come, change and go."""

    evenings: Bundle[Evening] = Bundle("evenings")
    bookings: Bundle[Booking] = Bundle("bookings")

    @initialize(target=evenings, tickets=PLACES, at_once=st.booleans())
    def begin(self, tickets: int, at_once: bool) -> Any:
        """There is an evening from the beginning."""
        return self.announce(0, 0, 0, tickets, at_once, False, False)

    @rule(
        target=evenings,
        who=st.sampled_from([0, 0, 1, 1, 1, 2, 4]),
        slot=SLOTS,
        film=st.integers(0, 1),
        tickets=PLACES,
        at_once=st.booleans(),
        draft=SELDOM,
        sub_only=SELDOM,
    )
    def announce(self, who: int, slot: int, film: int, tickets: int, at_once: bool, draft: bool, sub_only: bool) -> Any:
        """A new evening that overlaps some of the others."""
        host, shown_film = self.stage.people[who], self.stage.films[film]
        will = "Created" if draft else "Alive"
        evening = Evening(host.id, shown_film, self.time(slot), tickets, will, at_once, sub_only)
        body = new_evening(status=will, tickets_count=tickets, event_time=as_json(evening.start))
        body |= {"accept_at_once": at_once, "sub_only": sub_only}
        evening.location = body["event_location"]
        path = f"/app/v1/announcement/{shown_film.id}"
        shown = self.play(lambda: self.world.announce(evening), host, "POST", path, body)
        if shown is None:
            return multiple()
        evening.id = shown["id"]
        self.look_around(host, evening, shown)
        return evening

    @rule(evening=evenings, tickets=PLACES, who=MANAGERS)
    def resize(self, evening: Evening, tickets: int, who: str) -> None:
        """More places or fewer."""
        self.edit(who, evening, {"tickets_count": tickets}, tickets=tickets)

    @rule(evening=evenings, slot=SLOTS, film=st.integers(0, 1), more=st.integers(0, 2), force=st.booleans(), who=MANAGERS)
    def move(self, evening: Evening, slot: int, film: int, more: int, force: bool, who: str) -> None:
        """Another time, another film, perhaps more places along with it."""
        start, shown, tickets = self.time(slot), self.stage.films[film], evening.tickets + more
        body = {"event_time": as_json(start), "movie_id": shown.id, "tickets_count": tickets, "force": force}
        self.edit(who, evening, body, force, start=start, film=shown, tickets=tickets)

    @rule(evening=evenings, will=st.sampled_from(["Alive", "Alive", "Closed"]), who=MANAGERS)
    def open_or_close(self, evening: Evening, will: str, who: str) -> None:
        """Publishes a draft, closes, reopens."""
        self.edit(who, evening, {"status": will}, will=will)

    @rule(evening=evenings, at_once=st.booleans(), who=MANAGERS)
    def decide_otherwise(self, evening: Evening, at_once: bool, who: str) -> None:
        """By hand or at once from now on."""
        self.edit(who, evening, {"accept_at_once": at_once}, at_once=at_once)

    @rule(evening=evenings, sub_only=st.booleans(), hides=st.booleans(), city=st.sampled_from(["", "Berlin"]), who=MANAGERS)
    def hide(self, evening: Evening, sub_only: bool, hides: bool, city: str, who: str) -> None:
        """For followers only, the address for guests only, or neither."""
        body = {"sub_only": sub_only, "address_for_guests_only": hides, "city": city}
        self.edit(who, evening, body, sub_only=sub_only, hides_address=hides, city=city)

    @rule(evening=evenings, tickets=PLACES)
    def edit_what_was_read_before(self, evening: Evening, tickets: int) -> None:
        """An edit that says which version it means; the one before the last is nobody's."""
        author = self.everybody[evening.author]
        path, version = f"/app/v1/announcement/{evening.id}", evening.version - 1
        late = author.call("PUT", path, {"tickets_count": tickets, "expected_version": version})
        ended = evening.will == "Cancelled"
        assert answer(late) in ({(400, "ANNOUNCEMENT_ENDED"), (409, "VERSION_MISMATCH")} if ended else {(409, "VERSION_MISMATCH")})
        self.edit("author", evening, {"tickets_count": tickets, "expected_version": evening.version}, tickets=tickets)

    @rule(evening=evenings, who=MANAGERS, by_status=st.booleans(), sure=SELDOM)
    def cancel(self, evening: Evening, who: str, by_status: bool, sure: bool) -> None:
        """Calls an evening off, seldom enough that there are some left."""
        if not sure:
            return
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
