"""Writes a mail of each kind in every language as HTML, and as PNG where a browser is: `python -m local.previews`.

Needs nothing running.
"""

import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from matinee.auth.v1 import auth_pb2
from rich.progress import track

from local.home import ROOT
from local.mail import text_of
from local.settings import load_home
from notify_svc.facts import Facts, stored
from notify_svc.kinds import ABOUT_ACCOUNTS, KINDS, speech
from notify_svc.languages import LANGUAGES, Language
from notify_svc.mails import BUTTONS, Mails
from notify_svc.unsubscribing import Unsubscribing

URL = "http://localhost:8080"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = "640,900"
SOME_ID = UUID("0b6d0c52-5f0e-4a1b-9d84-000000000001")
EVENING: Facts = {
    "announcement_id": SOME_ID,
    "booking_id": SOME_ID,
    "title": "Cinema in the yard",
    "movie_title": "Cinema Paradiso",
    "author_name": "Emilia Hartmann",
    "guest_name": "Tomás Ferreira",
    "event_time": datetime(2031, 5, 1, 18, tzinfo=UTC),
    "end_time": datetime(2031, 5, 1, 20, 4, tzinfo=UTC),
    "time_zone": "Europe/Berlin",
    "event_location": "Kreuzbergstraße 1, Berlin",
    "cause": "",
    "changes": [
        ("event_time", "2031-05-01T17:00:00+00:00", "2031-05-01T18:00:00+00:00"),
        ("event_location", "Yorckstraße 4, Berlin", "Kreuzbergstraße 1, Berlin"),
    ],
    "accepted": False,
    "reason": "",
    "by_moderator": False,
    "sequence": 2,
    "soon": "",
}
REASONS = ("declined", "revoked")


def occasions(language: Language) -> Iterator[tuple[str, Facts]]:
    """Every kind with each of its causes."""
    for kind in KINDS:
        says, accepted = speech(kind, language)
        for causes, is_accepted in ((says, False), (accepted, True)):
            for cause in causes:
                has_reason = cause in REASONS or kind == "announcement_cancelled"
                changes = EVENING["changes"] if kind == "announcement_changed" and cause != "undone" else ()
                reason = "The projector is broken; sorry." if has_reason else ""
                facts: Any = {**EVENING, "cause": cause, "accepted": is_accepted, "reason": reason, "changes": changes}
                yield kind, facts


def write(folder: Path) -> list[Path]:
    """Writes the HTML files and returns them."""
    mails = Mails(
        lambda code: f"{URL}/s/{code}", Unsubscribing(secrets.token_hex(), URL), "Matinee <matinee@localhost>"
    )
    evenings = [
        write_mail(folder, mails, language, kind, facts, is_host=is_host)
        for language in LANGUAGES.values()
        for kind, facts in occasions(language)
        for is_host in (False, True)
    ]
    accounts = [
        write_account_mail(folder, mails, language, kind, cause)
        for language in LANGUAGES.values()
        for kind, definition in ABOUT_ACCOUNTS.items()
        for cause in definition.says
    ]
    return evenings + accounts


def write_mail(folder: Path, mails: Mails, language: Language, kind: str, facts: Facts, *, is_host: bool) -> Path:
    """Writes a mail's HTML."""
    parts = (kind, facts["cause"], "accepted" if facts["accepted"] else "", "host" if is_host else "guest")
    path = folder / ("-".join(part for part in (*parts, language.code) if part) + ".html")
    notice: Any = SimpleNamespace(
        id=SOME_ID,
        recipient_id=SOME_ID,
        kind=kind,
        is_host=is_host,
        booking_id=SOME_ID if "booking_id" in KINDS[kind].needs else None,
        link_code="Vb3kQ0yTn2Lx",
        occur_time=datetime(2031, 4, 20, 9, tzinfo=UTC),
        facts=stored(facts),
    )
    reader = auth_pb2.User(name="Maya", last_name="Okafor", email="maya@example.com", language=language.code)
    path.write_text(text_of(mails.compose(notice, reader, 0), "html"), encoding="utf-8")
    return path


def write_account_mail(folder: Path, mails: Mails, language: Language, kind: str, cause: str) -> Path:
    """Writes the HTML of a mail about an account."""
    path = folder / f"{kind}-{cause}-{language.code}.html"
    facts = {"name": "Maya Okafor", "language": language.code, "cause": cause, "detail": "permissions: [0, 3]"}
    notice: Any = SimpleNamespace(id=SOME_ID, kind=kind, occur_time=datetime(2031, 4, 20, 9, tzinfo=UTC), facts=facts)
    secret = f"{URL}/auth/v1/verify#{secrets.token_urlsafe(32)}" if cause in BUTTONS else None
    path.write_text(text_of(mails.compose_account(notice, "maya@example.com", secret), "html"), encoding="utf-8")
    return path


def photograph(browser: str, pages: Sequence[Path]) -> None:
    """Writes a PNG beside each HTML file."""
    with tempfile.TemporaryDirectory() as profile:
        for page in track(pages, "pictures"):
            command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
            command += [f"--user-data-dir={profile}", f"--window-size={SIZE}"]
            command += [f"--screenshot={page.with_suffix('.png')}", page.as_uri()]
            subprocess.run(command, check=True, capture_output=True, timeout=60)


def main() -> None:
    """The command line."""
    folder = load_home().path / "mails"
    folder.mkdir(parents=True, exist_ok=True)
    pages = sorted(write(folder))
    rows = "".join(f'<li><a href="{page.name}">{page.stem}</a>' for page in pages)
    (folder / "index.html").write_text(f"<!doctype html><meta charset=utf-8><ul>{rows}</ul>", encoding="utf-8")
    place = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    print(f"{len(pages)} mails in {place}; open {place / 'index.html'}")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"No PNG: none of {', '.join(BROWSERS)} is installed. Install one and run make mails again.")
    else:
        photograph(browser, pages)


if __name__ == "__main__":
    main()
