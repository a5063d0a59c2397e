"""Rows of friend requests and friendships."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text

from mesh import clock, idempotency
from mesh.database import Connection, Database, Row
from mesh.paging import Place

LOWER, HIGHER = "least(CAST(:one AS uuid), :other)", "greatest(CAST(:one AS uuid), :other)"
"""Of two people, as the columns of a friendship have them."""
# One that was hidden by a block that has ended since is seen when it is sent again.
ASK = text(
    """INSERT INTO friend_requests (sender_id, receiver_id, create_time, hidden)
    VALUES (:sender_id, :receiver_id, :now, :hidden)
    ON CONFLICT (sender_id, receiver_id) DO UPDATE SET hidden = false
    WHERE friend_requests.hidden AND NOT excluded.hidden"""
)
END_REQUESTS = text(
    """DELETE FROM friend_requests
    WHERE (sender_id, receiver_id) IN ((:one, :other), (:other, :one))"""
)
BEFRIEND = text(
    f"""INSERT INTO friendships (lower_id, higher_id, create_time)
    VALUES ({LOWER}, {HIGHER}, :now)"""
)
UNFRIEND = text(f"DELETE FROM friendships WHERE lower_id = {LOWER} AND higher_id = {HIGHER}")
LIST_INCOMING = text(
    """SELECT sender_id AS id, create_time FROM friend_requests
    WHERE receiver_id = :person_id AND NOT hidden AND (create_time, sender_id) > (:after_time, :after_id)
    ORDER BY create_time, sender_id LIMIT :size"""
)
LIST_OUTGOING = text(
    """SELECT receiver_id AS id, create_time FROM friend_requests
    WHERE sender_id = :person_id AND (create_time, receiver_id) > (:after_time, :after_id)
    ORDER BY create_time, receiver_id LIMIT :size"""
)
HALF = """(SELECT {friend} AS id, create_time FROM friendships
    WHERE {person} = :person_id AND (create_time, {friend}) > (:after_time, :after_id)
    ORDER BY create_time, {friend} LIMIT :size)"""
LIST_FRIENDS = text(
    f"""{HALF.format(person="lower_id", friend="higher_id")}
    UNION ALL {HALF.format(person="higher_id", friend="lower_id")}
    ORDER BY create_time, id LIMIT :size"""
)
LIST_OPEN_FRIENDS_AMONG = text(
    """SELECT person_id FROM privacy
    WHERE person_id = ANY(CAST(:ids AS uuid[])) AND show_evenings_to_friends
    AND EXISTS (
        SELECT FROM friendships
        WHERE lower_id = least(person_id, :person_id) AND higher_id = greatest(person_id, :person_id)
    )"""
)


class FriendStore:
    """Who asks whom, and who are friends. What begins is begun in pairs.deciding()."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def ask(self, connection: Connection, sender_id: UUID, receiver_id: UUID, *, hidden: bool) -> None:
        """A friend request, once; `hidden` in the sender's own eyes only."""
        values = {"sender_id": sender_id, "receiver_id": receiver_id, "hidden": hidden, "now": clock.now()}
        await connection.execute(ASK, values)

    async def befriend(self, connection: Connection, one: UUID, other: UUID) -> None:
        """Friends from now on; nobody asks any more."""
        await connection.execute(END_REQUESTS, {"one": one, "other": other})
        await connection.execute(BEFRIEND, {"one": one, "other": other, "now": clock.now()})

    async def end_requests(self, one: UUID, other: UUID) -> None:
        """Ends what either asks the other."""
        await idempotency.run(self.database, END_REQUESTS, {"one": one, "other": other})

    async def unfriend(self, one: UUID, other: UUID) -> None:
        """Ends a friendship, if there is one."""
        await idempotency.run(self.database, UNFRIEND, {"one": one, "other": other})

    async def list_requests(self, person_id: UUID, after: Place, size: int, *, outgoing: bool) -> Sequence[Row]:
        """Who asks a person, or whom he asks, behind a place, oldest first."""
        values = {"person_id": person_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_OUTGOING if outgoing else LIST_INCOMING, values)).all()

    async def list_friends(self, person_id: UUID, after: Place, size: int) -> Sequence[Row]:
        """A person's friends behind a place, the oldest friendship first."""
        values = {"person_id": person_id, "after_time": after[0], "after_id": after[1], "size": size}
        return (await self.database.read(LIST_FRIENDS, values)).all()

    async def list_open_friends_among(self, person_id: UUID, ids: Collection[UUID]) -> Sequence[UUID]:
        """Which of these people are a person's friends and show their evenings to friends."""
        return (await self.database.read(LIST_OPEN_FRIENDS_AMONG, {"person_id": person_id, "ids": list(ids)})).column()
