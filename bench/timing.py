"""Tells whether the time an answer takes gives away who has an account: `python -m bench.timing`.

Asks a mesh of its own the same thing about addresses that have an account and about addresses that have none, in random
order and one at a time, and compares how long the answers took. Ends with an error when they can be told apart; between
two samples of one kind the same comparison has to find nothing, or it says nothing.
"""

import argparse
import math
import random
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import uvloop
from rich.console import Console
from rich.progress import track
from rich.table import Table

from auth_svc.tokens import PEOPLE
from bench.stage import client
from bench.terminal import console, end
from local.mesh import Mesh, running_mesh
from local.steps import Steps

TRIES = 1000
SURE = 3.9
"""Standard deviations: chance alone goes so far once in ten thousand comparisons."""
NOTICEABLE = 0.05
"""Of how often one of the known takes longer than one of the unknown, beyond one half: what is less takes many
thousands of tries to see, which throttling does not grant."""
# Here it is not guessing that is tried, but how long a guess takes.
UNTHROTTLED = {
    "ACCOUNT_FAILURES": "1000000",
    "CLIENT_FAILURES": "1000000",
    "REGISTER_BURST": "1000000",
    "FORGOT_BURST": "1000000",
    "MAILBOX_BURST": "1000000",
}
Question = Callable[[bool], tuple[str, dict[str, Any]]]
"""Path and body, about an address that has an account or about one that has none."""


@dataclass(frozen=True)
class Comparison:
    """How long answers about the known and about the unknown took, in milliseconds."""

    name: str
    known: Sequence[float]
    unknown: Sequence[float]

    @property
    def longer(self) -> float:
        """How often one of the known takes longer than one of the unknown: a half when nothing can be told."""
        joined = np.concatenate([self.known, self.unknown])
        ranks = np.empty(len(joined))
        ranks[joined.argsort(kind="stable")] = np.arange(1, len(joined) + 1)
        count = len(self.known)
        return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(self.unknown)))

    @property
    def deviations(self) -> float:
        """How far that is from a half, in standard deviations of Mann and Whitney's test."""
        count, others = len(self.known), len(self.unknown)
        return (self.longer - 0.5) / math.sqrt((count + others + 1) / (12 * count * others))

    @property
    def tells(self) -> bool:
        """Whether the time gives away which is which."""
        return abs(self.deviations) > SURE and abs(self.longer - 0.5) > NOTICEABLE


def nobody() -> str:
    """An address that no account has."""
    return f"{secrets.token_hex(10)}@test.example.com"


def somebody() -> str:
    """The address of one of the sample people, who have verified theirs."""
    return f"{random.choice(list(PEOPLE))}@example.com"


def sign_in(known: bool) -> tuple[str, dict[str, Any]]:
    """A guess at a password."""
    return "/auth/v1/login/", {"email": somebody() if known else nobody(), "password": secrets.token_hex(8)}


def register(known: bool) -> tuple[str, dict[str, Any]]:
    """A new account."""
    body = {"email": somebody() if known else nobody(), "password": secrets.token_hex(8), "name": "Robin"}
    return "/auth/v1/register/", body


def forget(known: bool) -> tuple[str, dict[str, Any]]:
    """A password that is forgotten."""
    return "/auth/v1/password/forgot/", {"email": somebody() if known else nobody()}


def the_same(_: bool) -> tuple[str, dict[str, Any]]:
    """A guess at nobody's password, whatever is asked: what the comparison makes of no difference at all."""
    return sign_in(False)


QUESTIONS: dict[str, Question] = {
    "sign in": sign_in,
    "register": register,
    "forget the password": forget,
    "no difference": the_same,
}


async def compare(http: httpx.AsyncClient, name: str, tries: int, printer: Console) -> Comparison:
    """Asks about as many of the known as of the unknown."""
    order = [True, False] * tries
    random.shuffle(order)
    taken: dict[bool, list[float]] = {True: [], False: []}
    for known in track(order, name, console=printer, transient=True):
        path, body = QUESTIONS[name](known)
        started = time.perf_counter()
        answer = await http.post(path, json=body)
        taken[known].append((time.perf_counter() - started) * 1000)
        if answer.status_code not in (200, 401):
            raise SystemExit(f"{path} answers {answer.status_code}: {answer.text}")
    return Comparison(name, taken[True], taken[False])


def show(compared: Sequence[Comparison], printer: Console) -> None:
    """Prints what was found."""
    table = Table("what", "known, median ms", "unknown, median ms", "known takes longer", "deviations", "tells")
    for one in compared:
        medians = (f"{np.median(one.known):.2f}", f"{np.median(one.unknown):.2f}")
        table.add_row(one.name, *medians, f"{one.longer:.3f}", f"{one.deviations:+.1f}", "yes" if one.tells else "no")
    printer.print(table)


async def run(mesh: Mesh, tries: int, printer: Console) -> list[str]:
    """All comparisons; returns what was told."""
    async with client(mesh) as http:
        compared = [await compare(http, name, tries, printer) for name in QUESTIONS]
    show(compared, printer)
    return [f"{one.name}: the time that an answer takes tells who has an account" for one in compared if one.tells]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.timing", description="Does time tell who has an account?")
    parser.add_argument("--tries", type=int, default=TRIES, help="of each kind (default: %(default)s)")
    tries, printer = parser.parse_args().tries, console()
    with running_mesh(extra_env=UNTHROTTLED, steps=Steps(printer)) as mesh:
        wrong = uvloop.run(run(mesh, tries, printer))
    end(wrong, printer)


if __name__ == "__main__":
    main()
