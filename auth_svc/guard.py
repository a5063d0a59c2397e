"""Who may try now: passwords are not guessed, nobody is flooded with mails, and nobody is locked out for good."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

from auth_svc.passwords import too_busy
from mesh import caller
from mesh.errors import ResourceExhausted, Unauthenticated
from mesh.throttle import Limit, Throttle, client_key


class Limits(NamedTuple):
    """What is limited, and how."""

    account: Limit
    """Failed sign-ins with an address of e-mail."""
    client: Limit
    """Failed sign-ins from one place, with whatever addresses."""
    register: Limit
    forgot_client: Limit
    mailbox: Limit
    """Mails with links to one address of e-mail: everybody can ask for them."""


class Guard:
    """Limits what can be tried. The answers are the same whether an account exists or not."""

    def __init__(self, throttle: Throttle, limits: Limits, patience: float) -> None:
        self.throttle = throttle
        self.limits = limits
        self.patience = patience
        self.trying: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def guessing(self, account: str) -> AsyncIterator[None]:
        """Around the check of a password; one that fails with Unauthenticated counts against account and client.

        `account` is whose guesses count together: by_address() or by_user().
        One that succeeds forgets nothing: it may be of somebody who claims another one's address, to guess on.
        Raises ResourceExhausted (TOO_MANY_ATTEMPTS, TOO_BUSY).
        """
        client = f"client:{client_key(caller.current().address)}"
        # One after the other, or all of those that come at once were free.
        async with self.alone(account):
            await self.throttle.look(account, self.limits.account)
            await self.throttle.look(client, self.limits.client)
            try:
                yield
            except Unauthenticated:
                await self.throttle.count(account, self.limits.account)
                await self.throttle.count(client, self.limits.client)
                raise

    @asynccontextmanager
    async def alone(self, key: str) -> AsyncIterator[None]:
        """While nobody else in this process is here with the same key. Raises ResourceExhausted (TOO_BUSY)."""
        lock = self.trying.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self.patience):
                await lock.acquire()
        except TimeoutError:
            raise too_busy(self.patience) from None
        try:
            yield
        finally:
            lock.release()

    async def register(self) -> None:
        """Counts a registration. Raises ResourceExhausted (TOO_MANY_ATTEMPTS)."""
        await self.throttle.take(f"register:{client_key(caller.current().address)}", self.limits.register)

    async def forgot(self, email: str) -> None:
        """Counts a forgotten password. Raises ResourceExhausted (TOO_MANY_ATTEMPTS)."""
        await self.throttle.take(f"forgot:{client_key(caller.current().address)}", self.limits.forgot_client)
        await self.throttle.take(f"mailbox:{mailbox_key(email)}", self.limits.mailbox)

    async def may_mail(self, email: str) -> bool:
        """Counts a mail that a stranger has sent to an address, and tells whether it is not too many."""
        try:
            await self.throttle.take(f"welcome:{mailbox_key(email)}", self.limits.mailbox)
        except ResourceExhausted:
            return False
        return True

    async def forgive(self, email: str) -> None:
        """Forgets who failed to sign in with an address: its owner has shown that he is."""
        await self.throttle.forget(by_address(email))


def by_address(email: str) -> str:
    """What sign-ins with an address of e-mail are counted under."""
    return f"account:{mailbox_key(email)}"


def by_user(user_id: UUID) -> str:
    """The same for a user who is signed in. No address leads there: ids are known to many."""
    return f"user:{user_id}"


def mailbox_key(email: str) -> str:
    """What stands for an address in Redis, which need not know it; the same for all that the database takes for one."""
    folded = "".join(letter.lower()[:1] for letter in email.strip())
    return hashlib.blake2b(folded.encode(), digest_size=16).hexdigest()
