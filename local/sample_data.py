"""Loads what a fresh mesh has to show: the five sample people, two groups, the films, and a few reviews of films.

`python -m local.sample_data`, with AUTH_DATABASE_URL, MOVIE_DATABASE_URL and UGC_DATABASE_URL. May be run again at any
time: what is there already stays as people have changed it. SAMPLE_PASSWORD lets the sample people sign in; without it
they have only the tokens of `make tokens`.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from argon2.exceptions import VerificationError
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from auth_svc.passwords import HASHER
from auth_svc.schema import Group, GroupMember, User
from auth_svc.tokens import PEOPLE
from movie_svc import importer
from ugc_svc.schema import DISLIKE, LIKE, Reaction, Review

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
CINEMA_PARADISO = UUID("23536729-1e1f-4639-a9cf-0883634143ab")
REAR_WINDOW = UUID("8f1a49f0-0319-4589-9130-08bad05a1d3b")

Rows = Sequence[dict[str, Any]]


def person(
    role: str, full_name: str, phone: str, gender: str, country: str, zone: str, born: date, **more: Any
) -> dict[str, Any]:
    """A sample person's account."""
    name, last_name = full_name.split()
    return {
        "id": PEOPLE[role],
        "email": f"{role}@example.com",
        "name": name,
        "last_name": last_name,
        "phone_number": phone,
        "telegram_name": f"matinee_{role}",
        "gender": gender,
        "country": country,
        "time_zone": zone,
        "birthday": born,
        "create_time": BEGAN,
        "verify_time": BEGAN,
        "language": "en",
        "permissions": [0],
        "is_super": False,
        **more,
    }


SUPER = {"language": "ru", "permissions": [0, 3], "is_super": True}
USERS: Rows = (
    person("user", "Nora Lindqvist", "+46 8 5550 1001", "female", "Sweden", "Europe/Stockholm", date(1992, 5, 17)),
    person("sudo", "Виктор Соколов", "+7 495 555 10 02", "male", "Russia", "Europe/Moscow", date(1985, 11, 2), **SUPER),
    person("author", "Emilia Hartmann", "+49 30 5550 1003", "female", "Germany", "Europe/Berlin", date(1988, 3, 9)),
    person("guest_1", "Tomás Ferreira", "+351 21 555 1004", "male", "Portugal", "Europe/Lisbon", date(1995, 8, 23)),
    person(
        "guest_2", "Maya Okafor", "+44 20 7946 1005", "female", "Great Britain", "Europe/London", date(1998, 12, 30)
    ),
)
GROUPS = {"hosts": ("author", "user"), "moderators": ("sudo",)}


def review(number: int, movie_id: UUID, role: str, score: int, words: str) -> dict[str, Any]:
    """A review with an id that is the same everywhere."""
    review_id = UUID(f"0b6d0c52-5f0e-4a1b-9d84-{number:012d}")
    who = {"id": review_id, "movie_id": movie_id, "author_id": PEOPLE[role]}
    return {**who, "score": score, "text": words, "create_time": BEGAN}


REVIEWS: Rows = (
    review(1, CINEMA_PARADISO, "author", 10, "The last five minutes are why I watch films with other people."),
    review(2, CINEMA_PARADISO, "guest_1", 8, "Sentimental, and proud of it. Bring handkerchiefs for the whole row."),
    review(3, REAR_WINDOW, "guest_1", 9, "Two hours in one room and not a dull minute. Draw your curtains afterwards."),
)
REACTIONS = (
    (REVIEWS[0], "user", LIKE),
    (REVIEWS[0], "guest_2", LIKE),
    (REVIEWS[1], "author", LIKE),
    (REVIEWS[1], "user", DISLIKE),
    (REVIEWS[2], "author", LIKE),
)


async def load_people(connection: AsyncConnection) -> None:
    """Accounts and groups."""
    await add(connection, User, USERS)
    joined = [(group, role) for group, roles in GROUPS.items() for role in roles]
    await add(connection, Group, [{"name": group, "create_time": BEGAN} for group in GROUPS])
    await add(
        connection,
        GroupMember,
        [{"group_name": group, "user_id": PEOPLE[role], "join_time": BEGAN} for group, role in joined],
    )
    await set_password(connection, os.environ.get("SAMPLE_PASSWORD", ""))


async def set_password(connection: AsyncConnection, password: str) -> None:
    """Lets the sample people sign in with this password, also when it was another one before."""
    ids = list(PEOPLE.values())
    stored = (
        await connection.execute(text("SELECT password_hash FROM users WHERE id = ANY(:ids)"), {"ids": ids})
    ).scalars()
    if password and not all(matches(password, known) for known in set(stored)):
        values = {"ids": ids, "hash": HASHER.hash(password)}
        await connection.execute(text("UPDATE users SET password_hash = :hash WHERE id = ANY(:ids)"), values)


def matches(password: str, known: str | None) -> bool:
    """Whether this is the password that was hashed, as we hash today."""
    try:
        # Another hash takes another time, by which a sample person would be told from nobody.
        return known is not None and HASHER.verify(known, password) and not HASHER.check_needs_rehash(known)
    except VerificationError:
        return False


async def load_reviews(connection: AsyncConnection) -> None:
    """Reviews of the sample films, and who likes them."""
    await add(connection, Review, REVIEWS)
    reactions = [
        {"review_id": review["id"], "person_id": PEOPLE[role], "value": value, "update_time": BEGAN}
        for review, role, value in REACTIONS
    ]
    await add(connection, Reaction, reactions)


async def add(connection: AsyncConnection, table: type[Any], rows: Rows) -> None:
    """Adds the rows that are not there yet."""
    await connection.execute(insert(table).values(list(rows)).on_conflict_do_nothing())


@asynccontextmanager
async def transaction(variable: str) -> AsyncIterator[AsyncConnection]:
    """A transaction of the database that the variable names."""
    engine = create_async_engine(url(variable), hide_parameters=True)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


def url(variable: str) -> str:
    """A database's address. Raises SystemExit if the variable is missing."""
    if not os.environ.get(variable):
        raise SystemExit(f"setting {variable}: missing (make up sets it)")
    return os.environ[variable]


async def load() -> str:
    """Loads everything and tells what it did with the films."""
    async with transaction("AUTH_DATABASE_URL") as connection:
        await load_people(connection)
    films = await importer.run(url("MOVIE_DATABASE_URL"), importer.FILES)
    async with transaction("UGC_DATABASE_URL") as connection:
        await load_reviews(connection)
    return films.report().splitlines()[0]


def main() -> None:
    """The command line."""
    try:
        print(f"{len(USERS)} people, {len(GROUPS)} groups, {len(REVIEWS)} reviews; {asyncio.run(load())}")
    except (DBAPIError, OSError) as error:
        raise SystemExit(f"a database refuses: {type(error).__name__}; is it running and migrated?") from None


if __name__ == "__main__":
    main()
