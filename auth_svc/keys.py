"""Signing keys: which there are, which one signs, and when they come and go."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from auth_svc.safe import Safe, WrongSecret
from auth_svc.settings import KeySettings
from auth_svc.store.keys import KeyStore
from mesh import clock
from mesh.database import Connection, Database, Row
from mesh.errors import Unavailable
from mesh.logs import logger

LONGEST_TOKEN = timedelta(days=1)
"""No token lives longer, the printed ones included; settings allow no more."""
SKEW = timedelta(minutes=5)
"""What clocks may differ by, and how late a process may notice that another key signs."""


class Key(NamedTuple):
    """A key pair, and from when on it signs."""

    kid: str
    private: EllipticCurvePrivateKey
    sign_time: datetime


class Keys:
    """The service's signing keys.

    A new key is published before it signs, because whoever verifies tokens asks for the keys only now and then. The one
    that signed before verifies until its last token is over. All processes read one table and come to the same result.
    """

    def __init__(
        self, store: KeyStore, safe: Safe, *, issuer: str, audience: str, rotation: timedelta, lead: timedelta
    ) -> None:
        self.store = store
        self.safe = safe
        self.issuer = issuer
        self.audience = audience
        self.rotation = rotation
        self.lead = lead
        self.known: Sequence[Key] = ()

    async def all(self) -> Sequence[Key]:
        """The keys; the one that signs last comes first. Raises Unavailable."""
        if not self.known:
            await self.tend()
        return self.known

    async def tend(self) -> None:
        """Looks what keys there are now; adds one whose time has come, and forgets those whose time is over.

        Raises Unavailable while the database does not answer, or its keys are locked with another secret.
        """
        now = clock.real_now()
        async with self.store.locked() as connection:
            rows = await self.store.list(connection)
            if not rows or rows[0].create_time + self.rotation <= now:
                await self.add(connection, now, now + self.lead if rows else now)
            await self.store.delete(connection, [row.kid for row in over(rows, now)])
            rows = await self.store.list(connection)
            keys = await self.opened(connection, rows)
        if self.known and [key.kid for key in keys] != [key.kid for key in self.known]:
            logger().info("other signing keys", signs_from={key.kid: key.sign_time for key in keys})
        self.known = keys

    async def opened(self, connection: Connection, rows: Sequence[Row]) -> Sequence[Key]:
        """The keys in these rows; those that are not locked with the secret of today are from now on. As tend()."""
        try:
            texts = {row.kid: self.safe.open(row.private_key) for row in rows}
        except WrongSecret as error:
            raise Unavailable("PEER_UNAVAILABLE", "tokens cannot be made right now") from error
        for row in rows:
            if not self.safe.is_current(row.private_key):
                await self.store.replace(connection, row.kid, self.safe.lock(texts[row.kid]))
        return [Key(row.kid, private_key(texts[row.kid]), row.sign_time) for row in rows]

    async def add(self, connection: Connection, now: datetime, sign_time: datetime) -> None:
        """Makes another key."""
        kid, locked = secrets.token_urlsafe(9), self.safe.lock(pem(generate_private_key(SECP256R1())))
        await self.store.add(connection, kid, locked, now, sign_time)

    async def rotate(self) -> datetime:
        """Makes another key before its time; from when on it signs. Raises as tend()."""
        now = clock.real_now()
        async with self.store.locked() as connection:
            # One that nobody can open would stop them all.
            await self.opened(connection, await self.store.list(connection))
            await self.add(connection, now, now + self.lead)
        return now + self.lead

    async def withdraw(self) -> None:
        """Makes another key that signs at once, and forgets all others: what they signed is refused from now on."""
        now = clock.real_now()
        async with self.store.locked() as connection:
            await self.store.delete(connection, [row.kid for row in await self.store.list(connection)])
            await self.add(connection, now, now)

    async def key_set(self) -> dict[str, Any]:
        """The public halves, as a JSON Web Key Set. Raises as all()."""
        return {"keys": [public_jwk(key) for key in await self.all()]}

    async def sign(self, claims: dict[str, Any]) -> str:
        """A token that says this. Raises as all()."""
        now, keys = clock.real_now(), await self.all()
        key = next((key for key in keys if key.sign_time <= now), keys[-1])
        named = {"iss": self.issuer, "aud": self.audience, **claims}
        return jwt.encode(named, key.private, algorithm="ES256", headers={"kid": key.kid})


def keys_in(database: Database, settings: KeySettings) -> Keys:
    """The signing keys in auth's database."""
    secret, before = settings.signing_key_secret, settings.signing_key_secret_before
    return Keys(
        KeyStore(database),
        Safe(secret.get_secret_value(), before.get_secret_value()),
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        rotation=timedelta(days=settings.key_rotation_days),
        lead=timedelta(seconds=settings.key_lead_seconds),
    )


def over(rows: Sequence[Row], now: datetime) -> list[Row]:
    """The keys that have signed nothing for so long that all their tokens have expired; the newest comes first."""
    ended = zip(rows[1:], rows, strict=False)
    return [row for row, successor in ended if successor.sign_time + LONGEST_TOKEN + SKEW < now]


def pem(key: EllipticCurvePrivateKey) -> str:
    """A private key as text."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def private_key(text: str) -> EllipticCurvePrivateKey:
    """A private key from its text."""
    key = load_pem_private_key(text.encode(), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


def public_jwk(key: Key) -> dict[str, Any]:
    """The public half as a JSON Web Key."""
    public = ECAlgorithm.to_jwk(key.private.public_key(), as_dict=True)
    return {**public, "kid": key.kid, "use": "sig", "alg": "ES256"}
