"""How late places are given up or taken away: what is known of it afterwards stands beside people's ratings."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from booking_svc.schema import State

SHORT_NOTICE = timedelta(days=1)
"""What happens when less is left until the evening is late."""


def minutes_left(announcement: Any, now: datetime) -> int | None:
    """How many whole minutes are left until it begins, none once it has; None while it is not late."""
    left: timedelta = announcement.event_time - now
    return max(0, left // timedelta(minutes=1)) if left < SHORT_NOTICE else None


def of_guest(announcement: Any, booking: Any, actor: UUID, now: datetime) -> int | None:
    """How late a guest gives his place up.

    Whom the host has moved the evening from under has a day's time to leave: else its host could make him late.
    """
    if booking.state != State.ACCEPTED or actor != booking.guest_id:
        return None
    moved = announcement.move_time
    if moved is not None and booking.accept_time < moved and now < moved + SHORT_NOTICE:
        return None
    return minutes_left(announcement, now)


def of_host(announcement: Any, booking: Any, actor: UUID, now: datetime) -> int | None:
    """How late a host takes a guest's place away; what a moderator does is not the host's."""
    if booking.state != State.ACCEPTED or actor != announcement.author_id:
        return None
    return minutes_left(announcement, now)


def of_evening(announcement: Any, actor: UUID, now: datetime) -> int | None:
    """How late a host calls an evening off, or moves it, while guests have places.

    It remembers the latest: moving it far away first does not make calling it off any earlier.
    """
    known: int | None = announcement.late_minutes
    left = minutes_left(announcement, now) if announcement.places_taken and actor == announcement.author_id else None
    return min((each for each in (known, left) if each is not None), default=None)
