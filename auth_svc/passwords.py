"""Passwords: argon2id, in a few threads of its own, because one takes longer than a hundred other calls."""

import asyncio
import base64
import hmac
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from typing import TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError

from mesh.errors import ResourceExhausted

Result = TypeVar("Result")

# OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB of memory, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
NICE = 19
"""How far the threads step back behind others of the machine (or container): anybody's call goes before a sign-in.

Not SCHED_IDLE: there, where much is going on, signing in takes several times as long, and calls gain nothing by it.
"""
SALTS = 2
"""How many of one address are tried. More come from claiming it many times at once, and are worth nothing."""


class Passwords:
    """Hashes and verifies passwords, a few at a time.

    All accounts that claim one address have one salt, so that a password is hashed once to be compared with all of
    them: signing in takes as long whether an address has an account, a claim, both or none.
    """

    def __init__(self, threads: int, patience: float) -> None:
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords", initializer=step_back)
        self.free = asyncio.Semaphore(threads)
        self.patience = patience
        # Verified for whoever has no account or no password, so that the time an answer takes tells nothing.
        self.nobodys_hash = HASHER.hash(secrets.token_urlsafe())

    async def hash(self, password: str, like: str | None = None) -> str:
        """A hash to be stored, with the salt of one that the same address has."""
        return await self.in_thread(lambda: HASHER.hash(password, salt=salt_of(like) if like else None))

    async def matches(self, password: str, stored: Sequence[str]) -> list[bool]:
        """Of which of these it is the password; takes as long when there is none."""
        return await self.in_thread(lambda: self.compare(password, stored))

    def compare(self, password: str, stored: Sequence[str]) -> list[bool]:
        """The part that takes its time."""
        made: dict[str, str] = {}
        for each in stored or [self.nobodys_hash]:
            if len(made) < SALTS and how(each) not in made:
                made[how(each)] = hash_as(each, password)
        return [hmac.compare_digest(made.get(how(each), ""), each) for each in stored]

    def is_outdated(self, stored: str) -> bool:
        """Whether today's parameters are other than those that the hash was made with."""
        return HASHER.check_needs_rehash(stored)

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """Runs the work when a thread is free. Who has given up by then costs nothing more.

        Raises ResourceExhausted (TOO_BUSY) when none is for too long.
        """
        try:
            async with asyncio.timeout(self.patience):
                await self.free.acquire()
        except TimeoutError:
            raise too_busy(self.patience) from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, work)
        finally:
            self.free.release()

    async def close(self) -> None:
        """Ends the threads."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def how(stored: str) -> str:
    """Parameters and salt of a hash."""
    return stored.rpartition("$")[0]


def hash_as(stored: str, password: str) -> str:
    """The password hashed with the salt and the parameters of another hash; empty if that is none."""
    try:
        return PasswordHasher.from_parameters(extract_parameters(stored)).hash(password, salt=salt_of(stored))
    except InvalidHashError:
        return ""


def salt_of(stored: str) -> bytes:
    """The salt of a hash in argon2's notation: $argon2id$v=19$m=19456,t=2,p=1$salt$hash."""
    return base64.b64decode(stored.split("$")[-2] + "==")


def step_back() -> None:
    """Lowers the priority of the calling thread; Linux has one for each."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def too_busy(waited: float) -> ResourceExhausted:
    """The refusal of who has waited for so many seconds."""
    return ResourceExhausted("TOO_BUSY", "too many people sign in right now", retry_seconds=ceil(waited))
