"""Ratings: evenings that are over, whose people all have something to say, and one whose people have been rated."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from bench.load import Requests, repeated, request
from bench.people import Person
from bench.superuser import connected
from local.mesh import Mesh

HOSTS, GUESTS, EVENINGS, TOGETHER = 20, 20, 600, 40
"""Guests of each evening; evenings to be rated, and how many of them are being rated at one time."""
RATED = 10
"""Evenings of which everything has been said."""
ADD_EVENINGS = """INSERT INTO announcements (id, author_id, movie_id, will, title, description, sub_only, is_free,
        accept_at_once, tickets_count, places_taken, event_time, duration_minutes, event_location, time_zone,
        create_time, update_time, publish_time, begun, told_over)
    SELECT id, host, (SELECT movie_id FROM announcements LIMIT 1), 'PUBLISHED', 'An evening that is over', '', false,
        true, true, $3, $3, now() - interval '1 day' - number * interval '1 minute', 120, 'Kino Krokodil, Berlin',
        'Europe/Berlin', now(), now(), now(), true, true
    FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS evening (id, host, number)"""
ADD_BOOKINGS = """INSERT INTO bookings (id, announcement_id, guest_id, state, tickets, create_time, update_time,
        accept_time)
    SELECT id, evening, guest, 'ACCEPTED', 1, now(), now(), now()
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS booking (id, evening, guest)"""
ADD_RATINGS = """INSERT INTO ratings (announcement_id, booking_id, rater_id, rated_id, of_host, score, text,
        create_time, update_time, reveal_time, list_time, count_time)
    SELECT a.id, b.id, CASE WHEN side THEN b.guest_id ELSE a.author_id END,
        CASE WHEN side THEN a.author_id ELSE b.guest_id END, side, 8, 'Lovely', now(), now(), now(), now(), now()
    FROM bookings b JOIN announcements a ON a.id = b.announcement_id, (VALUES (true), (false)) AS side (side)
    WHERE a.id = ANY($1)"""
ADD_STANDINGS = """INSERT INTO standings (person_id, of_host, ratings_count, ratings_sum)
    SELECT rated_id, of_host, count(*), sum(score) FROM ratings WHERE announcement_id = ANY($1) GROUP BY 1, 2"""


@dataclass
class Over:
    """An evening that is over."""

    id: UUID
    host: Person
    guests: Sequence[Person]
    bookings: Sequence[UUID]


@dataclass
class RatingStage:
    """What is rated, and what is read."""

    unrated: list[Over]
    shown: UUID
    """An evening with twenty guests; all of them and the host have been rated."""
    reader: Person

    def words(self) -> Requests:
        """Everything that can be said, each once: guests in turn, and the host of each, some evenings at one time."""
        for start in range(0, len(self.unrated), TOGETHER):
            for number in range(GUESTS):
                for evening in self.unrated[start : start + TOGETHER]:
                    yield from both(evening, number)

    def get(self) -> Requests:
        """The evening that is read."""
        return repeated(request("GET", f"/app/v1/announcement/{self.shown}", self.reader.token))

    def listed(self) -> Requests:
        """A page of ratings of its host."""
        return repeated(request("GET", f"/app/v1/ratings/{self.reader.id}", self.reader.token))

    def standing(self) -> Requests:
        """What became of all evenings of its host."""
        return repeated(request("GET", f"/app/v1/standing/{self.reader.id}", self.reader.token))


def both(evening: Over, number: int) -> Iterator[bytes]:
    """One guest rates the host, and the host him."""
    body = {"score": 1 + number % 10, "text": "The film was long, and the company made up for it.", "private_note": ""}
    for rater in (evening.guests[number], evening.host):
        yield request("POST", f"/app/v1/rating/{evening.bookings[number]}", rater.token, body)


async def set_up(mesh: Mesh, people: Sequence[Person]) -> RatingStage:
    """Loads evenings of the first people with the others as guests."""
    hosts, guests = people[:HOSTS], itertools.cycle(people[HOSTS:])
    evenings = []
    for number in range(EVENINGS):
        evenings.append(evening(hosts[number % HOSTS], list(itertools.islice(guests, GUESTS))))
    company = list(people[HOSTS : HOSTS + GUESTS])
    evenings += [evening(hosts[0], company) for _ in range(RATED)]
    rated = [each.id for each in evenings[EVENINGS:]]
    async with connected(mesh, "booking") as connection, connection.transaction():
        await connection.execute(
            ADD_EVENINGS, [each.id for each in evenings], [each.host.id for each in evenings], GUESTS
        )
        booked = [
            (booking, e.id, guest.id) for e in evenings for booking, guest in zip(e.bookings, e.guests, strict=True)
        ]
        await connection.execute(ADD_BOOKINGS, *map(list, zip(*booked, strict=True)))
        await connection.execute(ADD_RATINGS, rated)
        await connection.execute(ADD_STANDINGS, rated)
    return RatingStage(evenings[:EVENINGS], rated[0], hosts[0])


def evening(host: Person, guests: Sequence[Person]) -> Over:
    """One that is not loaded yet."""
    return Over(uuid4(), host, guests, [uuid4() for _ in guests])
