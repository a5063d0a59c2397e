"""When a rating is revealed is written down: means are read far more often than evenings end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FILL = """UPDATE ratings SET reveal_time = CASE WHEN EXISTS (
        SELECT FROM bookings AS silent
        WHERE silent.announcement_id = ratings.announcement_id AND silent.state IN ('ACCEPTED', 'ATTENDED')
        AND NOT EXISTS (
            SELECT FROM ratings AS said
            WHERE said.announcement_id = silent.announcement_id AND said.rater_id = silent.guest_id
        )
    ) THEN a.end_time + interval '14 days' ELSE ratings.create_time END
    FROM announcements AS a WHERE a.id = ratings.announcement_id"""


def upgrade() -> None:
    op.add_column("ratings", sa.Column("reveal_time", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.execute(FILL)
    op.alter_column("ratings", "reveal_time", nullable=False)
    op.drop_index("by_rated", "ratings")
    op.create_index("by_rated", "ratings", ["rated_id", "of_host", "reveal_time"], postgresql_include=["score"])


def downgrade() -> None:
    op.drop_index("by_rated", "ratings")
    op.create_index("by_rated", "ratings", ["rated_id", "of_host"])
    op.drop_column("ratings", "reveal_time")
