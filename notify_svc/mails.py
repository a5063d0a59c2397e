"""Mails: a notice as text and as HTML, in its reader's language, with the evening for the calendar."""

import re
from collections.abc import Callable, Iterator, Mapping
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from matinee.auth.v1 import auth_pb2

from mesh.database import Row
from notify_svc import calendar, kinds
from notify_svc.facts import Facts, change_lines, flat, restored, zone_of
from notify_svc.languages import Language, language_of, moment
from notify_svc.rendering import render
from notify_svc.unsubscribing import Unsubscribing

LONGEST_SUBJECT = 150
PLAIN_NAME = re.compile(r"[A-Za-z0-9' -]{1,60}")
BUTTONS = {"registered": "confirm_address", "password_forgotten": "choose_password"}
"""What a link about an account is for, by the cause."""


class Verbatim(UnstructuredHeader, BaseHeader):
    """A header without a place to break it: folded, a long link would become an encoded word, which is no link."""

    def fold(self, *, policy: Policy) -> str:
        """One line."""
        return f"{self.name}: {self}{policy.linesep}"


class Text(UnstructuredHeader, BaseHeader):
    """A header of people's words, which may look like an encoded word; decoded, that could hold other headers."""

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Takes the words for what they are."""
        kwds.update(decoded=value, parse_tree=None)

    def fold(self, *, policy: Policy) -> str:
        """Lines of encoded words, unless they are plain."""
        plain = self.isascii() and "=?" not in self
        coded = Header(str(self), "us-ascii" if plain else "utf-8", header_name=self.name)
        return f"{self.name}: {coded.encode(linesep=policy.linesep)}{policy.linesep}"


class Mailbox(UnstructuredHeader, BaseHeader):
    """A name and `<address>`. Left to Python, a name of long words would end the headers, and some stop the writing."""

    parse = Text.parse

    def fold(self, *, policy: Policy) -> str:
        """The name on lines of its own, in encoded words unless it is plain."""
        name, _, address = str(self).rpartition(" ")
        coded = Header(name, "us-ascii" if PLAIN_NAME.fullmatch(name) else "utf-8", header_name=self.name)
        return f"{self.name}: {coded.encode(linesep=policy.linesep)}{policy.linesep} {address}{policy.linesep}"


HEADERS = HeaderRegistry()
HEADERS.map_to_type("Subject", Text)
HEADERS.map_to_type("To", Mailbox)
for unbroken in ("List-Unsubscribe", "Message-ID"):
    HEADERS.map_to_type(unbroken, Verbatim)
POLICY = SMTP.clone(header_factory=HEADERS)


class Mails:
    """Writes mails."""

    def __init__(self, address_of: Callable[[str], str], unsubscribing: Unsubscribing, sender: str) -> None:
        self.address_of = address_of
        """The short link of a code."""
        self.unsubscribing = unsubscribing
        self.sender = sender

    def compose(
        self, notice: Row, person: auth_pb2.User, revision: int, standing: Row | None = None, earlier: int = 0
    ) -> EmailMessage:
        """The mail of a notice.

        `standing` is what told the guest before where he stands with the evening, `earlier` how many notices of it he
        had before.
        """
        facts, language = restored(notice.facts), language_of(person.language)
        wording = kinds.sides(notice.kind, facts, language, brief=True).of(is_host=notice.is_host)
        link = self.address_of(notice.link_code)
        unsubscribe = self.unsubscribing.link(notice.recipient_id, notice.kind)
        message = self.begin(notice, revision, wording.title, person)
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        shown = {
            "language": language.code,
            "labels": language.labels,
            "title": wording.title,
            "text": wording.text,
            "details": list(details(notice.kind, facts, language, is_host=notice.is_host)),
            "changes": change_lines(facts, language),
            "reason": flat(facts["reason"]) if "{reason}" in reasons(notice, facts, language) else "",
            "link": link,
            "button": language.labels[button(notice)],
            "why": language.labels["why"],
            "unsubscribe": unsubscribe,
            "off": notice.kind == "announcement_cancelled",
        }
        fill(message, shown)
        if not notice.is_host:
            # An evening has one version while people come and go: what was told later counts more.
            facts["sequence"] += earlier
            self.add_calendar(message, notice, facts, person, standing)
        return message

    def compose_account(self, notice: Row, address: str, secret: str | None) -> EmailMessage:
        """The mail of a notice about an account. Nobody unsubscribes from these."""
        facts = notice.facts
        language = language_of(facts["language"])
        wording = kinds.about_account(notice.kind, facts["cause"], facts["detail"], language)
        message = self.begin(notice, 0, wording.title, auth_pb2.User(name=facts["name"], email=address))
        shown = {
            "language": language.code,
            "labels": language.labels,
            "title": wording.title,
            "text": wording.text,
            "details": [],
            "changes": [],
            "reason": "",
            "link": secret or "",
            "button": language.labels[BUTTONS[facts["cause"]]] if secret else "",
            "why": language.labels["why_account"],
            "unsubscribe": "",
            "off": False,
        }
        fill(message, shown)
        return message

    def begin(self, notice: Row, revision: int, subject: str, person: auth_pb2.User) -> EmailMessage:
        """A mail without anything in it."""
        message = EmailMessage(policy=POLICY)
        self.head(message, subject, person)
        message["Message-ID"] = f"<{notice.id}.{revision}@{self.host}>"
        message["Date"] = notice.occur_time
        message["Auto-Submitted"] = "auto-generated"
        return message

    @property
    def host(self) -> str:
        """The host of our address, and so of our mails' ids."""
        return parseaddr(self.sender)[1].rpartition("@")[2]

    def head(self, message: EmailMessage, subject: str, person: auth_pb2.User) -> None:
        """From whom, to whom, about what."""
        name, address = parseaddr(self.sender)
        message["From"] = Address(display_name=name, addr_spec=address)
        message["To"] = f"{flat(f'{person.name} {person.last_name}')} <{person.email}>"
        message["Subject"] = subject if len(subject) <= LONGEST_SUBJECT else f"{subject[: LONGEST_SUBJECT - 1]}…"

    def add_calendar(
        self, message: EmailMessage, notice: Row, facts: Facts, person: auth_pb2.User, standing: Row | None
    ) -> None:
        """The evening for the guest's calendar, where it belongs there or has to leave it."""
        before = restored(standing.facts) if standing is not None and standing.facts else None
        had_place = standing is not None and before is not None and bool(calendar.has_place(standing.kind, before))
        method = calendar.method(notice.kind, facts, had_place=had_place)
        if method is None:
            return
        entry = calendar.entry(
            facts,
            method,
            sender=self.sender,
            address=person.email,
            stamp=notice.occur_time,
            link=self.address_of(notice.link_code),
        )
        message.add_alternative(
            entry, subtype="calendar", params={"method": method, "name": "evening.ics"}, cte="base64"
        )


