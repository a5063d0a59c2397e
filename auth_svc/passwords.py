"""Passwords: argon2id, in a few threads of its own, because one takes longer than a hundred other calls."""

import asyncio
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mesh.errors import ResourceExhausted

Result = TypeVar("Result")

# OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB of memory, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
NICE = 10
"""How much less the threads are than other threads of the machine: a call of anybody's goes before a sign-in."""


class Passwords:
    """Hashes and verifies passwords, a few at a time."""

    def __init__(self, threads: int, patience: float) -> None:
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords", initializer=step_back)
        self.free = asyncio.Semaphore(threads)
        self.patience = patience
        # Verified for whoever has no account or no password, so that the time an answer takes tells nothing.
        self.nobodys_hash = HASHER.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """A hash to be stored."""
        return await self.in_thread(lambda: HASHER.hash(password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one that was hashed; takes as long when there is none."""
        known = await self.in_thread(lambda: self.verified(password, stored or self.nobodys_hash))
        return known and stored is not None

    def verified(self, password: str, stored: str) -> bool:
        """The part that takes its time."""
        try:
            return HASHER.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

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


def step_back() -> None:
    """Lowers the priority of the calling thread; Linux has one for each."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def too_busy(waited: float) -> ResourceExhausted:
    """The refusal of who has waited for so many seconds."""
    return ResourceExhausted("TOO_BUSY", "too many people sign in right now", retry_seconds=ceil(waited))
