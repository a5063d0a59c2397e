"""Verifies access tokens, at next to no cost for one that was seen before."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextvars import Context
from typing import Any
from uuid import UUID

import jwt
from cachetools import LRUCache
from jwt import PyJWK

from mesh.caller import CLIENT, Caller
from mesh.errors import MeshError, Unauthenticated, Unavailable
from mesh.revocations import Revocations

FetchKeys = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gets a JSON Web Key Set."""

REFETCH_SECONDS = 1.0
FOLLOW_SECONDS = 15.0
"""A key that was withdrawn is believed no longer than that."""
CACHED_TOKENS = 20_000
LONGEST_TOKEN = 4096
"""Characters; ours have some 500."""
LEEWAY_SECONDS = 60
"""By how much the clock of whoever made a token may be ahead of ours. Nothing is added to its end."""
TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
REQUIRED = ["exp", "iat", "sub", "jti"]
# What the library raises for headers and claims that are no such thing; the last for brackets within brackets.
MALFORMED = (jwt.InvalidTokenError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


class Verifier:
    """Verifies access tokens (ES256). A verified one is believed until its `exp`, or until its session ends."""

    def __init__(
        self, fetch_keys: FetchKeys, *, issuer: str, audience: str, revocations: Revocations | None = None
    ) -> None:
        self.fetch_keys = fetch_keys
        self.issuer = issuer
        self.audience = audience
        self.revocations = revocations
        self.key_set: Mapping[str, Any] = {}
        """As it was told."""
        self.keys: dict[str, PyJWK] = {}
        self.next_fetch = 0.0
        self.fetching: asyncio.Task[None] | None = None
        # Only tokens that are good get in, so a flood of others does not push them out.
        self.verified: LRUCache[str, Caller] = LRUCache(CACHED_TOKENS)

    def tasks(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What has to run beside: it keeps the keys and the ended sessions current."""
        revocations = self.revocations
        return [self.follow_keys, *([revocations.follow, revocations.listen] if revocations is not None else [])]

    async def follow_keys(self) -> None:
        """Keeps the keys current for as long as the process lives; without any it asks more often."""
        while True:
            await self.refresh_together()
            await asyncio.sleep(FOLLOW_SECONDS if self.keys else REFETCH_SECONDS)

    async def verify(self, token: str) -> Caller:
        """The caller a token speaks for.

        Raises Unauthenticated (TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_REVOKED), Unavailable (PEER_UNAVAILABLE) while no
        key is known.
        """
        caller = self.verified.get(token)
        if caller is None:
            caller = await self.decode(token)
            self.verified[token] = caller
        if caller.expires <= time.time():
            raise expired()
        if self.revocations is not None and caller.session in self.revocations:
            raise Unauthenticated("TOKEN_REVOKED", "the session that the token belongs to has ended")
        return caller

    async def decode(self, token: str) -> Caller:
        """Checks signature and claims. Raises as verify()."""
        if len(token) > LONGEST_TOKEN:
            raise invalid()
        try:
            key = await self.key_for(named_key(token))
            # Only the key of the name decides how it is verified, never the token.
            claims = jwt.decode(
                token,
                key,
                algorithms=["ES256"],
                issuer=self.issuer,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED},
            )
            return caller_of(claims)
        except jwt.ExpiredSignatureError:
            raise expired() from None
        except MALFORMED:
            raise invalid() from None

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
            told = await self.fetch_keys()
            keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(dict(told)).keys if key.key_id}
        except (MeshError, jwt.PyJWKSetError):
            return
        finally:
            self.fetching = None
        if self.keys.keys() - keys.keys():
            # What a key signed that is gone is worth nothing any more.
            self.verified.clear()
        self.keys, self.key_set = keys, told


def named_key(token: str) -> str:
    """The name of the key that a token says it was signed with. Raises one of MALFORMED for what is no access token."""
    header = jwt.get_unverified_header(token)
    if str(header.get("typ", "")).lower() not in TYPES:
        raise jwt.InvalidTokenError
    return str(header.get("kid", ""))


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """The caller that verified claims describe. Raises one of MALFORMED when they are not ours."""
    permissions = claims.get("permissions", [])
    if type(permissions) is not list or any(type(permission) is not int for permission in permissions):
        raise ValueError
    session = claims.get("sid")
    if claims["sub"].startswith(CLIENT):
        return Caller(
            client=UUID(claims["sub"].removeprefix(CLIENT)),
            rpcs=frozenset(claims["rpcs"]),
            expires=float(claims["exp"]),
            session=UUID(session),
        )
    return Caller(
        user_id=UUID(claims["sub"]),
        permissions=frozenset(permissions),
        is_super=claims.get("is_super") is True,
        expires=float(claims["exp"]),
        session=None if session is None else UUID(session),
    )


def expired() -> Unauthenticated:
    """The refusal of a token that was good."""
    return Unauthenticated("TOKEN_EXPIRED", "the access token has expired")


def invalid() -> Unauthenticated:
    """The refusal of a token that never was good here; it does not say why."""
    return Unauthenticated("TOKEN_INVALID", "the access token is not valid here")
