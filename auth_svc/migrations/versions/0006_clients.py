"""Other teams' programs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rpcs", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("octet_length(secret_hash) = 32", name="is_a_hash"),
    )


def downgrade() -> None:
    op.drop_table("clients")
