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
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mesh.idempotency import KeptKey


class Base(DeclarativeBase):
    """All tables of the service; times are instants."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: TIMESTAMP(timezone=True),
        str: Text(),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
    }


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
    is_host: Mapped[bool]
    event_id: Mapped[UUID]
    kind: Mapped[str]
    schedule_version: Mapped[str]
    """Events of one subject, kind and schedule_version are one notice."""
    announcement_id: Mapped[UUID | None]
    """What is told of an account has none, and no link."""
    booking_id: Mapped[UUID | None]
    subject_id: Mapped[UUID]
    """The booking, else the announcement, else the recipient."""
    title: Mapped[str]
    text: Mapped[str]
    link_code: Mapped[str | None] = mapped_column(ForeignKey("links.code"))
    occur_time: Mapped[datetime]
    """When it happened, which is not when we heard of it."""
    read_time: Mapped[datetime | None]
    arrival: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    """Its number in the recipient's inbox, by the trigger `take_place`."""
    place: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    """As arrival, but a new number whenever its words change: a stream sends what is behind the place where it is."""
    shown: Mapped[bool]
    """Whether it is in the inbox, or only mailed."""
    facts: Mapped[dict[str, Any]]
    """What is known of the event, for the mail."""
    edits: Mapped[dict[str, Any] | None]
    """The changes that are told of together, by the event."""

    __table_args__ = (
        UniqueConstraint("recipient_id", "subject_id", "kind", "schedule_version", name="nobody_is_told_twice"),
        Index("stream", "recipient_id", "place"),
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


class Delivery(Base):
    """A mail that is to be sent, or was, or never will be."""

    __tablename__ = "deliveries"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"))
    revision: Mapped[int] = mapped_column(server_default="0")
    """Counts the mails of a notice whose words changed when one was gone already."""
    recipient_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    problem: Mapped[str] = mapped_column(server_default="")
    """Why it was not sent, the last time."""
    create_time: Mapped[datetime]
    hold_time: Mapped[datetime | None]
    """By the mesh's clock: not sent before, because more may come that belongs into it."""
    due_time: Mapped[datetime]
    """By PostgreSQL's clock: when to try next. A moved clock makes no server answer sooner."""
    finish_time: Mapped[datetime | None]
    """When it was sent or given up, by PostgreSQL's clock."""
    address: Mapped[str | None]
    """Where a mail about an account goes; others go where auth says when they are sent."""
    secret: Mapped[str | None]
    """The link in it, which nobody needs to know when it is gone."""
    trace: Mapped[str | None]
    """The trace of what it tells of, if that is recorded."""

    __table_args__ = (
        UniqueConstraint("notice_id", "revision", name="one_mail_per_telling"),
        CheckConstraint("state IN ('pending', 'sent', 'skipped', 'dead')", name="known_state"),
        CheckConstraint("state = 'pending' OR (address IS NULL AND secret IS NULL)", name="secrets_go_with_the_mail"),
        Index("due", "due_time", postgresql_where=sql("state = 'pending'")),
        Index("held", "hold_time", postgresql_where=sql("state = 'pending'")),
        Index("by_state", "state", "id"),
        Index("finished", "finish_time", postgresql_where=sql("state IN ('sent', 'skipped')")),
    )


class Preference(Base):
    """Where a person wants to be told of a kind of event; without a row the kind's own channels hold."""

    __tablename__ = "preferences"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    inbox: Mapped[bool]
    email: Mapped[bool]


class IdempotencyKey(KeptKey, Base):
    """Keys of marks, links and preferences."""
