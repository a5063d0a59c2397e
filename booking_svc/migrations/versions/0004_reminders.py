"""Which reminders were sent, when an evening was moved, and how far a telling to very many has come."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)
TAKES_PLACE = "will IN ('PUBLISHED', 'CLOSED')"
# Nobody wants to hear now of what has been over for long.
OVER = "UPDATE announcements SET told_over = true WHERE end_time <= now()"
# Until now it was one of many things that the job "tell" told of.
FAN_OUT = """UPDATE pgqueuer SET entrypoint = 'fan_out' FROM booking_events
    WHERE entrypoint = 'tell' AND length(payload) = 16 AND booking_events.id = CAST(encode(payload, 'hex') AS uuid)
    AND booking_events.kind = 'announcement_published'"""


def upgrade() -> None:
    op.add_column("announcements", sa.Column("move_time", TIME, nullable=True))
    op.add_column("announcements", sa.Column("reminded_24h", TIME, nullable=True))
    op.add_column("announcements", sa.Column("reminded_1h", TIME, nullable=True))
    op.add_column("announcements", sa.Column("told_over", sa.Boolean(), server_default="false", nullable=False))
    op.execute(OVER)
    for column in ("reminded_24h", "reminded_1h"):
        where = sa.text(f"{column} IS DISTINCT FROM event_time AND {TAKES_PLACE}")
        op.create_index(
            column.replace("reminded", "to_remind"), "announcements", ["event_time"], postgresql_where=where
        )
    op.create_index(
        "to_end", "announcements", ["end_time"], postgresql_where=sa.text(f"NOT told_over AND {TAKES_PLACE}")
    )
    op.create_table(
        "fan_outs",
        sa.Column("event_id", sa.Uuid(), sa.ForeignKey("booking_events.id"), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("page_token", sa.Text(), nullable=False),
    )
    op.execute(FAN_OUT)


def downgrade() -> None:
    op.execute("UPDATE pgqueuer SET entrypoint = 'tell' WHERE entrypoint = 'fan_out'")
    op.drop_table("fan_outs")
    for index in ("to_end", "to_remind_1h", "to_remind_24h"):
        op.drop_index(index, "announcements")
    for column in ("told_over", "reminded_1h", "reminded_24h", "move_time"):
        op.drop_column("announcements", column)
