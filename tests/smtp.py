"""A mail server that misbehaves on demand, by the recipient's address."""

import asyncio
import ssl
import threading
from collections import Counter, defaultdict
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

LATER, NEVER, HANG_UP, HANG_UP_AFTERWARDS, HANG = "later", "never", "hang up", "hang up afterwards", "hang"
USER, PASSWORD = b"matinee", b"correct horse"


class MailServer:
    """What has arrived, and what goes wrong next."""

    def __init__(self) -> None:
        self.mails: dict[str, list[EmailMessage]] = defaultdict(list)
        self.faults: dict[str, list[str]] = defaultdict(list)
        """By address: what happens to the next mails, before all is well."""
        self.tries: Counter[str] = Counter()
        self.open = threading.Event()
        self.open.set()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The first fault that a server can have with a mail."""
        self.tries[address] += 1
        if self.faults[address][:1] == [NEVER]:
            self.faults[address].pop(0)
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The others."""
        [address] = envelope.rcpt_tos
        await asyncio.to_thread(self.open.wait)
        fault = self.faults[address].pop(0) if self.faults[address] else ""
        if fault == LATER:
            return "451 4.7.1 come back later"
        if fault == HANG:
            await asyncio.sleep(20)
        if fault == HANG_UP:
            abort(server)
            return "451 nobody hears this"
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails[address].append(message_from_bytes(content, _class=EmailMessage, policy=policy.default))
        if fault == HANG_UP_AFTERWARDS:
            abort(server)
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        """One user."""
        return AuthResult(success=(given.login, given.password) == (USER, PASSWORD))


class Running(Controller):
    """The server on a port: only over TLS, and only for one who signs in."""

    def __init__(self, server: MailServer, port: int, certificates: Path) -> None:
        super().__init__(server, hostname="127.0.0.1", port=port)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(certificates / "developer" / "tls.crt", certificates / "developer" / "tls.key")

    def factory(self) -> SMTP:
        return SMTP(
            self.handler,
            hostname="localhost",
            auth_required=True,
            authenticator=self.handler.authenticate,
            tls_context=self.tls,
            require_starttls=True,
        )


class PostOffice:
    """A mail server that can be stopped, and started again on the same port."""

    def __init__(self, port: int, certificates: Path) -> None:
        self.server = MailServer()
        self.port = port
        self.certificates = certificates
        self.start()

    def start(self) -> None:
        """Listens."""
        self.running = Running(self.server, self.port, self.certificates)
        self.running.start()

    def stop(self) -> None:
        """Listens no more."""
        self.running.stop()


def abort(server: SMTP) -> None:
    """Ends a connection without a word."""
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
