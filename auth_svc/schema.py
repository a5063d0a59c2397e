"""Tables, the promises that PostgreSQL keeps, and rules that need one row only."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mesh.caller import Caller
from mesh.database import Row
from mesh.idempotency import KeptKey
from mesh.privileges import APPEND_ONLY


class Base(DeclarativeBase):
    """All tables of the service; times are instants."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: TIMESTAMP(timezone=True),
        str: Text(),
        UUID: Uuid(),
        bytes: LargeBinary(),
        list[int]: ARRAY(Integer()),
        list[bytes]: ARRAY(LargeBinary()),
        list[str]: ARRAY(Text()),
    }


class User(Base):
    """A person's account, or what somebody says would be one.

    Until its address is verified an account is a claim: whoever opened it may use it, several may claim an address, and
    at most one account has it. When one is verified, the claims of others end: they lose address and password.
    """

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    email: Mapped[str] = mapped_column(CITEXT())
    password_hash: Mapped[str | None]
    """argon2id in its own notation; without one nobody signs in with a password."""
    name: Mapped[str]
    last_name: Mapped[str] = mapped_column(server_default="")
    phone_number: Mapped[str] = mapped_column(server_default="")
    telegram_name: Mapped[str] = mapped_column(server_default="")
    gender: Mapped[str] = mapped_column(server_default="")
    country: Mapped[str] = mapped_column(server_default="")
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    birthday: Mapped[date | None]
    language: Mapped[str] = mapped_column(server_default="en")
    delivery_type: Mapped[str] = mapped_column(server_default="email")
    permissions: Mapped[list[int]] = mapped_column(server_default=text("'{0}'"))
    is_super: Mapped[bool] = mapped_column(server_default=text("false"))
    create_time: Mapped[datetime]
    verify_time: Mapped[datetime | None]
    """When the address turned out to be this person's; a claim has none."""

    __table_args__ = (
        Index(
            "one_verified_account_per_address", "email", unique=True, postgresql_where=text("verify_time IS NOT NULL")
        ),
        Index("claims", "email", "id", postgresql_where=text("verify_time IS NULL")),
        CheckConstraint("verify_time IS NULL OR email <> ''", name="verifies_an_address"),
        CheckConstraint("name <> ''", name="has_a_name"),
        CheckConstraint("language IN ('en', 'ru')", name="known_language"),
        CheckConstraint("delivery_type IN ('email', 'inbox')", name="known_delivery"),
    )


class Session(Base):
    """A sign-in that goes on: whoever holds its refresh token may have new tokens.

    All refresh tokens of a session begin alike, with what `family_hash` is made from; so one that worked long ago is
    still known as this session's.
    """

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    family_hash: Mapped[bytes]
    live_hashes: Mapped[list[bytes]]
    """SHA-256 of the refresh tokens that work: whoever reads this table cannot sign in with them."""
    spent_hash: Mapped[bytes | None]
    """That of the token which the living ones were given for."""
    create_time: Mapped[datetime]
    refresh_time: Mapped[datetime]
    expire_time: Mapped[datetime]
    address: Mapped[str] = mapped_column(server_default="")
    user_agent: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        UniqueConstraint("family_hash", name="one_session_per_family"),
        Index("by_user", "user_id", "refresh_time"),
        Index("by_expiry", "expire_time"),
        CheckConstraint("octet_length(family_hash) = 32", name="is_a_hash"),
        CheckConstraint("cardinality(live_hashes) BETWEEN 1 AND 2", name="one_grace"),
    )


class Revocation(Base):
    """A session that has ended; its access tokens may still be alive."""

    __tablename__ = "revocations"

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    end_time: Mapped[datetime]

    __table_args__ = (Index("by_end_time", "end_time"),)


class SigningKey(Base):
    """A key pair for access tokens. All verify; the newest of those whose time has come signs."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    private_key: Mapped[str]
    """PEM, PKCS 8, P-256; locked with a secret that is not in the database."""
    create_time: Mapped[datetime]
    sign_time: Mapped[datetime]
    """From when on it signs: once everybody who verifies has had the time to hear of it."""


class Client(Base):
    """A program of another team, which calls in its own name."""

    __tablename__ = "clients"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    name: Mapped[str]
    rpcs: Mapped[list[str]]
    """Full names of what it may call."""
    secret_id: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    """What its tokens name as their session: they end with the secret."""
    secret_hash: Mapped[bytes]
    create_time: Mapped[datetime]
    creator_id: Mapped[UUID]

    __table_args__ = (CheckConstraint("octet_length(secret_hash) = 32", name="is_a_hash"),)


class Group(Base):
    """A named circle of people."""

    __tablename__ = "groups"

    name: Mapped[str] = mapped_column(primary_key=True)
    create_time: Mapped[datetime]


class GroupMember(Base):
    """Who is in a group, since when."""

    __tablename__ = "group_members"

    group_name: Mapped[str] = mapped_column(ForeignKey("groups.name", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    join_time: Mapped[datetime]

    __table_args__ = (
        PrimaryKeyConstraint("group_name", "user_id"),
        Index("by_join_time", "group_name", "join_time", "user_id"),
    )


class MailedSecret(Base):
    """What a link in a mail proves: that whoever has it reads the mails of the account's address."""

    __tablename__ = "mailed_secrets"

    secret_hash: Mapped[bytes] = mapped_column(primary_key=True)
    """SHA-256 of 256 random bits, which are in the mail and nowhere else."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    create_time: Mapped[datetime]
    expire_time: Mapped[datetime]

    __table_args__ = (
        Index("by_owner", "user_id", "purpose", "create_time"),
        CheckConstraint("octet_length(secret_hash) = 32", name="is_a_hash"),
        CheckConstraint("purpose IN ('verify', 'reset')", name="known_purpose"),
    )


class RoleChange(Base):
    """Who changed what somebody may do. A trigger refuses to change or to delete it, so it outlives the account."""

    __tablename__ = "role_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    create_time: Mapped[datetime]
    actor_id: Mapped[UUID]
    user_id: Mapped[UUID]
    subject: Mapped[str]
    """permissions, is_super, or a group: `group:NAME`."""
    before: Mapped[str]
    after: Mapped[str]

    __table_args__ = (Index("by_whom", "user_id", "id"), {"info": APPEND_ONLY})


class IdempotencyKey(KeptKey, Base):
    """Keys of writes."""


WRITES_MAILS = "notify"
"""The only service that needs to know more of people than everybody does."""


def shows_private(user: Row, caller: Caller) -> bool:
    """Whether the caller may see a user's address, phone number and birthday."""
    return caller.service == WRITES_MAILS or caller.is_super or caller.user_id == user.id
