"""Notices about an account, which have no evening and no link, and what their mails alone may know."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("announcement_id", "link_code"):
        op.alter_column("notices", name, nullable=True)
    for name in ("address", "secret"):
        op.add_column("deliveries", sa.Column(name, sa.Text(), nullable=True))
    op.create_check_constraint(
        "secrets_go_with_the_mail", "deliveries", "state = 'pending' OR (address IS NULL AND secret IS NULL)"
    )


def downgrade() -> None:
    op.drop_constraint("secrets_go_with_the_mail", "deliveries")
    for name in ("address", "secret"):
        op.drop_column("deliveries", name)
    op.execute("DELETE FROM notices WHERE announcement_id IS NULL")
    for name in ("announcement_id", "link_code"):
        op.alter_column("notices", name, nullable=False)
