"""Lists whom a person follows in the order in which he began to."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("followed_by_person", "follows", ["follower_id", "create_time", "followed_id"], unique=False)


def downgrade() -> None:
    op.drop_index("followed_by_person", table_name="follows")
