"""What keeps private keys secret in a database that somebody else may read."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PLAIN = "-----BEGIN"
"""How a private key begins that an earlier version left as it was."""


class WrongSecret(Exception):
    """What lies in the database was locked with another secret."""


class Safe:
    """Locks and opens texts (Fernet: AES-128-CBC and HMAC-SHA256).

    Locks with `secret`; opens what was locked with it or with `before`, the secret that it took the place of.
    """

    def __init__(self, secret: str, before: str = "") -> None:
        self.current = Fernet(derived(secret))
        self.known = MultiFernet([self.current, *([Fernet(derived(before))] if before else [])])

    def lock(self, text: str) -> str:
        """The text as it may lie in a database."""
        return self.current.encrypt(text.encode()).decode()

    def open(self, locked: str) -> str:
        """The text again. Raises WrongSecret."""
        if locked.startswith(PLAIN):
            return locked
        try:
            return self.known.decrypt(locked).decode()
        except InvalidToken:
            raise WrongSecret("SIGNING_KEY_SECRET does not open the signing keys in the database") from None

    def is_current(self, locked: str) -> bool:
        """Whether it is locked, and with the secret of today."""
        try:
            self.current.decrypt(locked)
        except InvalidToken:
            return False
        return True


def derived(secret: str) -> bytes:
    """A key of the right size from a secret that is random enough to need no stretching."""
    key = HKDF(SHA256(), 32, salt=None, info=b"matinee signing keys").derive(secret.encode())
    return base64.urlsafe_b64encode(key)
