"""The mails that the sink keeps, for people and for tests."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.errors import MeshError
from local.home import Home

SHOWN = 20


def read(path: Path) -> EmailMessage:
    """A mail in a file."""
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(path.read_bytes())


def kept(home: Home) -> list[Path]:
    """The files of the mails, newest first."""
    return sorted(home.mail.glob("*.eml"), reverse=True)


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """A part of a mail: plain, html or calendar; empty if it has none."""
    for part in message.walk():
        if part.get_content_type() == f"text/{kind}":
            return str(part.get_content())
    return ""


def print_mails(console: Console, home: Home) -> None:
    """The newest mails, a line each."""
    table = Table("", "date", "to", "subject", box=None)
    for number, path in enumerate(kept(home)[:SHOWN], start=1):
        message = read(path)
        table.add_row(*(str(cell) for cell in (number, message["date"], message["to"], message["subject"])))
    console.print(table, markup=False)
    console.print(f"{len(kept(home))} mails in {home.mail}; make mail N=1 shows the newest", markup=False)


def print_mail(console: Console, home: Home, number: int) -> None:
    """A mail's headers, its text and its calendar entry."""
    files = kept(home)
    if not 1 <= number <= len(files):
        raise MeshError(f"there are {len(files)} mails", "make mail lists the newest.")
    message = read(files[number - 1])
    for name, value in message.items():
        console.print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
    for kind in ("plain", "calendar"):
        console.print(f"\n{text_of(message, kind)}", markup=False, highlight=False, soft_wrap=True)
    console.print(str(files[number - 1]), markup=False)