def fill(message: EmailMessage, shown: Mapping[str, Any]) -> None:
    """Writes the text, and the same as HTML."""
    message.set_content(render("mail.txt", shown), cte="quoted-printable")
    message.add_alternative(render("mail.html", shown), subtype="html", cte="quoted-printable")
    # Only now: what came before went with the first part when the others were added.
    message["Content-Language"] = shown["language"]


def reasons(notice: Row, facts: Facts, language: Language) -> str:
    """The unfilled template of a notice, which shows whether it has room for a reason."""
    sides = kinds.wordings(notice.kind, facts["cause"], language, accepted=facts["accepted"])
    assert sides is not None
    return sides.of(is_host=notice.is_host).text


def details(kind: str, facts: Facts, language: Language, *, is_host: bool) -> Iterator[tuple[str, str]]:
    """The evening, line by line."""
    labels = language.labels
    if film := flat(facts["movie_title"]):
        yield labels["film"], film
    yield labels["time"], moment(facts["event_time"], zone_of(facts) or ZoneInfo("UTC"), language)
    if place := flat(facts["event_location"]):
        yield labels["place"], place
    if is_host:
        if guest := flat(facts["guest_name"]):
            yield labels["guest"], guest
    elif host := flat(facts["author_name"]):
        yield labels["host"], host


def button(notice: Row) -> str:
    """Which label the mail's button has: what the notice's link leads to."""
    if notice.kind == "rating_visible":
        return "open_ratings"
    return "open_booking" if notice.booking_id else "open_announcement"
