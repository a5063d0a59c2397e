"""Tables, the promises that PostgreSQL keeps, and rules that need one row only; a file for each noun.

Hot paths read plain rows instead of ORM objects. They have the same attributes, so the rules here take either.
"""

from booking_svc.schema.announcements import (
    LONGEST,
    RATING_WINDOW,
    Announcement,
    Status,
    Will,
    has_begun,
    is_ended,
    places_left,
    rating_closes,
    status,
)
from booking_svc.schema.base import NOBODY, Base, IdempotencyKey, one_of
from booking_svc.schema.blocks import Block
from booking_svc.schema.bookings import LIVE, SEATED, Booking, State, author_status, guest_status
from booking_svc.schema.engagements import HOST_SLOT, Engagement
from booking_svc.schema.events import BookingEvent, FanOut
from booking_svc.schema.moderation import Action, Moderation, Report, Reported
from booking_svc.schema.ratings import NotHeld, Rating, Standing

__all__ = [
    "HOST_SLOT",
    "LIVE",
    "LONGEST",
    "NOBODY",
    "RATING_WINDOW",
    "SEATED",
    "Action",
    "Announcement",
    "Base",
    "Block",
    "Booking",
    "BookingEvent",
    "Engagement",
    "FanOut",
    "IdempotencyKey",
    "Moderation",
    "NotHeld",
    "Rating",
    "Report",
    "Reported",
    "Standing",
    "State",
    "Status",
    "Will",
    "author_status",
    "guest_status",
    "has_begun",
    "is_ended",
    "one_of",
    "places_left",
    "rating_closes",
    "status",
]
