"""Tables, and the promises that PostgreSQL keeps."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mesh.idempotency import KeptKey


class Base(DeclarativeBase):
    """All tables of the service; times are instants."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: TIMESTAMP(timezone=True), str: Text(), UUID: Uuid()}


class Link(Base):
    """A short address for a long one."""

    __tablename__ = "links"

    code: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    """Normalised and ASCII: it travels in a header."""
    target_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the target, which itself may be too long for an index, and of the expire_time if there is one."""
    create_time: Mapped[datetime]
    expire_time: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("code ~ '^[A-Za-z0-9_-]{10,64}$'", name="code_fits_an_address"),
        CheckConstraint("target ~ '^https?://[!-~]+$'", name="target_fits_a_header"),
        UniqueConstraint("target_hash", name="one_link_per_target"),
    )


class Notice(Base):
    """What a person is told of an event."""

    __tablename__ = "notices"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    recipient_id: Mapped[UUID]
    event_id: Mapped[UUID]
    kind: Mapped[str]
    announcement_id: Mapped[UUID]
    booking_id: Mapped[UUID | None]
    title: Mapped[str]
    text: Mapped[str]
    link_code: Mapped[str] = mapped_column(ForeignKey("links.code"))
    occur_time: Mapped[datetime]
    """When it happened, which is not when we heard of it."""
    read_time: Mapped[datetime | None]
    arrival: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    """Its number in the recipient's inbox, by the trigger `take_place`."""
    place: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    """As arrival, but a new number whenever its words change: a stream sends what is behind the place where it is."""

    __table_args__ = (
        Index("stream", "recipient_id", "place"),
        UniqueConstraint("event_id", "recipient_id", name="nobody_is_told_twice"),
        Index("inbox", "recipient_id", "occur_time", "id"),
        Index("unread", "recipient_id", "occur_time", "id", postgresql_where=sql("read_time IS NULL")),
    )


class Inbox(Base):
    """How many numbers a person's notices have taken.

    A notice takes its number by locking this row until its transaction ends. So notices of one person are committed in
    the order of their numbers, and whoever has read as far as one of them will not find another one before it later.
    """

    __tablename__ = "inboxes"

    recipient_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_place: Mapped[int] = mapped_column(BigInteger)

    # Changed with every notice: where pages have room, PostgreSQL does it without touching the index.
    __table_args__ = ({"postgresql_with": {"fillfactor": 70}},)


class IdempotencyKey(KeptKey, Base):
    """Keys of marks and links."""
