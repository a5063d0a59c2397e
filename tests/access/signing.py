"""Access tokens as a second implementation writes them: from RFC 7515 and 7518, without our own library of tokens."""

import hmac
import json
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Claims = dict[str, Any]
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Key:
    """A key that the mesh signs with, and under which name it knows it."""

    kid: str
    private: EllipticCurvePrivateKey
    issuer: str
    audience: str

    @property
    def public_pem(self) -> bytes:
        """What everybody may know of it."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def header(self) -> Claims:
        """What an honest token begins with."""
        return {"alg": "ES256", "typ": "JWT", "kid": self.kid}

    def claims(self, **changes: Any) -> Claims:
        """What an honest user's token says; a change to None leaves the claim out."""
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(uuid.uuid4()),
            "iat": now,
            "exp": now + 600,
            "jti": str(uuid.uuid4()),
            "permissions": [0],
            "is_super": False,
        }
        return {name: value for name, value in {**honest, **changes}.items() if value is not None}

    def token(self, **changes: Any) -> str:
        """An honest token, or one that says something else over a good signature."""
        return compact(self.header, self.claims(**changes), self.sign)

    def sign(self, text: bytes) -> bytes:
        """ES256: r and s, 32 bytes each."""
        return es256(self.private, text)


def es256(key: EllipticCurvePrivateKey, text: bytes) -> bytes:
    """A signature as RFC 7518 has it."""
    r, s = decode_dss_signature(key.sign(text, ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def compact(header: Claims, claims: Claims, sign: Sign) -> str:
    """A token from its parts."""
    text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{text}.{encoded(sign(text.encode()))}"


def encoded(part: bytes) -> str:
    """Base64 as tokens have it."""
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def bad_tokens(key: Key) -> dict[str, tuple[str, str]]:
    """What nobody may be let in with: each under its name, with the reason for which it is refused."""
    other, now = generate_private_key(SECP256R1()), int(time.time())
    super_claims = key.claims(is_super=True, permissions=[0, 3])
    honest = key.token()
    head, body, signature = honest.split(".")

    def hs256(secret: bytes) -> str:
        return compact({**key.header, "alg": "HS256"}, super_claims, lambda text: hmac.digest(secret, text, "sha256"))

    def with_header(**changes: Any) -> str:
        header = {name: value for name, value in {**key.header, **changes}.items() if value is not None}
        return compact(header, super_claims, key.sign)

    def unsigned(algorithm: str) -> str:
        return compact({**key.header, "alg": algorithm}, super_claims, lambda _: b"")

    numbers = key.private.public_key().public_numbers()
    own_jwk = {"kty": "EC", "crv": "P-256", **point(other)}
    invalid = {
        "signed by another key": compact(key.header, super_claims, lambda text: es256(other, text)),
        "its own key in its header": compact(
            {**key.header, "kid": None, "jwk": own_jwk}, super_claims, lambda text: es256(other, text)
        ),
        "a key that nobody knows": with_header(kid="nobody-knows-this"),
        "no key named": with_header(kid=None),
        "alg none, unsigned": unsigned("none"),
        "alg NONE, unsigned": unsigned("NONE"),
        "alg ES256, unsigned": unsigned("ES256"),
        "alg none over a good signature": with_header(alg="none"),
        "alg ES384 over an ES256 signature": with_header(alg="ES384"),
        "HMAC with the public key's text": hs256(key.public_pem),
        "HMAC with the public key's numbers": hs256(numbers.x.to_bytes(32) + numbers.y.to_bytes(32)),
        "HMAC with nothing": hs256(b""),
        "a signature of zeros": compact(key.header, super_claims, lambda _: bytes(64)),
        "a signature in DER": compact(key.header, super_claims, lambda text: key.private.sign(text, ECDSA(SHA256()))),
        "a signature cut short": honest[:-10],
        "other claims under the signature": f"{head}.{encoded(json.dumps(super_claims).encode())}.{signature}",
        "two parts": f"{head}.{body}",
        "no token at all": "nonsense",
        "another audience": key.token(aud="another-mesh"),
        "no audience": key.token(aud=None),
        "another issuer": key.token(iss="https://example.com"),
        "no issuer": key.token(iss=None),
        "no end": key.token(exp=None),
        "from tomorrow on": key.token(nbf=now + 86_400),
        "made tomorrow": key.token(iat=now + 86_400, exp=now + 90_000),
        "of nobody": key.token(sub=None),
        "of somebody without an id": key.token(sub="sudo"),
    }
    expired = {
        "expired a minute ago": key.token(iat=now - 1000, exp=now - 60),
        "expired last year": key.token(iat=now - 31_600_000, exp=now - 31_500_000),
    }
    return {name: (token, "TOKEN_INVALID") for name, token in invalid.items()} | {
        name: (token, "TOKEN_EXPIRED") for name, token in expired.items()
    }


def point(key: EllipticCurvePrivateKey) -> Claims:
    """A public key as a JSON Web Key has it."""
    numbers = key.public_key().public_numbers()
    return {"x": encoded(numbers.x.to_bytes(32)), "y": encoded(numbers.y.to_bytes(32))}
