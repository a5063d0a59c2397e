"""What a long command shows while it works: a spinner on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from local.errors import MeshError


class Steps:
    """Announces each step, and says how long it took."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step; nothing is printed after a failure, the error speaks for itself."""
        started = time.monotonic()
        if self.console.is_terminal:
            # "line" is the spinner that every terminal can draw.
            with self.console.status(escape(title), spinner="line"):
                yield
        else:
            yield
        seconds = time.monotonic() - started
        self.console.print(f"[green]ok[/] {escape(title)} [dim]{seconds:.1f} s[/]", highlight=False)


def quiet_steps() -> Steps:
    """For those who start a mesh without an audience."""
    return Steps(Console(quiet=True))


def print_error(console: Console, error: MeshError) -> None:
    """The message in red, and beneath it what to do next."""
    console.print(f"[bold red]error:[/] {escape(error.message)}", highlight=False, soft_wrap=True)
    if error.hint:
        console.print(escape(error.hint), highlight=False, soft_wrap=True)
