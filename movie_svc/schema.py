"""The table of films and the promises that PostgreSQL keeps."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mesh.idempotency import KeptKey
from mesh.privileges import APPEND_ONLY


class Base(DeclarativeBase):
    """All tables of the service; times are instants."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: TIMESTAMP(timezone=True),
        str: Text(),
        UUID: Uuid(),
        list[str]: ARRAY(Text()),
    }


class Movie(Base):
    """A film. Years and running times are NULL while nobody knows them."""

    __tablename__ = "movies"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    title_key: Mapped[str] = mapped_column(Computed("search_key(title)", persisted=True))
    """The title in lower case without accents: what is searched and sorted by."""
    description: Mapped[str] = mapped_column(server_default="")
    year: Mapped[int | None]
    release_date: Mapped[date | None]
    running_time: Mapped[int | None]
    """Minutes."""
    imdb_rating: Mapped[float | None]
    imdb_votes: Mapped[int | None]
    mpaa_rating: Mapped[str | None]
    genres: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    genre_keys: Mapped[list[str]] = mapped_column(Computed("search_keys(genres)", persisted=True))
    directors: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    actors: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    writers: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    bookable: Mapped[bool]
    """Whether evenings may be announced for it: they have to end some time."""
    imdb_id: Mapped[str | None]
    """What IMDb calls it, such as tt0133093, if it came from there."""
    votes: Mapped[int] = mapped_column(Computed("coalesce(imdb_votes, 0)", persisted=True))
    """Of how many it was rated: of films that fit a search equally well the better known one is meant more often."""
    magnitude: Mapped[int] = mapped_column(
        SmallInteger(), Computed("length(coalesce(imdb_votes, 0)::text)", persisted=True)
    )
    """How many digits its votes have."""
    words: Mapped[str] = mapped_column(TSVECTOR(), server_default=text("''::tsvector"))
    """What it is found by, kept by triggers: the words of all its titles, also written without hyphens and apostrophes,
    its people's names, with an @ before each word once more, and its year."""
    decided: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """Columns that a moderator has set: imports leave them alone."""

    __table_args__ = (
        CheckConstraint("title <> ''", name="has_a_title"),
        CheckConstraint("running_time BETWEEN 1 AND 1440", name="ends_within_a_day"),
        CheckConstraint("NOT bookable OR running_time IS NOT NULL", name="bookable_has_running_time"),
        CheckConstraint("imdb_rating BETWEEN 0 AND 10", name="rating_in_range"),
        CheckConstraint("imdb_votes >= 0", name="votes_in_range"),
        CheckConstraint("year BETWEEN 1 AND 9999", name="year_in_range"),
        Index("by_title", "title_key", "id"),
        Index("by_part_of_title", "title_key", postgresql_using="gin", postgresql_ops={"title_key": "gin_trgm_ops"}),
        Index("by_genre", "genre_keys", postgresql_using="gin"),
        UniqueConstraint("imdb_id", name="one_film_per_imdb_id"),
        Index("by_word", "words", "magnitude", postgresql_using="gin"),
        Index("by_votes", "votes", "id"),
    )


class MovieTitle(Base):
    """What a film is called elsewhere, beside its own title."""

    __tablename__ = "movie_titles"

    movie_id: Mapped[UUID] = mapped_column(ForeignKey("movies.id", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True, server_default="")
    """As IMDb has it, mostly ISO 639-1; empty when nobody told."""
    region: Mapped[str] = mapped_column(primary_key=True, server_default="")
    """As IMDb has it, mostly ISO 3166-1; empty when nobody told."""
    title_key: Mapped[str] = mapped_column(Computed("search_key(title)", persisted=True))

    __table_args__ = (
        CheckConstraint("title <> ''", name="is_a_title"),
        Index("by_other_title", "title_key"),
    )


class Word(Base):
    """A word that some film is found by: what somebody who typed it wrong may have meant. Kept by a trigger."""

    __tablename__ = "vocabulary"

    word: Mapped[str] = mapped_column(primary_key=True)
    deletions: Mapped[list[str]] = mapped_column(Computed("deletions(word)", persisted=True))
    """The word itself, and what is left of it when one letter is missing."""

    __table_args__ = (
        Index("by_deletion", "deletions", postgresql_using="gin"),
        Index("by_likeness", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
    )


class FileImport(Base):
    """How far an import of a file of IMDb came that has not ended; it is written with the rows it speaks of."""

    __tablename__ = "imports"

    kind: Mapped[str] = mapped_column(primary_key=True)
    """Such as basics."""
    fingerprint: Mapped[str]
    """Of the file's bytes and of what was asked for: another one begins anew."""
    lines: Mapped[int] = mapped_column(BigInteger())
    """All up to this one are in the database."""
    change_time: Mapped[datetime]

    __table_args__ = (CheckConstraint("lines >= 0", name="lines_in_range"),)


class MovieChange(Base):
    """What a moderator decided about a film. A trigger refuses to change or to delete it."""

    __tablename__ = "movie_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    create_time: Mapped[datetime]
    actor_id: Mapped[UUID]
    movie_id: Mapped[UUID]
    subject: Mapped[str]
    """The column of the film."""
    before: Mapped[str]
    after: Mapped[str]
    reason: Mapped[str]

    __table_args__ = (Index("changes_of_movie", "movie_id", "id"), {"info": APPEND_ONLY})


class IdempotencyKey(KeptKey, Base):
    """Keys of writes."""
