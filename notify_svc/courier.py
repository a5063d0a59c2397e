"""Mails on their way: when they are tried, when they are tried again, and when they are given up.

A mail is claimed by a lock on its row that lasts until its fate is written. When this process dies PostgreSQL drops the
lock at once and another process sends the mail: at least once, and recognisable by its Message-ID.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from functools import partial

from matinee.auth.v1 import auth_pb2

from mesh import caller, clock, tracing
from mesh.errors import MeshError, Unavailable
from mesh.logs import logger
from notify_svc.calendar import has_place
from notify_svc.edits import EDIT, UNDONE
from notify_svc.facts import restored
from notify_svc.kinds import ABOUT_ACCOUNTS
from notify_svc.mails import Mails
from notify_svc.peers import EMAIL, People
from notify_svc.post import Post, Postponed, Refused
from notify_svc.settings import Settings
from notify_svc.store.deliveries import Claim, DeliveryStore, Outcome

IDLE_SECONDS = 0.5
"""Between two looks for mails that are due."""
LONGEST_DELAY = 3600.0
PROBLEM = 500
"""Characters that are kept of a problem."""
REMINDERS = ("reminder_24h", "reminder_1h")


class Courier:
    """Sends everybody's mails."""

    def __init__(self, store: DeliveryStore, people: People, mails: Mails, settings: Settings) -> None:
        self.store = store
        self.people = people
        self.mails = mails
        self.settings = settings
        self.pace = settings.smtp_connections / settings.smtp_per_second
        """Seconds from one mail of a worker to its next, at least."""
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Sends until stop()."""
        await asyncio.gather(*(self.work() for _ in range(self.settings.smtp_connections)))

    def stop(self) -> None:
        """Lets the mails that are being sent finish, and begins no other."""
        self.stopping.set()

    async def work(self) -> None:
        """Sends one mail after the other over one connection."""
        caller.begin(caller.Call(request_id="mail"))
        post = Post(self.settings)
        while not self.stopping.is_set():
            began = time.monotonic()
            if await self.send_next(post):
                await self.rest(self.pace - (time.monotonic() - began))
            else:
                await post.close()
                await self.rest(IDLE_SECONDS)
        await post.close()

    async def rest(self, seconds: float) -> None:
        """Waits, but not when stop() was called."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), max(seconds, 0))

    async def send_next(self, post: Post) -> bool:
        """Tries a mail that is due; returns whether to go on at once."""
        try:
            async with self.store.claim() as claim:
                if claim is None:
                    return False
                with tracing.resumed(claim.delivery.trace, f"mail {claim.notice.kind}"):
                    outcome = await self.attempt(claim, post)
                    await claim.finish(outcome)
        except Unavailable:
            return False
        except Exception:
            logger().exception("mails begin anew")
            return False
        return outcome.state != "pending"

    async def attempt(self, claim: Claim, post: Post) -> Outcome:
        """Sends a mail, or says why not."""
        if claim.notice.kind in ABOUT_ACCOUNTS:
            return await self.attempt_account(claim, post)
        try:
            person = await self.people.find(claim.notice.recipient_id)
        except MeshError as error:
            return Outcome("pending", f"auth: {error.message}", tried=False, delay=self.delay(1))
        if reason := await unwanted(claim, person):
            return Outcome("skipped", reason, tried=False)
        assert person is not None
        standing, earlier = (None, 0) if claim.notice.is_host else (await claim.standing(), await claim.earlier())
        write = partial(self.mails.compose, claim.notice, person, claim.delivery.revision, standing, earlier)
        return await self.deliver(claim, post, person.email, write)

    async def attempt_account(self, claim: Claim, post: Post) -> Outcome:
        """Sends a mail about an account; its address and its link came with it, and are gone if it was given up."""
        if (address := claim.delivery.address) is None:
            return Outcome("skipped", "its address is forgotten", tried=False)
        write = partial(self.mails.compose_account, claim.notice, address, claim.delivery.secret)
        return await self.deliver(claim, post, address, write)

    async def deliver(self, claim: Claim, post: Post, address: str, write: Callable[[], EmailMessage]) -> Outcome:
        """Writes a mail and hands it over."""
        attempts = claim.delivery.attempts + 1
        try:
            await post.send(write(), address)
        except Refused as error:
            return self.dead(claim, str(error))
        except Postponed as error:
            if attempts >= self.settings.smtp_attempts:
                return self.dead(claim, str(error))
            return Outcome("pending", str(error)[:PROBLEM], delay=self.delay(attempts))
        except Exception as error:
            # A defect of ours in this one mail must not stop the others.
            logger().exception("mail not written", delivery_id=str(claim.delivery.id))
            return self.dead(claim, f"{type(error).__name__}: {error}")
        return Outcome("sent")

    def dead(self, claim: Claim, problem: str) -> Outcome:
        """Given up; a moderator may try again."""
        logger().warning("mail given up", delivery_id=str(claim.delivery.id), problem=problem[:PROBLEM])
        return Outcome("dead", problem[:PROBLEM])

    def delay(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts: twice as long each time, and not for all the same."""
        seconds = min(self.settings.smtp_retry_seconds * 2.0 ** (attempts - 1), LONGEST_DELAY)
        return timedelta(seconds=seconds * random.uniform(0.5, 1.5))


async def unwanted(claim: Claim, person: auth_pb2.User | None) -> str:
    """Why a mail is not sent at all; empty if it is."""
    notice = claim.notice
    if person is None or not person.email:
        return "nobody has this id"
    if person.delivery_type != EMAIL:
        return "the person wants no mail"
    if not notice.wanted:
        return "the person wants no mail of this kind"
    if not notice.facts:
        return "told before mails were sent"
    facts = restored(notice.facts)
    if facts["cause"] == UNDONE:
        return "all is as it was"
    if notice.kind in REMINDERS and (facts["event_time"] <= clock.now() or await claim.is_overtaken(moved=True)):
        return "reminds of what is not so any more"
    # Held back, or tried again: by now the evening may be off, or not for this reader, who must not put it back.
    late = notice.kind == EDIT or (claim.delivery.attempts > 0 and has_place(notice.kind, facts))
    if late and not notice.is_host and await claim.is_overtaken():
        return "tells of what is not so any more"
    return ""
