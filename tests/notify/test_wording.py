"""What people read, in words that suit their side."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from matinee.notify.v1.notify_pb2 import Change
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub

from tests.notify.conftest import EVENING, Recipient, event, inbox
from tests.people import Person

FILM = "\nFilm: Metropolis"


async def told(notify_inside: NotifyServiceStub, guest: Person, host: Person, **facts: Any) -> list[str]:
    """What a guest and a host read of an event."""
    both = [Recipient(user_id=host.id, host=True), Recipient(user_id=guest.id)]
    await notify_inside.Publish(event(recipients=both, **facts))
    return [(await inbox(person))[0]["text"] for person in (guest, host)]


@pytest.mark.parametrize(
    ("kind", "cause", "for_guest", "for_host"),
    [
        ("announcement_published", "", f"Anna announced {{}}{FILM}", f"Your evening is published: {{}}{FILM}"),
        ("announcement_cancelled", "", "Anna called off {}", "You called off your evening: {}"),
        ("booking_created", "", "You applied for {}", "Boris applied for {}"),
        ("booking_created", "applied", "You applied for {}", "Boris applied for {}"),
        ("booking_created", "accepted", "You have a place at {}", "Boris booked a place at {}"),
        ("booking_created", "waitlisted", "You are on the waiting list of {}", "Boris joined the waiting list of {}"),
        ("booking_status", "accepted", "Anna accepted you: {}", "You accepted Boris: {}"),
        ("booking_status", "declined", "Anna declined your application: {}", "You declined Boris: {}"),
        ("booking_status", "revoked", "Anna took your place back: {}", "You took the place of Boris back: {}"),
        ("booking_status", "withdrawn", "You withdrew your booking: {}", "The booking of Boris was withdrawn: {}"),
        ("booking_status", "returned", "You applied again: {}", "Boris applied again: {}"),
        ("booking_status", "promoted",
            "A place is free, and Anna decides about you: {}", "Boris waited and now applies for a place: {}"),
        ("booking_status", "expired",
            "The evening began before you were accepted: {}", "The evening began before Boris was accepted: {}"),
        ("booking_status", "moved",
            "Anna moved the evening to a time when you are elsewhere: {}", "Boris is elsewhere at the new time: {}"),
        ("reminder_24h", "", "Your evening begins within a day: {}", "Your guests come within a day: {}"),
        ("reminder_1h", "", "Your evening begins within an hour: {}", "Your guests come within an hour: {}"),
        ("evening_over", "",
            "The evening is over; tell others how it was: {}",
            "Your evening is over; say who came, and how it was: {}"),
    ],
)  # fmt: skip
async def test_each_side_is_told_in_its_own_words(
    notify_inside: NotifyServiceStub,
    host: Person,
    guest: Person,
    kind: str,
    cause: str,
    for_guest: str,
    for_host: str,
) -> None:
    texts = await told(notify_inside, guest, host, kind=kind, cause=cause)
    assert texts == [for_guest.format(EVENING), for_host.format(EVENING)]


@pytest.mark.parametrize(
    ("cause", "for_guest", "for_host"),
    [
        ("promoted", "A place is free, and you have it: {}", "Boris waited and now has a place: {}"),
        ("returned", "You have a place again: {}", "Boris booked a place again: {}"),
    ],
)
async def test_who_has_his_place_by_now_is_told_so(
    notify_inside: NotifyServiceStub, host: Person, guest: Person, cause: str, for_guest: str, for_host: str
) -> None:
    texts = await told(notify_inside, guest, host, cause=cause, accepted=True)
    assert texts == [for_guest.format(EVENING), for_host.format(EVENING)]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(hours=24, seconds=1), ""),
        (timedelta(hours=24), "\nIt begins within a day"),
        (timedelta(hours=1), "\nIt begins within an hour"),
        (timedelta(0), ""),
    ],
)
async def test_who_gets_his_place_late_is_told_how_near_the_evening_is(
    notify_inside: NotifyServiceStub, host: Person, guest: Person, before: timedelta, said: str
) -> None:
    occurred = event().event_time.ToDatetime(UTC) - before
    texts = await told(notify_inside, guest, host, cause="accepted", occurred=occurred)
    assert texts == [f"Anna accepted you: {EVENING}{said}", f"You accepted Boris: {EVENING}"]


@pytest.mark.parametrize(
    ("kind", "cause", "for_guest", "for_host"),
    [
        ("announcement_cancelled", "", "A moderator called off {}", "A moderator called off your evening: {}"),
        ("booking_status", "accepted", "A moderator accepted you: {}", "A moderator accepted Boris: {}"),
        ("booking_status", "declined",
            "A moderator declined your application: {}", "A moderator declined Boris: {}"),
        ("booking_status", "revoked",
            "A moderator took your place back: {}", "A moderator took the place of Boris back: {}"),
        ("booking_status", "withdrawn",
            "A moderator withdrew your booking: {}", "The booking of Boris was withdrawn by a moderator: {}"),
        ("booking_status", "moved",
            "A moderator moved the evening to a time when you are elsewhere: {}",
            "Boris is elsewhere at the new time: {}"),
    ],
)  # fmt: skip
async def test_what_a_moderator_did_is_nobody_elses_doing(
    notify_inside: NotifyServiceStub,
    host: Person,
    guest: Person,
    kind: str,
    cause: str,
    for_guest: str,
    for_host: str,
) -> None:
    texts = await told(notify_inside, guest, host, kind=kind, cause=cause, by_moderator=True)
    assert texts == [for_guest.format(EVENING), for_host.format(EVENING)]


async def test_changes_by_a_moderator_are_not_the_hosts(
    notify_inside: NotifyServiceStub, host: Person, guest: Person
) -> None:
    facts = {"changes": [Change(field="city", before="", after="Berlin")], "by_moderator": True}
    texts = await told(notify_inside, guest, host, kind="announcement_changed", **facts)
    change = "\n- city: nothing → Berlin"
    assert texts == [
        f"A moderator changed {EVENING}{change}",
        f"A moderator changed your evening: {EVENING}{change}",
    ]


@pytest.mark.parametrize(
    ("kind", "cause"), [("announcement_cancelled", ""), ("booking_status", "declined"), ("booking_status", "revoked")]
)
async def test_a_refusal_is_told_with_its_reason(
    notify_inside: NotifyServiceStub, host: Person, guest: Person, kind: str, cause: str
) -> None:
    reason = "The projector is broken; sorry. " + "🎬" * 468
    for text in await told(notify_inside, guest, host, kind=kind, cause=cause, reason=reason):
        assert text.endswith(f"{EVENING}\nReason: {reason}")


async def test_a_reason_is_one_line_whatever_is_in_it(
    notify_inside: NotifyServiceStub, host: Person, guest: Person
) -> None:
    reason = "  {guest} %s <b>no</b>\r\n\u2028- \u202eplace: \x9bmine\n"
    texts = await told(notify_inside, guest, host, cause="declined", reason=reason)
    assert texts[0] == f"Anna declined your application: {EVENING}\nReason: {{guest}} %s <b>no</b> - place: mine"


async def test_what_needs_no_reason_shows_none(notify_inside: NotifyServiceStub, host: Person, guest: Person) -> None:
    texts = await told(notify_inside, guest, host, cause="accepted", reason="Because.")
    assert texts == [f"Anna accepted you: {EVENING}", f"You accepted Boris: {EVENING}"]


async def test_changes_are_listed_with_before_and_after(notify_inside: NotifyServiceStub, guest: Person) -> None:
    changes = [
        Change(field="event_time", before="2026-11-27T18:00:00+00:00", after="2026-11-28T19:30:00Z"),
        Change(field="event_location", before="Kino 1", after="Kino <2>"),
        Change(field="description", before="", after="Two\nlines"),
        Change(field="sub_only", before="False", after="True"),
    ]
    await notify_inside.Publish(event(to=guest.id, kind="announcement_changed", changes=changes))
    [notice] = await inbox(guest)
    assert notice["text"] == (
        f"Anna changed {EVENING}\n"
        "- time: Fri 27 Nov 2026 19:00 (Europe/Berlin) → Sat 28 Nov 2026 20:30 (Europe/Berlin)\n"
        "- place: Kino 1 → Kino <2>\n"
        "- description: nothing → Two lines\n"
        "- for followers only: no → yes"
    )


@pytest.mark.parametrize(
    ("cause", "for_guest", "for_host"),
    [
        ("accepted", "The host accepted you: {}", "You accepted a guest: {}"),
        ("returned", "You applied again: {}", "A guest applied again: {}"),
    ],
)
async def test_a_name_that_nobody_could_tell_is_written_around(
    notify_inside: NotifyServiceStub, host: Person, guest: Person, cause: str, for_guest: str, for_host: str
) -> None:
    texts = await told(notify_inside, guest, host, cause=cause, author_name="", guest_name="", movie_title="")
    assert texts == [for_guest.format(EVENING), for_host.format(EVENING)]


async def test_a_title_comes_back_as_it_went_in_but_on_one_line(
    notify_inside: NotifyServiceStub, guest: Person
) -> None:
    await notify_inside.Publish(event(to=guest.id, title="<i>Ночь</i> {host} %s\r\n& more", author_name="{title}"))
    [notice] = await inbox(guest)
    assert notice["title"] == "Accepted: <i>Ночь</i> {host} %s & more"
    assert notice["text"].startswith("{title} accepted you: '<i>Ночь</i> {host} %s & more', ")
