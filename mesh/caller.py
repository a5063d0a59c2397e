"""Who is calling: the user whose token travels with the call, or the service whose certificate opened it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt
from cachetools import LRUCache
from jwt import PyJWK

from mesh.errors import MeshError, Unauthenticated, Unavailable

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

    @property
    def is_moderator(self) -> bool:
        """Whether the user may moderate; super may."""
        return self.is_super or MODERATOR in self.permissions


NOBODY = Caller()


@dataclass(slots=True)
class Call:
    """What is known of the call being answered; it travels on to the peers that are asked for its sake."""

    method: str = ""
    """The RPC's path."""
    request_id: str = ""
    token: str | None = None
    caller: Caller = NOBODY
    deadline: float | None = None
    idempotency_key: str = ""
    claimed_key: "Key | None" = None
    """The idempotency key that the next transaction of this call must take."""
    degraded: set[str] = field(default_factory=set)
    headers: list[tuple[str, str]] = field(default_factory=list)
    """Response headers that the servicer adds."""
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


FetchKeys = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gets a JSON Web Key Set."""

REFETCH_SECONDS = 1.0
CACHED_TOKENS = 20_000


class Verifier:
    """Verifies access tokens (ES256). A verified one is believed until its `exp` without a second look."""

    def __init__(self, fetch_keys: FetchKeys, *, issuer: str, audience: str) -> None:
        self.fetch_keys = fetch_keys
        self.issuer = issuer
        self.audience = audience
        self.keys: dict[str, PyJWK] = {}
        self.next_fetch = 0.0
        self.fetching: asyncio.Task[None] | None = None
        self.verified: LRUCache[str, Caller] = LRUCache(CACHED_TOKENS)

    async def verify(self, token: str) -> Caller:
        """The caller a token speaks for.

        Raises Unauthenticated (TOKEN_EXPIRED, TOKEN_INVALID), Unavailable (PEER_UNAVAILABLE) while no key is known.
        """
        caller = self.verified.get(token)
        if caller is None:
            caller = await self.decode(token)
            self.verified[token] = caller
        if caller.expires <= time.time():
            raise Unauthenticated("TOKEN_EXPIRED", "the access token has expired")
        return caller

    async def decode(self, token: str) -> Caller:
        """Checks signature and claims. Raises as verify()."""
        try:
            key = await self.key_for(str(jwt.get_unverified_header(token).get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=["ES256"],
                issuer=self.issuer,
                audience=self.audience,
                options={"require": ["exp", "iat", "sub", "jti"]},
            )
            return caller_of(claims)
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("TOKEN_EXPIRED", "the access token has expired") from None
        except (jwt.InvalidTokenError, ValueError, TypeError):
            raise Unauthenticated("TOKEN_INVALID", "the access token is not valid here") from None

    async def key_for(self, kid: str) -> PyJWK:
        """The public key named `kid`; asks for the keys anew, at most once a second, when it is unknown."""
        if kid not in self.keys and (self.fetching or time.monotonic() >= self.next_fetch):
            await self.refresh_together()
        if not self.keys:
            self.next_fetch = 0.0
            raise Unavailable("PEER_UNAVAILABLE", "tokens cannot be verified right now")
        if kid not in self.keys:
            raise jwt.InvalidTokenError
        return self.keys[kid]

    async def refresh_together(self) -> None:
        """One refresh for all who come while it runs; it goes on when one of them gives up."""
        if self.fetching is None:
            self.next_fetch = time.monotonic() + REFETCH_SECONDS
            # In a context of its own: it speaks for none of them.
            self.fetching = asyncio.create_task(self.refresh(), context=Context())
        await asyncio.shield(self.fetching)

    async def refresh(self) -> None:
        """Gets the keys; those known stay when their source does not answer."""
        try:
            key_set = jwt.PyJWKSet.from_dict(dict(await self.fetch_keys()))
        except (MeshError, jwt.PyJWKSetError):
            return
        finally:
            self.fetching = None
        self.keys = {key.key_id: key for key in key_set.keys if key.key_id}


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """The caller that verified claims describe. Raises ValueError or TypeError when they are not ours."""
    permissions: Sequence[int] = claims.get("permissions", [])
    return Caller(
        user_id=UUID(claims["sub"]),
        permissions=frozenset(int(permission) for permission in permissions),
        is_super=claims.get("is_super") is True,
        expires=float(claims["exp"]),
    )
