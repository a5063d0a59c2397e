"""The mail server, and what its answers mean: sent, later, or never."""

import asyncio
from contextlib import suppress
from email.message import EmailMessage
from email.utils import parseaddr

import aiosmtplib

from mesh import tracing
from notify_svc.settings import Settings

PERMANENT = range(500, 600)
CLOSING_SECONDS = 2.0


class Postponed(Exception):
    """Not taken now; it may be later."""


class Refused(Exception):
    """Not taken, and asking again will not help."""


class Post:
    """A connection to the mail server, opened when first used and kept for the next mail."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sender = parseaddr(settings.mail_from)[1]
        self.about: tracing.Attributes = {"server.address": settings.smtp_host, "server.port": settings.smtp_port}
        self.client: aiosmtplib.SMTP | None = None

    async def send(self, message: EmailMessage, address: str) -> None:
        """Hands a mail over. Raises Postponed, Refused; when it is not sure, the mail may be there nevertheless."""
        try:
            # Each step has its own limit below; a server that drips must not take one after the other.
            async with asyncio.timeout(2 * self.settings.smtp_timeout):
                with tracing.span("SMTP", tracing.CLIENT, self.about):
                    client = await self.connected()
                    await client.sendmail(self.sender, [address], message.as_bytes())
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise verdict(first.code, first.message) from error
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
            if error.code == 421:
                await self.close()
            raise verdict(error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            await self.close()
            raise Postponed(f"{type(error).__name__}: {error}") from error

    async def connected(self) -> aiosmtplib.SMTP:
        """The connection, opened if there is none."""
        if self.client is None or not self.client.is_connected:
            self.client = self.new_client()
            await self.client.connect()
        return self.client

    def new_client(self) -> aiosmtplib.SMTP:
        """A client as the settings want it."""
        settings = self.settings
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=settings.smtp_password.get_secret_value() or None,
            timeout=settings.smtp_timeout,
            use_tls=settings.smtp_tls == "implicit",
            start_tls=settings.smtp_tls == "starttls",
            cert_bundle=str(settings.smtp_ca) if settings.smtp_ca else None,
        )

    async def close(self) -> None:
        """Says goodbye, if anybody listens."""
        client, self.client = self.client, None
        if client is not None:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await client.quit()
            client.close()


def verdict(code: int, message: str) -> Postponed | Refused:
    """What an answer to a mail means."""
    told = f"{code} {message}"
    return Refused(told) if code in PERMANENT else Postponed(told)
