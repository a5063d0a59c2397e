"""A signing key is published before it signs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signing_keys", sa.Column("sign_time", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.execute("UPDATE signing_keys SET sign_time = create_time")
    op.alter_column("signing_keys", "sign_time", nullable=False)


def downgrade() -> None:
    op.drop_column("signing_keys", "sign_time")
