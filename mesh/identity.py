"""Who this process is to the others of the mesh, read again when the files change: a renewal restarts nothing."""

import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates

from mesh.logs import logger
from mesh.settings import ProcessSettings

LOOK_SECONDS = 1.0
"""How old the look at the files may be that a call of ours relies on."""
READINGS = 5
"""How often files that do not belong together are read at once: they may just be replaced."""

Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Identity:
    """A certificate, its key, and the authorities whose certificates are trusted; all PEM."""

    authorities: bytes
    key: bytes
    certificate: bytes

    @classmethod
    def read(cls, authorities: Path, key: Path, certificate: Path) -> Self:
        """Reads PEM files. Raises ValueError unless they say something and the key is the certificate's, OSError."""
        identity = cls(authorities.read_bytes(), key.read_bytes(), certificate.read_bytes())
        load_pem_x509_certificates(identity.authorities)
        public = load_pem_x509_certificate(identity.certificate).public_key()
        if load_pem_private_key(identity.key, password=None).public_key() != public:
            raise ValueError(f"{key} is not the key of {certificate}")
        return identity


class IdentityFiles:
    """The identity as the files have it now; what they said last while they are broken or half replaced."""

    def __init__(self, settings: ProcessSettings) -> None:
        """Raises ValueError when they are broken from the start, OSError when they cannot be read."""
        self.paths = (settings.tls_ca, settings.tls_key, settings.tls_certificate)
        self.lock = Lock()
        self.stamp = self.look()
        self.identity = self.read()
        self.next_look = time.monotonic() + LOOK_SECONDS

    def recent(self) -> Identity:
        """As it was a second ago at most: for what happens with every call."""
        if time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + LOOK_SECONDS
            return self.current()
        return self.identity

    def current(self) -> Identity:
        """As it is now. gRPC asks from threads of its own."""
        with self.lock:
            # Looked at before they are read: what is replaced meanwhile is noticed the next time.
            stamp = self.look()
            if stamp != self.stamp:
                self.stamp = stamp
                try:
                    self.identity = self.read()
                    logger().info("certificate read again", file=str(self.paths[-1]))
                except (OSError, ValueError) as error:
                    logger().warning("certificate not read, the last one stays", problem=str(error))
            return self.identity

    def look(self) -> Stamp:
        """What differs when one of the files is another one; nothing while one is missing."""
        try:
            stats = [path.stat() for path in self.paths]
        except OSError:
            return ()
        return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in stats)

    def read(self) -> Identity:
        """Reads the files until they belong together. Raises ValueError if they do not, OSError."""
        for _ in range(READINGS - 1):
            try:
                return Identity.read(*self.paths)
            except ValueError:
                continue
        return Identity.read(*self.paths)
