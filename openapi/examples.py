"""Examples: what a field may hold, by its name, and from that whole requests; and how a refusal looks.

The people and the films are those of the sample data, so that a request can be sent to a fresh mesh as it stands.
"""

from collections.abc import Collection
from typing import Any

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from openapi.limits import required_fields

AUTHOR = "50760ee6-2073-445d-ad25-f665937f3b33"
GUEST = "39e60237-83ea-4c65-9bc9-f6b47d109738"
FILM = "23536729-1e1f-4639-a9cf-0883634143ab"
SOME_ID = "0b6d0c52-5f0e-4a1b-9d84-6f2f0c1d7a11"

FIELDS: dict[str, Any] = {
    # Evenings and bookings.
    "title": "Cinema in the yard",
    "description": "Bring a blanket.",
    "tickets_count": 3,
    "event_time": "2031-05-01T20:00:00+02:00",
    "event_location": "Kreuzbergstrasse 1, Berlin",
    "time_zone": "Europe/Berlin",
    "city": "Berlin",
    "booking.v1.CreateAnnouncementRequest.status": "Alive",
    "tickets": 1,
    "my_status": True,
    "accept": [SOME_ID],
    "attended": [SOME_ID],
    "score": 5,
    "review_text": "A warm welcome and a good picture.",
    "text": "A warm welcome and a good picture.",
    "booking.v1.ReportRatingRequest.reason": "It tells where I live.",
    "booking.v1.ModerateRatingRequest.reason": "It tells where somebody lives.",
    # Films and what is said of them.
    "movie_title": "Cinema Paradiso",
    "movie.v1.Movie.title": "Cinema Paradiso",
    "movie.v1.Movie.description": "A filmmaker remembers the cinema of his childhood.",
    "running_time": 124,
    "ugc.v1.CreateReviewRequest.text": "I laughed and I cried.",
    "ugc.v1.UpdateReviewRequest.text": "I laughed and I cried.",
    "ugc.v1.SetReactionRequest.reaction": "LIKE",
    "show_evenings_to_friends": True,
    # People.
    "email": "maya@example.com",
    "password": "a long password",
    "old": "a long password",
    "new": "a longer password",
    "name": "Maya",
    "last_name": "Okafor",
    "author_name": "Emilia Hartmann",
    "guest_name": "Maya Okafor",
    "country": "DE",
    "language": "en",
    "permissions": [0],
    "token": "the part of the link behind #",
    "refresh_token": "what the login answered",
    "client_secret": "what was shown once",
    "auth.v1.CreateClientRequest.name": "Programme of the week",
    "rpcs": ["matinee.auth.v1.AuthService.GetUser"],
    # Notices and links.
    "booking_created": {"inbox": True, "email": False},
    "url": "http://localhost:8080/app/v1/announcements",
    # Ids.
    "movie_id": FILM,
    "user_id": GUEST,
    "guest_id": GUEST,
    "author_id": AUTHOR,
    "group": "hosts",
}
"""By a field's name, or by its full name without `matinee.` where one needs another than its namesakes."""


def example_of(field: FieldDescriptor) -> Any:
    """What a field may hold; None if nothing is known."""
    return FIELDS.get(field.full_name.removeprefix("matinee."), FIELDS.get(field.name))


def request_example(message: Descriptor, without: Collection[str]) -> dict[str, Any]:
    """A body with what must be given, and what else is known; ValueError if an example of what must be is missing."""
    needed = required_fields(message)
    found: dict[str, Any] = {}
    for field in message.fields:
        value = example_of(field)
        if field.name in without or (value is None and field.name not in needed):
            continue
        found[field.name] = _made_up(field) if value is None else value
    return found


def path_example(field: FieldDescriptor) -> Any:
    """What stands in a path."""
    value = example_of(field)
    return SOME_ID if value is None and field.name.endswith("_id") else value


def refusal_example(reason: str, code: str, when: str) -> dict[str, Any]:
    """A refusal as it is answered."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "matinee", "metadata": {}}
    value = {"code": grpc.StatusCode[code].value[0], "message": when, "details": [info]}
    return {"summary": reason, "value": value}


def _made_up(field: FieldDescriptor) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].name
    if field.name.endswith("_id"):
        return SOME_ID
    raise ValueError(f"openapi/examples.py has no example of {field.full_name}, which must be given")
