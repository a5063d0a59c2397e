"""The shape of what is said."""

from typing import NamedTuple


class Wording(NamedTuple):
    """Templates over words()."""

    title: str
    text: str


class Sides(NamedTuple):
    """The same event told to either side."""

    guest: Wording
    host: Wording

    def of(self, *, is_host: bool) -> Wording:
        """What is told to the host, or to anybody else."""
        return self.host if is_host else self.guest


def oneself(title: str, text: str) -> Sides:
    """What is told to one person only, whose side does not matter."""
    return Sides(Wording(title, text), Wording(title, text))
