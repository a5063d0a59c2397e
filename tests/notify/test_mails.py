"""Mails say what notices say, to whoever reads them, whatever is in them."""

import uuid
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import httpx
import pytest
from matinee.notify.v1.notify_pb2 import BatchPublishRequest, Change
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from local.mail import kept, text_of
from local.mesh import Mesh
from notify_svc.kinds import KINDS
from tests.mails import calendar_of, mails, sent
from tests.notify.conftest import Recipient, event, inbox
from tests.people import Person, register

PLACE: dict[str, Any] = {
    "end_time": datetime(2036, 11, 27, 20, 30, tzinfo=UTC),
    "event_location": "Kino 1, Berlin",
    "sequence": 3,
}


async def test_a_mail_tells_in_text_and_in_html(mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person) -> None:
    await notify_inside.Publish(event(to=guest.id, **PLACE))
    [mail] = await sent(mesh, guest)
    [notice] = await inbox(guest)
    assert mail["subject"] == "Accepted: Night of cinema"
    assert mail["to"] == f"Robin <{guest.email}>"
    assert mail["message-id"] == f"<{notice['id']}.0@localhost>"
    parts = [part.get_content_type() for part in mail.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html", "text/calendar"]
    for text in (text_of(mail), text_of(mail, "html")):
        for words in ("Anna accepted you", "Metropolis", "Thu 27 Nov 2036 19:00 (Europe/Berlin)", "Kino 1, Berlin"):
            assert words in text
        assert notice["link"] in text


async def test_links_in_headers_go_over_the_wire_as_they_are(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    await notify_inside.Publish(event(to=guest.id))
    [mail] = await sent(mesh, guest)
    raw = [path.read_bytes() for path in kept(mesh.home) if guest.email.encode() in path.read_bytes()]
    assert any(f"\r\nList-Unsubscribe: {mail['list-unsubscribe']}\r\n".encode() in each for each in raw)
    assert mail["list-unsubscribe"].startswith("<http")


async def test_a_russian_reads_russian(mesh: Mesh, notify_inside: NotifyServiceStub, http: httpx.AsyncClient) -> None:
    reader = await register(http, language="ru")
    await notify_inside.Publish(event(to=reader.id))
    [mail] = await sent(mesh, reader)
    assert (mail["subject"], mail["content-language"]) == ("Вас ждут: Night of cinema", "ru")
    text = text_of(mail)
    assert "Ваша заявка принята: «Night of cinema»" in text
    assert "Когда: чт, 27 ноября 2036, 19:00 (Europe/Berlin)" in text
    [notice] = await inbox(reader)
    assert notice["title"] == mail["subject"]
    assert notice["text"] == "Ваша заявка принята: «Night of cinema», чт, 27 ноября 2036, 19:00 (Europe/Berlin)"


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_every_kind_is_mailed_to_either_side(
    mesh: Mesh, notify_inside: NotifyServiceStub, http: httpx.AsyncClient, language: str
) -> None:
    reader = await register(http, language=language)
    facts: dict[str, Any] = {
        "cause": "withdrawn",
        "changes": [Change(field="city", before="", after="Bonn")],
        # So long ago that no other change is waited for, of an evening that is still to come.
        "occurred": datetime.now(UTC) - timedelta(minutes=3),
        "event_time": datetime(2099, 11, 27, 18, tzinfo=UTC),
    }
    for kind in KINDS:
        for is_host in (False, True):
            about = str(uuid.uuid4())
            await notify_inside.Publish(event(to=reader.id, host=is_host, kind=kind, booking_id=about, **facts))
    found = await sent(mesh, reader, 2 * len(KINDS))
    assert len({mail["message-id"] for mail in found}) == len(found)
    assert all("Night of cinema" in mail["subject"] for mail in found)


HOSTILE = '<script>alert("x")</script>\r\nBcc: evil@example.com\n\n{{ 7*7 }} "quoted" & \u202e; , \\n кино ' + "x" * 80


async def test_what_people_write_stays_text(mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person) -> None:
    hostile: dict[str, Any] = {"title": HOSTILE, "author_name": HOSTILE, "guest_name": HOSTILE, "movie_title": HOSTILE}
    await notify_inside.Publish(event(to=guest.id, **hostile, **{**PLACE, "event_location": HOSTILE}))
    [mail] = await sent(mesh, guest)
    assert mail["bcc"] is None
    assert "\n" not in mail["subject"]
    assert mail["subject"].startswith('Accepted: <script>alert("x")</script> Bcc: evil@example.com {{ 7*7 }}')
    html = text_of(mail, "html")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    found = calendar_of(mail)
    assert found is not None
    assert found[1].summary.value.startswith(
        '<script>alert("x")</script> Bcc: evil@example.com {{ 7*7 }} "quoted" & ; , \\n'
    )
    assert "BCC" not in [line.name for line in found[1].getChildren()]


ENCODED = "=?utf-8?q?a=0D=0ABcc:_evil@x.com=0D=0A=0D=0A<html>body?="


async def test_an_encoded_word_stays_the_text_that_it_is(
    mesh: Mesh, notify_inside: NotifyServiceStub, http: httpx.AsyncClient
) -> None:
    reader = await register(http, name=ENCODED)
    await notify_inside.Publish(event(to=reader.id, title=f"{ENCODED} кино {ENCODED}"))
    [mail] = await sent(mesh, reader)
    assert mail["subject"] == f"Accepted: {ENCODED} кино {ENCODED}"
    [address] = mail["to"].addresses
    # Where a long name is folded, the library that reads it puts a space.
    assert (address.addr_spec, address.display_name.replace(" ", "")) == (reader.email, ENCODED)
    assert (mail["bcc"], mail.defects) == (None, [])
    assert text_of(mail)


@pytest.mark.parametrize("word", ["a" * 100, '"' * 100, "a@b,c;" * 16, "é" * 100])
async def test_a_name_of_long_words_ends_no_header(
    mesh: Mesh, notify_inside: NotifyServiceStub, http: httpx.AsyncClient, word: str
) -> None:
    reader = await register(http, name=word, last_name=word)
    await notify_inside.Publish(event(to=reader.id))
    [mail] = await sent(mesh, reader)
    assert parseaddr(mail["to"])[1] == reader.email
    assert (mail["content-language"], mail.defects) == ("en", [])


async def test_a_change_is_not_mailed_to_who_is_out_by_then(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    about: dict[str, Any] = {"announcement_id": str(uuid.uuid4()), "booking_id": str(uuid.uuid4())}
    ago = [datetime.now(UTC) - timedelta(minutes=minutes) for minutes in (5, 4, 3)]
    changes = [Change(field="event_location", before="Here", after="There, in secret")]
    story = [
        event(to=guest.id, **about, occurred=ago[0]),
        event(
            to=guest.id, kind="announcement_changed", changes=changes, occurred=ago[1], **{**about, "booking_id": ""}
        ),
        event(to=guest.id, **about, cause="revoked", occurred=ago[2]),
    ]
    await notify_inside.BatchPublish(BatchPublishRequest(requests=story))
    assert [notice["kind"] for notice in await inbox(guest)].count("announcement_changed") == 1
    await notify_inside.Publish(event(to=guest.id, title="last"))
    subjects = {mail["subject"] for mail in await sent(mesh, guest, 3)}
    assert subjects == {"Accepted: Night of cinema", "Place taken back: Night of cinema", "Accepted: last"}


async def test_nothing_is_loaded_from_elsewhere(mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person) -> None:
    await notify_inside.Publish(event(to=guest.id))
    [mail] = await sent(mesh, guest)
    html = text_of(mail, "html")
    assert not [word for word in ("src=", "url(", "@import", "<link", "<script") if word in html]


async def test_who_wants_no_mail_gets_none(mesh: Mesh, notify_inside: NotifyServiceStub, host: Person) -> None:
    both = [Recipient(user_id=host.id, host=True), Recipient(user_id=str(uuid.uuid4()))]
    await notify_inside.Publish(event(recipients=both))
    await notify_inside.Publish(event(recipients=both, cause="withdrawn"))
    # He accepted the guest himself; that somebody withdrew he did not know.
    [mail] = await sent(mesh, host)
    assert mail["subject"] == "Withdrawn: Night of cinema"


async def test_an_accepted_guest_gets_the_evening_for_his_calendar(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    told = event(to=guest.id, **PLACE)
    await notify_inside.Publish(told)
    [mail] = await sent(mesh, guest)
    found = calendar_of(mail)
    assert found is not None
    method, entry = found
    assert (method, entry.status.value, entry.sequence.value) == ("REQUEST", "CONFIRMED", "3")
    assert entry.uid.value == f"{told.announcement_id}@localhost"
    assert entry.dtstart.value == datetime(2036, 11, 27, 18, tzinfo=UTC)
    assert entry.dtend.value == datetime(2036, 11, 27, 20, 30, tzinfo=UTC)
    assert (entry.summary.value, entry.location.value) == ("Night of cinema", "Kino 1, Berlin")
    assert entry.attendee.value == f"mailto:{guest.email}"
    content_type = next(part["content-type"] for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert content_type.params["method"] == "REQUEST"


async def methods(
    mesh: Mesh, notify_inside: NotifyServiceStub, person: Person, *steps: dict[str, Any]
) -> list[str | None]:
    """What each of these notices of one booking tells the calendar."""
    about: dict[str, Any] = {"announcement_id": str(uuid.uuid4()), "booking_id": str(uuid.uuid4())}
    found: list[EmailMessage] = []
    for count, step in enumerate(steps, start=1):
        await notify_inside.Publish(event(to=person.id, **about, **step))
        found = await sent(mesh, person, count)
    calendars = [calendar_of(mail) for mail in found]
    assert len({calendar[1].uid.value for calendar in calendars if calendar}) <= 1
    sequences = [int(calendar[1].sequence.value) for calendar in calendars if calendar]
    assert sequences == sorted(set(sequences))
    return [calendar and calendar[0] for calendar in calendars]


async def test_what_ends_a_booking_takes_the_evening_out_of_the_calendar(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    steps: list[dict[str, Any]] = [
        {"cause": "accepted"},
        {"cause": "withdrawn"},
        {"cause": "returned", "accepted": True},
        {"cause": "revoked"},
        {"cause": "accepted"},
        {"kind": "announcement_cancelled", "cause": ""},
    ]
    told = await methods(mesh, notify_inside, guest, *steps)
    assert told == ["REQUEST", "CANCEL", "REQUEST", "CANCEL", "REQUEST", "CANCEL"]


async def test_who_never_had_a_place_hears_nothing_for_his_calendar(
    mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person
) -> None:
    steps = ({"cause": "returned"}, {"cause": "declined"}, {"kind": "announcement_cancelled", "cause": ""})
    assert await methods(mesh, notify_inside, guest, *steps) == [None, None, None]


async def test_an_inbox_alone_is_no_mail(mesh: Mesh, notify_inside: NotifyServiceStub, guest: Person) -> None:
    await notify_inside.Publish(
        event(to=guest.id, kind="announcement_changed", changes=[Change(field="city", after="B")])
    )
    await notify_inside.Publish(event(to=guest.id))
    await sent(mesh, guest)
    assert len(await inbox(guest)) == 2
    # The change waits for others that may follow.
    assert [mail["subject"] for mail in mails(mesh, guest)] == ["Accepted: Night of cinema"]
