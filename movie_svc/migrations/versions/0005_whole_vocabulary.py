"""All words that films are found by, also those with digits and long ones: a word that is not there finds nothing."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# In one order, so that two who write at once wait for each other instead of for ever.
LEARN_WORDS = """CREATE OR REPLACE FUNCTION learn_words() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO vocabulary (word)
        SELECT DISTINCT told.word FROM written, unnest(tsvector_to_array(words)) AS told (word)
        WHERE {words}
        AND NOT EXISTS (SELECT FROM vocabulary AS known WHERE known.word = told.word)
        ORDER BY told.word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$"""
BEFORE = "length(told.word) BETWEEN 3 AND 32 AND told.word !~ '^@|[[:digit:]]'"
NOW = "length(told.word) >= 3 AND told.word !~ '^@'"


def upgrade() -> None:
    op.execute(LEARN_WORDS.format(words=NOW))
    op.execute(
        f"""INSERT INTO vocabulary (word)
        SELECT DISTINCT told.word FROM movies, unnest(tsvector_to_array(words)) AS told (word)
        WHERE {NOW} AND NOT ({BEFORE}) ORDER BY told.word
        ON CONFLICT DO NOTHING"""
    )


def downgrade() -> None:
    op.execute(LEARN_WORDS.format(words=BEFORE))
    op.execute("DELETE FROM vocabulary WHERE length(word) > 32 OR word ~ '[[:digit:]]'")
