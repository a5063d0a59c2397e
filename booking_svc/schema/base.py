"""What all tables of the service share."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Double, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase

from mesh.idempotency import KeptKey

NOBODY = UUID(int=0)
"""Who did what came by itself: promotions and expiry."""


class Base(DeclarativeBase):
    """All tables of the service; times are instants."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: TIMESTAMP(timezone=True),
        str: Text(),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        float: Double(),
    }


class IdempotencyKey(KeptKey, Base):
    """Keys of writes that succeeded, with their answers."""


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """The condition that a column holds one of some enum's values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"
