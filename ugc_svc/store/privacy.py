"""Rows of what people let others see."""

from uuid import UUID

from sqlalchemy import text

from mesh import idempotency
from mesh.database import Database

FIND = text("SELECT show_evenings_to_friends FROM privacy WHERE person_id = :person_id")
CHANGE = text(
    """INSERT INTO privacy (person_id, show_evenings_to_friends) VALUES (:person_id, coalesce(:show, false))
    ON CONFLICT (person_id) DO UPDATE
    SET show_evenings_to_friends = coalesce(:show, privacy.show_evenings_to_friends)
    RETURNING show_evenings_to_friends"""
)


class PrivacyStore:
    """What people let others see of them; who never said is as private as can be."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def shows_evenings(self, person_id: UUID) -> bool:
        """Whether a person's friends see which evenings he goes to."""
        return bool((await self.database.read(FIND, {"person_id": person_id})).scalar())

    async def change(self, person_id: UUID, show: bool | None) -> bool:
        """As shows_evenings(), after a change; None leaves it."""
        async with idempotency.claiming(self.database) as connection:
            shows = bool((await connection.execute(CHANGE, {"person_id": person_id, "show": show})).scalar())
            await idempotency.settle(connection, person_id)
        return shows
