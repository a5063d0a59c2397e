"""Where the bench prints."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

WIDE = 120
SHOWN = 12
"""Of what went wrong; the rest is usually more of the same."""


def console() -> Console:
    """The terminal; wide enough for the tables where there is none."""
    return Console(width=None if sys.stdout.isatty() else WIDE)


def end(wrong: Sequence[str], printer: Console) -> None:
    """Says what went wrong, and ends the process with an error if anything did."""
    for line in wrong[:SHOWN]:
        printer.print(Text(line, style="red"), soft_wrap=True)
    if len(wrong) > SHOWN:
        printer.print(Text(f"and {len(wrong) - SHOWN} more", style="red"))
    if wrong:
        raise SystemExit(1)
