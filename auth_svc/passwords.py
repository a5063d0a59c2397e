"""Passwords: argon2id, in a few threads of its own, because one takes longer than a hundred other calls."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

Result = TypeVar("Result")

# OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB of memory, two passes, one lane.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1


class Passwords:
    """Hashes and verifies passwords, a few at a time."""

    def __init__(self, threads: int) -> None:
        self.hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self.free = asyncio.Semaphore(threads)
        # Verified for whoever has no account or no password, so that the time an answer takes tells nothing.
        self.nobodys_hash = self.hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """A hash to be stored."""
        return await self.in_thread(lambda: self.hasher.hash(password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one that was hashed; takes as long when there is none."""
        known = await self.in_thread(lambda: self.verified(password, stored or self.nobodys_hash))
        return known and stored is not None

    def verified(self, password: str, stored: str) -> bool:
        """The part that takes its time."""
        try:
            return self.hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, stored: str) -> bool:
        """Whether today's parameters are other than those that the hash was made with."""
        return self.hasher.check_needs_rehash(stored)

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """Runs the work when a thread is free. Who has given up by then costs nothing more."""
        async with self.free:
            return await asyncio.get_running_loop().run_in_executor(self.pool, work)

    async def close(self) -> None:
        """Ends the threads."""
        self.pool.shutdown(wait=False, cancel_futures=True)
