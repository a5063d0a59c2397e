"""What a notice may mention of an evening, and whom it may be told to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from matinee.notify.v1 import notify_pb2

from booking_svc.peers import Films, People

AT_ONCE = 1000
"""Most recipients of a notice that notify takes in one request."""
Recipient = notify_pb2.PublishRequest.Recipient


class Known(NamedTuple):
    """What peers have told. A name is missing while its owner is down."""

    names: Mapping[UUID, str]
    titles: Mapping[UUID, str]


async def look_up(people: People, films: Films, persons: Collection[UUID], movies: Collection[UUID]) -> Known:
    """The names and titles of all that notices are going to mention, in one call each."""
    return Known(
        await people.names(*set(persons)) if persons else {}, await films.titles(*set(movies)) if movies else {}
    )


def evening_facts(evening: Any, known: Known, *, sees_address: bool) -> notify_pb2.PublishRequest:
    """An evening as it is now. `evening` is a row with the announcement's columns under their names, and its id."""
    knows = sees_address or not evening.address_for_guests_only
    facts = notify_pb2.PublishRequest(
        announcement_id=str(evening.announcement_id),
        title=evening.title,
        movie_title=known.titles.get(evening.movie_id, ""),
        author_name=known.names.get(evening.author_id, ""),
        time_zone=evening.time_zone,
        event_location=evening.event_location if knows else evening.city,
        sequence=evening.version,
    )
    facts.event_time.FromDatetime(evening.event_time)
    facts.end_time.FromDatetime(evening.end_time)
    return facts


def host(person: UUID) -> Recipient:
    """The evening's host, to be told in a host's words."""
    return Recipient(user_id=str(person), host=True)


def guest(person: UUID | str) -> Recipient:
    """Somebody to be told in a guest's words."""
    return Recipient(user_id=str(person))


def to_all(
    facts: notify_pb2.PublishRequest, kind: notify_pb2.Kind.ValueType, people: Sequence[Recipient]
) -> Iterator[notify_pb2.PublishRequest]:
    """A notice for all these people, in as many requests as it takes."""
    for start in range(0, len(people), AT_ONCE):
        request = notify_pb2.PublishRequest(kind=kind, recipients=people[start : start + AT_ONCE])
        request.MergeFrom(facts)
        yield request
