"""The table of films and the promises that PostgreSQL keeps."""

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables of the service."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text(), UUID: Uuid(), list[str]: ARRAY(Text())}


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
    )
