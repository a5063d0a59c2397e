"""What people may do with evenings and bookings, what follows from it, and when it is refused."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from tests.model.model import Booking, Evening, World, refuse


class Rules(World):
    """The world and everything that changes it. Every method refuses (raises Refused) or does it all."""

    # -- evenings

    def announce(self, evening: Evening) -> Evening:
        """A new evening, a draft or published."""
        guest_elsewhere = self.visits(evening.author, evening.start, evening.film.minutes)
        refuse(ANNOUNCEMENT_EXISTS=self._announced(evening), TIME_CONFLICT=evening.held and guest_elsewhere)
        evening.published = evening.held
        self.evenings.append(evening)
        return evening

    def edit(self, actor: str, evening: Evening, force: bool = False, **changes: Any) -> None:
        """Changes what is given; names are those of Evening."""
        self._manage(actor, evening)
        refuse(ANNOUNCEMENT_ENDED=evening.will == "Cancelled")
        after = replace(evening, **changes)
        moved = (after.start, after.film.minutes) != (evening.start, evening.film.minutes)
        lost = [each for each in self.bookings_of(evening) if moved and each.live and self._elsewhere(each, after)]
        taken_time = after.held and (moved or not evening.held)
        guests = {"guests": ",".join(sorted(each.guest for each in lost))}
        refuse(
            self.facts(evening) | guests,
            INVALID_FIELDS=after.hides_address and not after.city,
            ANNOUNCEMENT_NOT_OPEN=evening.will == "Created" and after.will == "Closed",
            PLACES_ALREADY_TAKEN=after.tickets < self.taken(evening),
            ANNOUNCEMENT_EXISTS=self._announced(after, besides=evening),
            TIME_CONFLICT=taken_time and self.visits(evening.author, after.start, after.film.minutes),
            GUESTS_HAVE_CONFLICTS=bool(lost) and not force,
        )
        vars(evening).update(changes, published=evening.published or after.held)
        for booking in lost:
            self._become(booking, "CANCELLED", actor, "moved")
        self._serve(evening)

    def cancel(self, actor: str, evening: Evening, why: str = "") -> None:
        """Calls it off for everybody."""
        self._manage(actor, evening)
        refuse(ANNOUNCEMENT_ENDED=evening.will == "Cancelled")
        evening.will, evening.cancel_reason = "Cancelled", why
        for booking in self.bookings_of(evening):
            if booking.live:
                self._become(booking, "CANCELLED", actor, "cancelled")

    # -- bookings

    def apply(self, guest: str, evening: Evening, tickets: int = 1, waits: bool = False) -> Booking:
        """Asks for places, or waits for them."""
        refuse(ANNOUNCEMENT_NOT_FOUND=not self.sees(guest, evening))
        enough = tickets <= self.left(evening)
        refuse(
            self.facts(evening),
            OWN_ANNOUNCEMENT=guest == evening.author,
            ANNOUNCEMENT_NOT_OPEN=evening.will != "Alive",
            BOOKING_EXISTS=self.live_booking(guest, evening) is not None,
            NO_PLACES_LEFT=not enough and not waits,
            TIME_CONFLICT=self.busy(guest, evening.start, evening.film.minutes),
        )
        state = ("ACCEPTED" if evening.at_once else "PENDING") if enough else "WAITLISTED"
        booking = Booking(evening, guest, tickets, "")
        cause = {"ACCEPTED": "accepted", "PENDING": "applied", "WAITLISTED": "waitlisted"}[state]
        self._become(booking, state, guest, cause, kind="booking_created")
        self.bookings.append(booking)
        return booking

    def say(self, actor: str, booking: Booking, yes: bool, why: str = "") -> None:
        """The author's or the guest's word on a booking."""
        refuse(NOT_YOUR_BOOKING=actor not in (booking.guest, booking.evening.author))
        if actor == booking.guest:
            self._return(booking) if yes else self.withdraw(actor, booking)
        elif yes:
            self._accept(actor, booking)
        else:
            self._decline(actor, booking, why)
            self._serve(booking.evening)

    def withdraw(self, actor: str, booking: Booking) -> None:
        """The guest, or super for him, takes it back."""
        refuse(NOT_YOUR_BOOKING=actor not in (booking.guest, self.superuser))
        self._must_be_there(booking, booking.live)
        self._become(booking, "WITHDRAWN", actor, "withdrawn")
        self._serve(booking.evening)

    def decide(
        self, actor: str, evening: Evening, accept: Sequence[Booking], decline: Sequence[Booking], why: str = ""
    ) -> None:
        """Many decisions, all or none: declines, then accepts, then those who wait."""
        named = [*accept, *decline]
        self._manage(actor, evening, invalid=not named or len({id(each) for each in named}) < len(named))
        refuse(BOOKING_NOT_FOUND=any(each.evening is not evening for each in named))
        before = [(each, copy(vars(each)), list(each.timeline)) for each in named]
        try:
            for booking in decline:
                self._decline(actor, booking, why)
            for booking in accept:
                self._accept(actor, booking)
        except BaseException:
            for booking, values, timeline in before:
                vars(booking).update(values, timeline=timeline)
            raise
        self._serve(evening)

    # -- what these have in common

    def _accept(self, actor: str, booking: Booking) -> None:
        self._must_be_there(booking, booking.state in ("PENDING", "WAITLISTED", "DECLINED"))
        refuse(
            self.facts(booking.evening, booking),
            NO_PLACES_LEFT=booking.tickets > self.left(booking.evening),
            **self._clashes(booking),
        )
        self._become(booking, "ACCEPTED", actor, "accepted")

    def _decline(self, actor: str, booking: Booking, why: str) -> None:
        self._must_be_there(booking, booking.live)
        self._become(booking, "DECLINED", actor, "revoked" if booking.state == "ACCEPTED" else "declined")
        booking.decline_reason = why

    def _return(self, booking: Booking) -> None:
        evening = booking.evening
        refuse(
            self.facts(evening, booking),
            WRONG_BOOKING_STATE=booking.state != "WITHDRAWN",
            ANNOUNCEMENT_NOT_OPEN=evening.will != "Alive",
            NO_PLACES_LEFT=booking.tickets > self.left(evening),
            **self._clashes(booking),
        )
        self._become(booking, "ACCEPTED" if evening.at_once else "PENDING", booking.guest, "returned")

    def _become(self, booking: Booking, state: str, actor: str, cause: str, kind: str = "booking_status") -> None:
        booking.state, booking.offered = state, cause == "promoted" and state == "PENDING"
        booking.timeline.append((kind, actor, cause))
        if state == "ACCEPTED":
            booking.accepted = self.moment

    def _serve(self, evening: Evening) -> None:
        """Freed and added places go to those who wait, in order; a party that does not fit keeps its rank."""
        offers = () if evening.at_once else self.bookings_of(evening, "PENDING")
        budget = self.left(evening) - sum(each.tickets for each in offers if each.offered)
        for booking in list(self.bookings_of(evening, "WAITLISTED")):
            if booking.tickets <= budget:
                budget -= booking.tickets
                self._become(booking, "ACCEPTED" if evening.at_once else "PENDING", "", "promoted")

    def _manage(self, actor: str, evening: Evening, invalid: bool = False) -> None:
        """Author and super only; nobody else needs to be told that a private evening is there."""
        sees, owns = self.sees(actor, evening), self.owns(actor, evening)
        refuse(
            ANNOUNCEMENT_NOT_FOUND=not owns and (evening.sub_only or not sees),
            NOT_YOUR_ANNOUNCEMENT=not owns and sees,
            INVALID_FIELDS=invalid,
        )

    def _must_be_there(self, booking: Booking, right_state: bool) -> None:
        evening = booking.evening
        facts = self.facts(evening, booking)
        refuse(facts, WRONG_BOOKING_STATE=not right_state, ANNOUNCEMENT_NOT_OPEN=evening.will == "Cancelled")

    def _clashes(self, booking: Booking) -> dict[str, bool]:
        """Why a booking cannot become live (again): its guest is elsewhere by now, or has a new booking here."""
        if booking.live:
            return {}
        again = self.live_booking(booking.guest, booking.evening) is not None
        return {"TIME_CONFLICT": self._elsewhere(booking, booking.evening), "BOOKING_EXISTS": again}

    def _elsewhere(self, booking: Booking, at: Evening) -> bool:
        return self.busy(booking.guest, at.start, at.film.minutes, besides=booking)

    def _announced(self, wanted: Evening, besides: Evening | None = None) -> bool:
        key = (wanted.author, wanted.film, wanted.start)
        others = (each for each in self.evenings if each is not besides and each.will != "Cancelled")
        return any((each.author, each.film, each.start) == key for each in others)
