"""Everything that can be asked of booking, by everybody, as text that is the same whoever plays."""

import json
from collections.abc import Iterator
from typing import Any

from tests.model.ratings.deeds import booking_name, evening_name
from tests.model.ratings.troupe import HOSTS, PEOPLE, Troupe
from tests.model.ratings.world import MODERATOR, SUPER

Question = tuple[str, str, dict[str, str]]
"""Who asks, the path, the query."""

# The rows of many in which those of a troupe have to be found.
CROWDED = ("/app/v1/hosts", "/app/v1/_reports", "/app/v1/_moderations", "/app/v1/announcements")


def questions(troupe: Troupe, who: str) -> Iterator[Question]:
    """What this person can ask about everybody."""
    for number, evening in enumerate(troupe.world.evenings):
        if not evening.bookings:
            continue
        path = f"/app/v1/announcement/{{{evening_name(number)}}}"
        yield who, path, {}
        yield who, f"{path}/applications", {}
        yield who, f"{path}/friends", {}
        for at, booking in enumerate(evening.bookings):
            yield who, f"/app/v1/booking/{{{booking_name(number, at)}}}", {}
            rated = booking.guest if who == evening.host else evening.host
            if (number, who, rated) not in troupe.private:
                yield who, f"/app/v1/rating/{{{booking_name(number, at)}}}", {}
    for person in PEOPLE:
        yield who, f"/app/v1/average_score/{{{person}}}", {}
        yield who, f"/app/v1/standing/{{{person}}}", {}
        for side in ("host", "guest"):
            yield who, f"/app/v1/ratings/{{{person}}}", {"filter[as]": side, "page_size": "2"}
    for host in HOSTS:
        yield who, "/app/v1/announcements", {"filter[author]": f"{{{host}}}"}
    # What one has said oneself makes it shorter.
    if not any(author == who for _, author, _ in troupe.private):
        yield who, "/app/v1/ratings_due", {}
    yield who, "/app/v1/hosts", {}
    yield who, "/app/v1/hosts", {"order_by": "rating"}
    for side in ("guest", "author"):
        yield who, "/app/v1/bookings", {"filter[self]": side}
    if who in (MODERATOR, SUPER):
        yield who, "/app/v1/_reports", {}
    if who == SUPER:
        yield who, "/app/v1/_moderations", {}
        for host in HOSTS:
            yield who, "/app/v1/_bookings", {"filter[author]": f"{{{host}}}"}


def told(troupe: Troupe, question: Question) -> str:
    """The whole answer: its status, its body, whether there is more."""
    who, path, query = question
    if path in CROWDED:
        rows = troupe.visitors[who].rows(path, troupe.fill(query))
        return troupe.plain(json.dumps([row for row in rows if ours(troupe, row)], ensure_ascii=False))
    response = troupe.call(who, "GET", path, params=troupe.fill(query))
    more, degraded = "x-next-page-token" in response.headers, response.headers.get("x-degraded")
    return f"{response.status_code} {more} {degraded} {troupe.plain(response.text)}"


def ours(troupe: Troupe, row: Any) -> bool:
    """Whether a row is about this troupe."""
    ids = set(troupe.ids.values()) - {troupe.ids["film"], troupe.ids[SUPER]}
    return any(identity in json.dumps(row) for identity in ids)
