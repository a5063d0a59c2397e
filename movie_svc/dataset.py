"""Files of IMDb's public dataset: gzip of tab-separated lines in UTF-8, a header, no quotes, \\N for what is not known.

Format: https://developer.imdb.com/non-commercial-datasets.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from movie_svc.records import Unusable

Values = dict[str, str | None]
"""A line by the header's names; None for \\N."""
EDGE = 1 << 20
"""Bytes at both ends of a file by which it is known again."""
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)


class Truncated(Exception):
    """The file ends in the middle."""


class Dataset:
    """One file, read line by line: however long it is, one line of it is in memory."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Raises SystemExit if it cannot be read or has not these columns."""
        self.path = path
        try:
            self.raw: BinaryIO = path.open("rb")
            self.size = path.stat().st_size
            self.digest = self.fingerprint()
            self.lines = gzip.GzipFile(fileobj=self.raw)
            self.header = self.lines.readline().decode("utf-8-sig").rstrip("\r\n").split("\t")
        except (OSError, UnicodeDecodeError, *BROKEN) as error:
            raise SystemExit(f"cannot read {path}: {error}") from None
        if missing := [name for name in columns if name not in self.header]:
            raise SystemExit(f"{path} has no column {missing[0]}: is it the right one of IMDb's files?")

    def fingerprint(self) -> str:
        """What tells this file from another version of it, without reading all of it."""
        digest = hashlib.sha256(str(self.size).encode())
        digest.update(self.raw.read(EDGE))
        self.raw.seek(max(0, self.size - EDGE))
        digest.update(self.raw.read(EDGE))
        self.raw.seek(0)
        return digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """The lines behind the header. Raises Truncated."""
        try:
            yield from self.lines
        except BROKEN:
            raise Truncated(f"{self.path} ends in the middle") from None

    def values(self, line: bytes) -> Values:
        """What a line says. Raises Unusable."""
        try:
            text = line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise Unusable("not UTF-8") from None
        fields = text.split("\t")
        if len(fields) != len(self.header):
            raise Unusable("another number of columns than the header")
        if "\0" in text:
            raise Unusable("a character that no text has")
        return {name: None if field == "\\N" else field for name, field in zip(self.header, fields, strict=True)}

    @property
    def position(self) -> int:
        """How many bytes of the file have been read."""
        return self.raw.tell()

    def close(self) -> None:
        """Closes the file."""
        self.lines.close()
        self.raw.close()


class Seen:
    """Numbers that came before, a bit each."""

    def __init__(self) -> None:
        self.bits = bytearray()

    def add(self, number: int) -> bool:
        """Notes a number; False if it came before."""
        place, bit = divmod(number, 8)
        if place >= len(self.bits):
            self.bits.extend(bytes(place + 1 - len(self.bits)))
        new = not self.bits[place] & 1 << bit
        self.bits[place] |= 1 << bit
        return new
