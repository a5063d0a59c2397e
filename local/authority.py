"""Who signs the mesh's certificates, and who did or will: while one takes over from another, both are trusted."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from local.pairs import Pair, make_authority
from local.swap import swap_files


@dataclass(frozen=True)
class Authority:
    """The authority that signs, with its successor before it takes over and its predecessor afterwards."""

    issuing: Pair
    next: Pair | None = None
    previous: bytes | None = None
    """A certificate as PEM: its key is gone."""

    @classmethod
    def make(cls) -> Self:
        """A new one, without history."""
        return cls(make_authority())

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """From its folder, or None if it is missing, broken or about to expire."""
        issuing = Pair.read(folder / "tls.crt", folder / "tls.key")
        if issuing is None or issuing.is_stale:
            return None
        previous = folder / "previous.crt"
        return cls(
            issuing,
            Pair.read(folder / "next.crt", folder / "next.key"),
            previous.read_bytes() if previous.exists() else None,
        )

    def write(self, folder: Path) -> None:
        """Writes all of it at once."""
        files = {"tls.crt": self.issuing.certificate_pem, "tls.key": self.issuing.key_pem}
        if self.next is not None:
            files |= {"next.crt": self.next.certificate_pem, "next.key": self.next.key_pem}
        if self.previous is not None:
            files["previous.crt"] = self.previous
        swap_files(folder, files)

    @property
    def trusted(self) -> bytes:
        """The certificates of all whose signature counts, as PEM."""
        successor = self.next.certificate_pem if self.next is not None else b""
        return self.issuing.certificate_pem + successor + (self.previous or b"")

    def with_successor(self) -> "Authority":
        """Trusts a successor that signs nothing yet; the one that is there, if there is one."""
        return replace(self, next=self.next or make_authority())

    def succeeded(self) -> "Authority":
        """The successor signs from now on."""
        assert self.next is not None
        return Authority(self.next, previous=self.issuing.certificate_pem)

    def without_previous(self) -> "Authority":
        """The predecessor counts no longer."""
        return replace(self, previous=None)
