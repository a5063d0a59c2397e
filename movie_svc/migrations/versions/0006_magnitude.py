"""How well films are known, beside their words in one index: the best known with a word are found without the rest."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    op.add_column(
        "movies",
        sa.Column(
            "magnitude",
            sa.SmallInteger(),
            sa.Computed("length(coalesce(imdb_votes, 0)::text)", persisted=True),
            nullable=False,
        ),
    )
    op.drop_index("by_word", "movies")
    op.create_index("by_word", "movies", ["words", "magnitude"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("by_word", "movies")
    op.create_index("by_word", "movies", ["words"], postgresql_using="gin")
    op.drop_column("movies", "magnitude")
