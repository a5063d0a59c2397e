"""Where people want to be told of what."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text

from mesh import idempotency
from mesh.database import Database, Row

FIND = text("SELECT kind, inbox, email FROM preferences WHERE user_id = :user_id")
# What is not said (NULL) stays as it is, or as it is for everybody.
SET = text(
    """INSERT INTO preferences AS known (user_id, kind, inbox, email)
    SELECT CAST(:user_id AS uuid), said.kind, coalesce(said.inbox, said.usual_inbox),
        coalesce(said.email, said.usual_email)
    FROM unnest(
        CAST(:kinds AS text[]), CAST(:inboxes AS boolean[]), CAST(:emails AS boolean[]),
        CAST(:usual_inboxes AS boolean[]), CAST(:usual_emails AS boolean[])
    ) AS said (kind, inbox, email, usual_inbox, usual_email) ORDER BY said.kind
    ON CONFLICT (user_id, kind) DO UPDATE SET
        inbox = coalesce(
            (CAST(:inboxes AS boolean[]))[array_position(CAST(:kinds AS text[]), known.kind)], known.inbox
        ),
        email = coalesce(
            (CAST(:emails AS boolean[]))[array_position(CAST(:kinds AS text[]), known.kind)], known.email
        )"""
)
Channels = tuple[bool | None, bool | None]
"""Inbox and e-mail."""


class PreferenceStore:
    """Everybody's preferences."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, user_id: UUID) -> Sequence[Row]:
        """What a person has said."""
        return (await self.database.read(FIND, {"user_id": user_id})).all()

    async def set(self, user_id: UUID, said: Mapping[str, Channels], usual: Mapping[str, Channels]) -> None:
        """Notes what a person says; None is not said."""
        kinds = list(said)
        values = {
            "user_id": user_id,
            "kinds": kinds,
            "inboxes": [said[kind][0] for kind in kinds],
            "emails": [said[kind][1] for kind in kinds],
            "usual_inboxes": [usual[kind][0] for kind in kinds],
            "usual_emails": [usual[kind][1] for kind in kinds],
        }
        await idempotency.run(self.database, SET, values)
