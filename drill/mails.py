"""The mails that arrived, as whoever reads them has them: from the files of the mesh's sink."""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from local.home import Home
from local.mail import kept, read, text_of

URL = re.compile(r"https?://\S+")
NANOSECONDS = 1e9


@dataclass(frozen=True)
class Mail:
    """One that arrived."""

    id: str
    """Its Message-ID."""
    address: str
    """Where it was delivered."""
    addressee: str
    """Whom it says that it is for."""
    subject: str
    second: int
    """Its date, in seconds since 1970."""
    text: str
    unsubscribe: str
    """Its List-Unsubscribe."""
    one_click: str
    """Its List-Unsubscribe-Post."""
    arrived: float
    """When, in seconds since 1970."""

    @property
    def leave(self) -> str:
        """Where its reader can end such mails; empty if it does not say."""
        return self.unsubscribe[1:-1] if re.fullmatch(r"<https?://[^\s<>]+>", self.unsubscribe) else ""

    @property
    def links(self) -> list[str]:
        """All that is in its text."""
        return URL.findall(self.text)

    def __str__(self) -> str:
        return f"{self.id} to {self.address}: {self.subject}"


def mails(home: Home) -> list[Mail]:
    """All that arrived about evenings, in their order."""
    found = (mail(path, read(path)) for path in reversed(kept(home)))
    # What is about an account (a welcome) has neither a short link nor a way to end it.
    return [each for each in found if each.unsubscribe or "/s/" in each.text]


def mail(path: Path, message: EmailMessage) -> Mail:
    """A mail in a file, whose name is the moment when it arrived."""
    addressee, date = message["To"], message["Date"]
    return Mail(
        id=str(message["Message-ID"] or ""),
        address=", ".join(message.get_all("Delivered-To", [])),
        addressee=", ".join(each.addr_spec for each in addressee.addresses) if addressee else "",
        subject=str(message["Subject"] or ""),
        second=int(date.datetime.timestamp()) if date and date.datetime else 0,
        text=text_of(message),
        unsubscribe=str(message["List-Unsubscribe"] or ""),
        one_click=str(message["List-Unsubscribe-Post"] or ""),
        arrived=int(path.stem) / NANOSECONDS,
    )
