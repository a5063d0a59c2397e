"""Lists by key: a page token names the last row sent, so nothing is skipped or repeated when rows come and go."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import orjson

from mesh.errors import InvalidArgument

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
Place = tuple[datetime, UUID]
"""Where a row stands in a list that is ordered by time and id."""
BEGINNING: Place = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))
END: Place = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))
Found = TypeVar("Found")


def page_size(asked: int, largest: int = LARGEST_SIZE) -> int:
    """How many rows a page has: 20 unless told, never more than 100 (or what the list says instead)."""
    return min(asked, largest) if asked > 0 else DEFAULT_SIZE


def cut(rows: Sequence[Found], size: int, token_behind: Callable[[Found], str]) -> tuple[Sequence[Found], str]:
    """A page and the next page's token, empty on the last one, from a list asked for one row more than the page has."""
    return (rows[:size], token_behind(rows[size - 1])) if len(rows) > size else (rows, "")


def encode(key: Sequence[str], *scope: object) -> str:
    """The token that goes on behind `key`; `scope` is all that makes this list another than its neighbours."""
    return base64.urlsafe_b64encode(orjson.dumps([fingerprint(scope), *key])).decode().rstrip("=")


def decode(token: str, length: int, *scope: object) -> list[str] | None:
    """The key in a token, None for an empty token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
    if not token:
        return None
    try:
        mark, *key = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError):
        mark, key = None, []
    if mark != fingerprint(scope) or len(key) != length or not all(isinstance(part, str) for part in key):
        raise foreign()
    return list(key)


def encode_place(time: datetime, identity: UUID, *scope: object) -> str:
    """As encode(), for the many lists that are ordered by time and id."""
    return encode((time.isoformat(), str(identity)), *scope)


def decode_place(token: str, *scope: object) -> Place | None:
    """What encode_place() was given, None for an empty token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
    key = decode(token, 2, *scope)
    if key is None:
        return None
    try:
        # astimezone refuses what lies beyond the calendar once it is UTC.
        time, identity = datetime.fromisoformat(key[0]).astimezone(UTC), UUID(key[1])
    except (ValueError, OverflowError):
        raise foreign() from None
    return time, identity


def encode_id(identity: UUID, *scope: object) -> str:
    """As encode(), for lists that are ordered by id."""
    return encode((str(identity),), *scope)


def decode_id(token: str, *scope: object) -> UUID | None:
    """What encode_id() was given, None for an empty token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
    key = decode(token, 1, *scope)
    try:
        return UUID(key[0]) if key else None
    except ValueError:
        raise foreign() from None


def foreign() -> InvalidArgument:
    """The refusal of a token that this list did not make."""
    return InvalidArgument(
        "INVALID_PAGE_TOKEN", "page_token was not made by this list", fields={"page_token": "not of this list"}
    )


def fingerprint(scope: tuple[object, ...]) -> str:
    """A short name for the filters of a list."""
    return hashlib.blake2b(repr(scope).encode(), digest_size=6).hexdigest()
