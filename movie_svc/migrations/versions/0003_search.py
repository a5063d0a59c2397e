"""Titles in other languages, and what films are found by: words, whatever is typed wrong in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Longer ones are cut: a word is a key of an index.
SEARCH_WORDS = """CREATE FUNCTION search_words(text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN ARRAY(
        SELECT left(word, 64) FROM regexp_split_to_table(search_key($1), '[^[:alnum:]]+') AS word WHERE word <> ''
    )"""
# So that "spiderman" is found in Spider-Man, "et" in E.T. and "oceans" in Ocean's Eleven.
WITHOUT_SIGNS = """CREATE FUNCTION without_signs(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN regexp_replace($1, '(?<=[[:alnum:]])[-.''’‐·](?=[[:alnum:]])', '', 'g')"""
# A word, and what is left of it when a letter is missing: two words that differ by a letter that is missing, wrong, one
# too many or swapped with its neighbour have one of these in common (the symmetric deletion of SymSpell).
DELETIONS = """CREATE FUNCTION deletions(text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN ARRAY(
        SELECT DISTINCT left($1, place - 1) || substr($1, place + 1) FROM generate_series(1, length($1) + 1) AS place
    )"""
# Nothing has the word "@".
PERSON_QUERY = """CREATE FUNCTION person_query(text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN (
        SELECT coalesce(string_agg(quote_literal('@' || word), ' & '), quote_literal('@'))::tsquery
        FROM unnest(search_words($1)) AS word
    )"""
FILL_WORDS = """CREATE FUNCTION fill_words() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    titles text := concat_ws(chr(10), NEW.title, (
        SELECT string_agg(title, chr(10)) FROM movie_titles WHERE movie_id = NEW.id
    ));
    people text[] := search_words(array_to_string(NEW.directors || NEW.actors || NEW.writers, chr(10)));
BEGIN
    NEW.words := array_to_tsvector(
        search_words(titles) || search_words(without_signs(titles)) || people
        || ARRAY(SELECT '@' || word FROM unnest(people) AS word)
        || CASE WHEN NEW.year IS NULL THEN '{}' ELSE ARRAY[NEW.year::text] END
    );
    RETURN NEW;
END
$function$"""
REFILL_WORDS = """CREATE FUNCTION refill_words() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    UPDATE movies SET title = title WHERE id IN (SELECT movie_id FROM touched);
    RETURN NULL;
END
$function$"""
# In one order, so that two who write at once wait for each other instead of for ever.
LEARN_WORDS = """CREATE FUNCTION learn_words() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO vocabulary (word)
        SELECT DISTINCT told.word FROM written, unnest(tsvector_to_array(words)) AS told (word)
        WHERE length(told.word) BETWEEN 3 AND 32 AND told.word !~ '^@|[[:digit:]]'
        AND NOT EXISTS (SELECT FROM vocabulary AS known WHERE known.word = told.word)
        ORDER BY told.word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$"""

FUNCTIONS = (
    "learn_words", "refill_words", "fill_words", "person_query", "deletions", "without_signs", "search_words",
)  # fmt: skip


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS fuzzystrmatch")
    for function in (SEARCH_WORDS, WITHOUT_SIGNS, DELETIONS, PERSON_QUERY):
        op.execute(function)
    op.add_column("movies", sa.Column("imdb_id", sa.Text(), nullable=True))
    op.create_unique_constraint("one_film_per_imdb_id", "movies", ["imdb_id"])
    op.add_column(
        "movies",
        sa.Column("votes", sa.Integer(), sa.Computed("coalesce(imdb_votes, 0)", persisted=True), nullable=False),
    )
    op.add_column(
        "movies", sa.Column("words", postgresql.TSVECTOR(), server_default=sa.text("''::tsvector"), nullable=False)
    )
    op.create_table(
        "movie_titles",
        sa.Column("movie_id", sa.Uuid(), sa.ForeignKey("movies.id", ondelete="CASCADE"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("title_key", sa.Text(), sa.Computed("search_key(title)", persisted=True), nullable=False),
        sa.CheckConstraint("title <> ''", name="is_a_title"),
        sa.PrimaryKeyConstraint("movie_id", "title", "language", "region"),
    )
    op.create_table(
        "vocabulary",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column(
            "deletions", postgresql.ARRAY(sa.Text()), sa.Computed("deletions(word)", persisted=True), nullable=False
        ),
        sa.PrimaryKeyConstraint("word"),
    )
    for function in (FILL_WORDS, REFILL_WORDS, LEARN_WORDS):
        op.execute(function)
    op.execute(
        """CREATE TRIGGER fill_words BEFORE INSERT OR UPDATE OF title, year, directors, actors, writers ON movies
        FOR EACH ROW EXECUTE FUNCTION fill_words()"""
    )
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"""CREATE TRIGGER learn_words_on_{event.lower()} AFTER {event} ON movies
            REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION learn_words()"""
        )
    for event, table in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        op.execute(
            f"""CREATE TRIGGER refill_words_on_{event.lower()} AFTER {event} ON movie_titles
            REFERENCING {table} TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION refill_words()"""
        )
    op.execute("UPDATE movies SET title = title")
    op.create_index("by_word", "movies", ["words"], postgresql_using="gin")
    op.create_index("by_votes", "movies", ["votes", "id"])
    op.create_index("by_other_title", "movie_titles", ["title_key"])
    op.create_index("by_deletion", "vocabulary", ["deletions"], postgresql_using="gin")
    op.create_index(
        "by_likeness", "vocabulary", ["word"], postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}
    )


def downgrade() -> None:
    op.drop_table("movie_titles")
    for event in ("insert", "update"):
        op.execute(f"DROP TRIGGER learn_words_on_{event} ON movies")
    op.execute("DROP TRIGGER fill_words ON movies")
    op.drop_table("vocabulary")
    op.drop_index("by_word", "movies")
    op.drop_index("by_votes", "movies")
    for column in ("words", "votes", "imdb_id"):
        op.drop_column("movies", column)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
