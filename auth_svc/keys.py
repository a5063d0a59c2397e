"""Signing keys and the access tokens they sign."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from auth_svc.store.keys import KeyStore
from mesh import clock
from mesh.database import Row


class Keys:
    """The service's signing keys, read from its database when first needed and then kept.

    A key added to the table signs after the next start; the old ones go on verifying.
    """

    def __init__(self, store: KeyStore, *, issuer: str, audience: str) -> None:
        self.store = store
        self.issuer = issuer
        self.audience = audience
        self.loading = asyncio.Lock()
        self.known: dict[str, EllipticCurvePrivateKey] = {}

    async def all(self) -> dict[str, EllipticCurvePrivateKey]:
        """Keys by kid, newest first; makes the first one. Raises Unavailable while the database does not answer."""
        async with self.loading:
            if not self.known:
                self.known = await self.load()
        return self.known

    async def load(self) -> dict[str, EllipticCurvePrivateKey]:
        """Reads the keys, after making one if there is none."""
        if not (rows := await self.store.list()):
            await self.store.add_first(
                secrets.token_urlsafe(9), pem(generate_private_key(SECP256R1())), clock.real_now()
            )
            rows = await self.store.list()
        return {row.kid: private_key(row.private_key) for row in rows}

    async def key_set(self) -> dict[str, Any]:
        """The public halves, as a JSON Web Key Set."""
        keys = await self.all()
        return {"keys": [public_jwk(kid, key) for kid, key in keys.items()]}

    async def access_token(self, user: Row, lifetime: timedelta, session_id: UUID | None = None) -> str:
        """A token that says who the user is, from now on for `lifetime` or until the session ends."""
        kid, key = next(iter((await self.all()).items()))
        claims = self.claims(user, clock.real_now(), lifetime)
        if session_id is not None:
            claims["sid"] = str(session_id)
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": kid})

    def claims(self, user: Row, now: datetime, lifetime: timedelta) -> dict[str, Any]:
        """What a token says."""
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(user.id),
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "jti": str(uuid4()),
            "permissions": list(user.permissions),
            "is_super": user.is_super,
        }


def pem(key: EllipticCurvePrivateKey) -> str:
    """A private key as text."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def private_key(text: str) -> EllipticCurvePrivateKey:
    """A private key from its text."""
    key = load_pem_private_key(text.encode(), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


def public_jwk(kid: str, key: EllipticCurvePrivateKey) -> dict[str, Any]:
    """The public half as a JSON Web Key."""
    return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "ES256"}
