"""Numbers of notices in the order of their commits, for the live stream; links that expire."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TAKE_PLACE = """
CREATE FUNCTION take_place() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO inboxes AS inbox (recipient_id, last_place) VALUES (NEW.recipient_id, 1)
    ON CONFLICT (recipient_id) DO UPDATE SET last_place = inbox.last_place + 1
    RETURNING last_place INTO NEW.place;
    IF TG_OP = 'INSERT' THEN
        NEW.arrival := NEW.place;
    END IF;
    RETURN NEW;
END
$function$
"""
NUMBER = """
UPDATE notices SET arrival = numbered.place, place = numbered.place FROM (
    SELECT id, row_number() OVER (PARTITION BY recipient_id ORDER BY occur_time, id) AS place FROM notices
) AS numbered WHERE numbered.id = notices.id
"""
COUNT = """
INSERT INTO inboxes (recipient_id, last_place) SELECT recipient_id, max(place) FROM notices GROUP BY recipient_id
"""


def upgrade() -> None:
    op.create_table(
        "inboxes",
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("last_place", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("recipient_id"),
        postgresql_with={"fillfactor": 70},
    )
    for name in ("arrival", "place"):
        op.add_column("notices", sa.Column(name, sa.BigInteger(), nullable=True))
    op.execute(NUMBER)
    op.execute(COUNT)
    for name in ("arrival", "place"):
        op.alter_column("notices", name, nullable=False)
    op.create_index("stream", "notices", ["recipient_id", "place"], unique=False)
    op.execute(TAKE_PLACE)
    op.execute("CREATE TRIGGER notice_arrives BEFORE INSERT ON notices FOR EACH ROW EXECUTE FUNCTION take_place()")
    op.execute(
        "CREATE TRIGGER notice_changes BEFORE UPDATE OF title, text ON notices FOR EACH ROW"
        " WHEN ((NEW.title, NEW.text) IS DISTINCT FROM (OLD.title, OLD.text)) EXECUTE FUNCTION take_place()"
    )
    op.add_column("links", sa.Column("expire_time", postgresql.TIMESTAMP(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("links", "expire_time")
    op.execute("DROP TRIGGER notice_changes ON notices")
    op.execute("DROP TRIGGER notice_arrives ON notices")
    op.execute("DROP FUNCTION take_place()")
    op.drop_index("stream", "notices")
    op.drop_column("notices", "place")
    op.drop_column("notices", "arrival")
    op.drop_table("inboxes")
