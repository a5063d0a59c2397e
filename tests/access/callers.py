"""Every kind of caller: by a person's token, by a certificate, by both."""

from collections.abc import Iterator
from dataclasses import dataclass

from local.services import NAMES
from tests.access.signing import Key
from tests.access.table import ABSENT, LADDER, Row

EDGE = "envoy"
NOT_SERVICES = (EDGE, "developer", "bench")
"""Certificates of the mesh whose holders are nobody by themselves."""
RANKS = {"nobody": 0, "user": 1, "other user": 1, "moderator": 2, "super": 3}
"""How far up the table's ladder a person stands."""

ADMITTED = "admitted"
NO_TOKEN = "UNAUTHENTICATED TOKEN_MISSING"
DENIED = "PERMISSION_DENIED ACCESS_DENIED"
NOT_SERVED = "UNIMPLEMENTED"


@dataclass(frozen=True)
class Caller:
    """Who calls: with whose token, over a connection that this certificate opened."""

    person: str
    certificate: str = EDGE

    def __str__(self) -> str:
        return self.person if self.certificate == EDGE else f"{self.person} with {self.certificate}'s certificate"


def outside() -> Iterator[Caller]:
    """All who come through the public port."""
    return (Caller(person) for person in RANKS)


def inside() -> Iterator[Caller]:
    """All who come to a service's own port."""
    return (Caller(person, certificate) for certificate in (*NOT_SERVICES, *NAMES) for person in RANKS)


def expected(row: Row, caller: Caller) -> str:
    """What the table says of an RPC and a caller."""
    if row.who == ABSENT:
        return NOT_SERVED
    if caller.certificate in row.services or RANKS[caller.person] >= LADDER.index(row.who):
        return ADMITTED
    # Where no person may call, a token would not help.
    return NO_TOKEN if caller.person == "nobody" and row.who != "nobody" else DENIED


def tokens_of(key: Key) -> dict[str, str | None]:
    """A token for each kind of person. Nobody has an account under these ids, so whatever they do is done to nobody."""
    return {
        "nobody": None,
        "user": key.token(),
        "other user": key.token(),
        "moderator": key.token(permissions=[0, 3]),
        "super": key.token(permissions=[0, 3], is_super=True),
    }
