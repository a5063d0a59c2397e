"""What is stored of a secret that is random: 256 bits need no slow hash."""

import hashlib


def digest(secret: str) -> bytes:
    """The SHA-256 of it."""
    return hashlib.sha256(secret.encode()).digest()
