"""What people are told of their accounts."""

from typing import Any

from sqlalchemy import text

from mesh import tracing
from mesh.database import Database

# Whether it is read or wanted does not matter to a mail that says who gets into an account.
TELL = text(
    """WITH added AS (
        INSERT INTO notices (recipient_id, is_host, event_id, kind, schedule_version, subject_id, title, text,
            occur_time, facts, shown, read_time)
        VALUES (:recipient_id, false, :event_id, :kind, CAST(:event_id AS uuid)::text, :recipient_id, :title, :text,
            :occur_time, :facts, :shown, CASE WHEN CAST(:shown AS boolean) THEN NULL ELSE CAST(:now AS timestamptz) END)
        ON CONFLICT (recipient_id, subject_id, kind, schedule_version) DO NOTHING RETURNING id, recipient_id, kind
    )
    INSERT INTO deliveries (notice_id, recipient_id, kind, create_time, due_time, address, secret, trace)
    SELECT id, recipient_id, kind, :now, now(), :address, :secret, CAST(:trace AS text) FROM added"""
)


class AccountStore:
    """Notices about accounts, and their mails."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def tell(self, values: dict[str, Any]) -> None:
        """Adds a notice and its mail, unless its event was told before."""
        await self.database.run(TELL, {**values, "trace": tracing.traceparent()})
