"""Who is calling: the user whose token travels with the call, or the service whose certificate opened it."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from mesh.errors import Unauthenticated

if TYPE_CHECKING:
    from mesh.idempotency import Key

MODERATOR = 3
"""The permission that makes a user a moderator; 1 and 2 (subscribers) have no effect of their own."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a call is made for. `user_id` is None for nobody and for a service that acts for itself."""

    user_id: UUID | None = None
    permissions: frozenset[int] = frozenset()
    is_super: bool = False
    service: str | None = None
    expires: float = 0.0
    session: UUID | None = None
    """The session that the token was given to; a token without one cannot be revoked."""
    client: UUID | None = None
    """Another team's program that calls in its own name; then there is no user."""
    rpcs: frozenset[str] = frozenset()
    """Full names of what the client was granted."""

    @property
    def is_moderator(self) -> bool:
        """Whether the user may moderate; super may."""
        return self.is_super or MODERATOR in self.permissions


NOBODY = Caller()
CLIENT = "client:"
"""What the `sub` of a client's token begins with."""


@dataclass(slots=True)
class Call:
    """What is known of the call being answered; it travels on to the peers that are asked for its sake."""

    method: str = ""
    """The RPC's path."""
    peer: str = ""
    """The member of the mesh that opened the connection: a service, the edge, a developer."""
    request_id: str = ""
    token: str | None = None
    caller: Caller = NOBODY
    deadline: float | None = None
    idempotency_key: str = ""
    user_agent: str = ""
    """What the client calls itself."""
    claimed_key: "Key | None" = None
    """The idempotency key that the next transaction of this call must take."""
    degraded: set[str] = field(default_factory=set)
    headers: list[tuple[str, str]] = field(default_factory=list)
    """Response headers that the servicer adds."""
    traceparent: str = ""
    """What the caller told of the trace that the call is part of."""
    find_address: Callable[[], str] = str

    @property
    def address(self) -> str:
        """The client's IP address, as the edge tells it; the peer's where the call did not come through the edge."""
        return self.find_address()


_current: ContextVar[Call | None] = ContextVar("call", default=None)


def current() -> Call:
    """The call being answered; an empty one outside of calls, as in jobs."""
    return _current.get() or Call()


def begin(call: Call) -> None:
    """Makes `call` the current one for this task."""
    _current.set(call)


def user() -> Caller:
    """The current caller. Raises Unauthenticated (TOKEN_MISSING) if no user stands behind the call."""
    caller = current().caller
    if caller.user_id is None:
        raise Unauthenticated("TOKEN_MISSING", "this call needs an access token")
    return caller


def user_id() -> UUID:
    """The current user's id. Raises as user()."""
    identity = user().user_id
    assert identity is not None
    return identity


def degraded(peer: str) -> None:
    """Notes that the answer lacks what `peer` did not tell; the caller sees it in the header x-degraded."""
    if (call := _current.get()) is not None:
        call.degraded.add(peer)
