"""Refusals that applying and moving a booking share."""

from typing import Any

from booking_svc.schema import Status, Will, is_ended, places_left, status
from mesh import clock
from mesh.caller import Caller
from mesh.errors import FailedPrecondition, InvalidArgument, MeshError, NotFound, PermissionDenied


def is_own(announcement: Any, caller: Caller) -> bool:
    """Whether an announcement is the caller's to change."""
    return bool(caller.is_super or announcement.author_id == caller.user_id)


def owned(announcement: Any, caller: Caller) -> None:
    """Raises PermissionDenied (NOT_YOUR_ANNOUNCEMENT) unless it is the caller's or he is super.

    Raises NotFound (ANNOUNCEMENT_NOT_FOUND) for drafts and private evenings: that they exist is not told.
    """
    if is_own(announcement, caller):
        return
    if announcement.publish_time is None or announcement.sub_only:
        raise no_announcement()
    raise PermissionDenied("NOT_YOUR_ANNOUNCEMENT", "only its author may do that with an announcement")


def open_for_applications(announcement: Any) -> None:
    """Raises FailedPrecondition (ANNOUNCEMENT_NOT_OPEN) unless it takes applications; being full is another reason."""
    if announcement.will != Will.PUBLISHED or announcement.event_time <= clock.now():
        raise not_open(announcement)


def ongoing(announcement: Any) -> None:
    """Raises FailedPrecondition (ANNOUNCEMENT_NOT_OPEN) when the evening has begun, is over or cancelled."""
    now = clock.now()
    if is_ended(announcement, now) or announcement.event_time <= now:
        raise not_open(announcement)


def not_open(announcement: Any) -> MeshError:
    """The refusal, saying where the announcement stands."""
    now = clock.now()
    stands = status(announcement, now)
    begun = announcement.event_time <= now and stands == Status.CLOSED
    message = "the evening has begun" if begun else f"the announcement is {stands}"
    return FailedPrecondition("ANNOUNCEMENT_NOT_OPEN", message, status=stands)


def full(announcement: Any) -> MeshError:
    """The refusal, with the numbers."""
    left = places_left(announcement)
    message = f"{announcement.places_taken} of {announcement.tickets_count} places are taken"
    return FailedPrecondition("NO_PLACES_LEFT", message, places_left=left)


def elsewhere() -> MeshError:
    """The refusal of a second evening at one time."""
    return FailedPrecondition("TIME_CONFLICT", "the guest hosts or visits another evening then")


def host_elsewhere() -> MeshError:
    """The refusal of an evening of one's own while one is a guest."""
    return FailedPrecondition("TIME_CONFLICT", "the host is a guest of another evening then")


def no_announcement() -> MeshError:
    """The refusal of an announcement that does not exist, or not for the caller."""
    return NotFound("ANNOUNCEMENT_NOT_FOUND", "there is no such announcement")


def no_booking() -> MeshError:
    """The refusal of a booking that does not exist."""
    return NotFound("BOOKING_NOT_FOUND", "there is no such booking")


def not_yours() -> MeshError:
    """The refusal of somebody else's booking."""
    return PermissionDenied("NOT_YOUR_BOOKING", "the booking is somebody else's")


def wrong_state(booking: Any) -> MeshError:
    """The refusal of a step that the booking's state does not allow."""
    return FailedPrecondition("WRONG_BOOKING_STATE", f"the booking is {booking.state}", state=booking.state)


def not_a_guest() -> MeshError:
    """The refusal of somebody who was not accepted, or is marked absent."""
    return FailedPrecondition("NOT_A_GUEST", "only who was accepted and is not marked absent was a guest of an evening")


def not_over() -> MeshError:
    """The refusal of what can only be said once an evening is over."""
    return FailedPrecondition("EVENING_NOT_OVER", "the evening is not over yet")


def guest_was_rated() -> MeshError:
    """The refusal of marking absent somebody whom one has rated: that would take away his say, and leave one's own."""
    return FailedPrecondition("GUEST_WAS_RATED", "the host has rated this guest, so he was there")


def window_closed() -> MeshError:
    """The refusal of what is said too late."""
    return FailedPrecondition("RATING_WINDOW_CLOSED", "the 14 days for rating have passed")


def no_rating() -> MeshError:
    """The refusal of a rating that does not exist, or not for the caller."""
    return NotFound("RATING_NOT_FOUND", "there is no such rating")


def own_rating() -> MeshError:
    """The refusal of a moderator who is concerned himself."""
    return PermissionDenied("OWN_RATING", "nobody moderates what he wrote or what was said of him")


def wrong_rating_state(message: str) -> MeshError:
    """The refusal of what moderators cannot do with a rating as it stands."""
    return FailedPrecondition("WRONG_RATING_STATE", message)


def bad_field(field: str, problem: str) -> MeshError:
    """The refusal of a field whose value is no good for a reason that the contract's limits do not know."""
    return InvalidArgument("INVALID_FIELDS", f"{field}: {problem}", fields={field: problem})
