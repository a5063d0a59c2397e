"""Mails keep the trace that they belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("trace", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("deliveries", "trace")
