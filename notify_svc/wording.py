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
