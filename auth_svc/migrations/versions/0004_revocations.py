"""Sessions whose tokens are known as theirs however old they are, and the list of those that have ended.

Refresh tokens of before lack what this needs: whoever is signed in signs in once more.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM sessions")
    op.drop_index("by_previous_token", "sessions")
    op.drop_index("by_user", "sessions")
    op.drop_constraint("one_session_per_token", "sessions")
    op.drop_constraint("is_a_hash", "sessions")
    op.drop_column("sessions", "token_hash")
    op.drop_column("sessions", "previous_hash")
    op.add_column("sessions", sa.Column("family_hash", sa.LargeBinary(), nullable=False))
    op.add_column("sessions", sa.Column("live_hashes", postgresql.ARRAY(sa.LargeBinary()), nullable=False))
    op.add_column("sessions", sa.Column("spent_hash", sa.LargeBinary(), nullable=True))
    op.add_column("sessions", sa.Column("address", sa.Text(), server_default="", nullable=False))
    op.add_column("sessions", sa.Column("user_agent", sa.Text(), server_default="", nullable=False))
    op.create_unique_constraint("one_session_per_family", "sessions", ["family_hash"])
    op.create_check_constraint("is_a_hash", "sessions", "octet_length(family_hash) = 32")
    op.create_check_constraint("one_grace", "sessions", "cardinality(live_hashes) BETWEEN 1 AND 2")
    op.create_index("by_user", "sessions", ["user_id", "refresh_time"], unique=False)
    op.create_index("by_expiry", "sessions", ["expire_time"], unique=False)
    op.create_table(
        "revocations",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("end_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_index("by_end_time", "revocations", ["end_time"], unique=False)


def downgrade() -> None:
    op.drop_table("revocations")
    op.execute("DELETE FROM sessions")
    op.drop_index("by_expiry", "sessions")
    op.drop_index("by_user", "sessions")
    for name in ("one_grace", "is_a_hash", "one_session_per_family"):
        op.drop_constraint(name, "sessions")
    for name in ("user_agent", "address", "spent_hash", "live_hashes", "family_hash"):
        op.drop_column("sessions", name)
    op.add_column("sessions", sa.Column("token_hash", sa.LargeBinary(), nullable=False))
    op.add_column("sessions", sa.Column("previous_hash", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint("one_session_per_token", "sessions", ["token_hash"])
    op.create_check_constraint("is_a_hash", "sessions", "octet_length(token_hash) = 32")
    op.create_index("by_previous_token", "sessions", ["previous_hash"], unique=False)
    op.create_index("by_user", "sessions", ["user_id", "expire_time"], unique=False)
