"""Every kind of caller: by a person's token, by a certificate, by both."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from local.services import NAMES
from tests.access.signing import Key
from tests.access.table import ABSENT, EVERYBODY, LADDER, TABLE, Row

EDGE = "envoy"
NOT_SERVICES = (EDGE, "developer", "bench")
"""Certificates of the mesh whose holders are nobody by themselves."""
RANKS = {"nobody": 0, "user": 1, "other user": 1, "moderator": 2, "super": 3}
"""How far up the table's ladder a person stands."""
GRANTED, UNGRANTED = "client that was granted much", "client that was granted nothing"
SOME_OTHERS = (
    "matinee.auth.v1.AuthService.BatchGetUsers",
    "matinee.auth.v1.AuthService.SetPermissions",
    "matinee.booking.v1.BookingService.ListAllBookings",
    "matinee.notify.v1.NotifyService.ListDeliveries",
    "matinee.notify.v1.NotifyService.Publish",
)
"""What no client can be granted, in a token that says so nevertheless."""

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
    return (Caller(person) for person in (*RANKS, GRANTED, UNGRANTED))


def inside() -> Iterator[Caller]:
    """All who come to a service's own port."""
    return (Caller(person, certificate) for certificate in (*NOT_SERVICES, *NAMES) for person in (*RANKS, GRANTED))


def expected(row: Row, caller: Caller) -> str:
    """What the table says of an RPC and a caller."""
    if row.who == ABSENT:
        return NOT_SERVED
    if caller.certificate in row.services or is_named(row, caller.person):
        return ADMITTED
    # Where no person may call, a token would not help.
    return NO_TOKEN if caller.person == "nobody" and row.who != "nobody" else DENIED


def is_named(row: Row, person: str) -> bool:
    """Whether a person, or a program instead of one, is among those who may call."""
    if person in RANKS:
        return RANKS[person] >= LADDER.index(row.who)
    return row.who == EVERYBODY or (row.clients and person == GRANTED)


def tokens_of(key: Key) -> dict[str, str | None]:
    """A token for each kind of person. Nobody has an account under these ids, so whatever they do is done to nobody."""
    clients_may = {name for name, row in TABLE.items() if row.clients}
    return {
        "nobody": None,
        "user": key.token(),
        "other user": key.token(),
        "moderator": key.token(permissions=[0, 3]),
        "super": key.token(permissions=[0, 3], is_super=True),
        GRANTED: client_token(key, {*clients_may, *SOME_OTHERS}),
        UNGRANTED: client_token(key, ()),
    }


def client_token(key: Key, rpcs: Collection[str]) -> str:
    """Another team's program, with a token that says more than it may: what cannot be granted does not help."""
    return key.token(
        sub=f"client:{uuid.uuid4()}", sid=str(uuid.uuid4()), rpcs=sorted(rpcs), permissions=[3], is_super=True
    )
