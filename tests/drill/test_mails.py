"""The judge of mails: whoever wants them gets each of his notices once, and nobody gets anything else."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from matinee.booking.v1 import booking_pb2 as pb
from matinee.notify.v1 import notify_pb2

from drill.harvest import Harvest
from drill.judge.evenings import PUBLISHED, Evening, Version
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import Life, Step
from drill.judge.mails import judge_mails
from drill.mails import Mail
from drill.record import Death, Op, Person, Record

HOST = Person("host", "Ada", "", address="ada@drill", mailed=True)
GUEST = Person("guest", "Bea", "", address="bea@drill", mailed=True)
SILENT = Person("silent", "Cleo", "", address="cleo@drill")
BOOKING, EVENING, LEAVE = "http://mesh/s/booking", "http://mesh/s/evening", "http://mesh/leave"
LINKS = {BOOKING: "/app/v1/booking/booking", EVENING: "/app/v1/announcement/evening"}
Change = Callable[[Mail], list[Mail]]


def mark(number: int) -> str:
    """What an edit leaves."""
    return f"mark {number:016x}"


def history() -> History:
    """An evening that was edited twice, and a guest who has a place there."""
    create = Op(0, HOST, "CreateAnnouncement", pb.CreateAnnouncementRequest(description=mark(1)))
    versions = [Version(1, 0, 1, create, {"will": PUBLISHED})]
    for number in (2, 3):
        edit = Op(number, HOST, "UpdateAnnouncement", pb.UpdateAnnouncementRequest(description=mark(number)))
        versions.append(Version(number, 10 * number, 10 * number + 1, edit, {"will": PUBLISHED}))
    evening = Evening("evening", create, versions)
    steps = [Step("applied", pb.PENDING, "guest", 2.0, 2.0, 3.0), Step("accepted", pb.ACCEPTED, "host", 4.0, 4.0, 5.0)]
    life = Life("booking", "guest", evening, 1, None, steps)
    return History({"evening": evening}, {"booking": life})


def notice(kind: str, title: str, link: str, second: int, text: str = "") -> notify_pb2.Notice:
    """What lies in an inbox."""
    return notify_pb2.Notice(
        kind=notify_pb2.Kind.Value(kind), title=title, text=text, link=link, created=Timestamp(seconds=second)
    )


def harvest() -> Harvest:
    """What everybody was told: of edits, the guest that there were two."""
    accepted = notice("booking_status", "Accepted: Film", BOOKING, 4)
    edited = notice("announcement_changed", "Changed: Film", EVENING, 30, f"description: {mark(1)} → {mark(3)}")
    found = Harvest(links=LINKS, leaving={LEAVE: 200}, clock_moved=100.0)
    found.notices["host"] = [notice("booking_created", "New application: Film", BOOKING, 2), accepted]
    found.notices["guest"] = [accepted, edited]
    found.notices["silent"] = [accepted]
    return found


def mail(identity: str, person: Person, subject: str, second: int, text: str, arrived: float) -> Mail:
    """A mail as it must be."""
    one_click = "List-Unsubscribe=One-Click"
    return Mail(identity, person.address, person.address, subject, second, text, f"<{LEAVE}>", one_click, arrived)


APPLIED = mail("applied", HOST, "New application: Film", 2, f"Bea applied: {BOOKING}", 3.0)
ACCEPTED = mail("accepted", GUEST, "Accepted: Film", 4, f"Ada accepted you: {BOOKING}", 5.0)
EDITED = mail("edited", GUEST, "Changed: Film", 30, f"{mark(1)} → {mark(3)} {EVENING}", 101.0)
GOOD = [APPLIED, ACCEPTED, EDITED]


def wrong(mails: list[Mail], *deaths: Death) -> set[str]:
    """The checks that found a difference."""
    findings, found = Findings(), harvest()
    found.mails = mails
    judge_mails(Record(deaths=list(deaths)), history(), found, [HOST, GUEST, SILENT], findings)
    return {name for name, check in findings.checks.items() if check.differences}


def test_mails_as_they_must_be() -> None:
    findings, found = Findings(), harvest()
    found.mails = GOOD
    sums = judge_mails(Record(), history(), found, [HOST, GUEST, SILENT], findings)
    assert findings.differences == 0
    assert sums == {"owed": 3, "arrived": 3, "again": 0}


@pytest.mark.parametrize("lost", GOOD, ids=lambda lost: lost.id)
def test_a_mail_that_is_lost(lost: Mail) -> None:
    assert wrong([each for each in GOOD if each is not lost]) == {"mailed"}


@pytest.mark.parametrize(("second", "expected"), [(40, set()), (3, {"mailed"})], ids=["after them", "before them"])
@pytest.mark.parametrize("lost", [ACCEPTED, EDITED], ids=lambda lost: lost.id)
def test_a_mail_that_is_left_out_because_its_reader_was_thrown_out(lost: Mail, second: int, expected: set[str]) -> None:
    findings, found = Findings(), harvest()
    found.notices["guest"].append(notice("booking_status", "Place taken back: Film", BOOKING, second))
    revoked = mail("revoked", GUEST, "Place taken back: Film", second, f"Ada took it back: {BOOKING}", 41.0)
    found.mails = [each for each in (*GOOD, revoked) if each is not lost]
    judge_mails(Record(), history(), found, [HOST, GUEST, SILENT], findings)
    assert {name for name, check in findings.checks.items() if check.differences} == expected


@pytest.mark.parametrize("twice", GOOD, ids=lambda twice: twice.id)
def test_a_mail_under_two_ids(twice: Mail) -> None:
    assert wrong([*GOOD, replace(twice, id="another")]) == {"unmailed"}


@pytest.mark.parametrize(
    ("death", "expected"),
    [
        (Death("notify", 5.001), set()),
        (Death("postgres", 4.9), set()),
        (Death("mail", 6.5), {"again"}),
        (Death("envoy", 5.001), {"again"}),
    ],
    ids=["the sender", "just before", "only afterwards", "a stranger"],
)
def test_a_mail_that_comes_again(death: Death, expected: set[str]) -> None:
    assert wrong([*GOOD, replace(ACCEPTED, arrived=6.0)], death) == expected


def test_other_words_under_the_same_id() -> None:
    again = replace(ACCEPTED, arrived=6.0, subject="Declined: Film")
    assert wrong([*GOOD, again], Death("notify", 5.5)) == {"again"}


@pytest.mark.parametrize(
    ("strange", "expected"),
    [
        (mail("own", HOST, "Accepted: Film", 4, BOOKING, 5.0), {"unmailed"}),
        (mail("unwanted", SILENT, "Accepted: Film", 4, BOOKING, 5.0), {"unmailed"}),
        (mail("nobody", replace(HOST, address="who@drill"), "Accepted: Film", 4, BOOKING, 5.0), {"unmailed"}),
        (mail("elsewhere", GUEST, "Accepted: Film", 4, EVENING, 5.0), {"unmailed"}),
        (mail("invented", GUEST, "Changed: Film", 30, f"{mark(7)} → {mark(8)} {EVENING}", 101.0), {"unmailed"}),
    ],
    ids=lambda value: value.id if isinstance(value, Mail) else "",
)
def test_a_mail_that_nobody_was_owed(strange: Mail, expected: set[str]) -> None:
    assert wrong([*GOOD, strange]) == expected


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (replace(ACCEPTED, addressee=HOST.address), {"letters"}),
        (replace(ACCEPTED, unsubscribe=""), {"letters"}),
        (replace(ACCEPTED, one_click=""), {"letters"}),
        (replace(ACCEPTED, unsubscribe="<http://mesh/nowhere>"), {"letters"}),
        (replace(ACCEPTED, text=f"Cleo accepted you: {BOOKING}"), {"words"}),
        (replace(ACCEPTED, address=SILENT.address, addressee=SILENT.address), {"mailed", "unmailed", "words"}),
        (replace(ACCEPTED, second=9), {"mailed", "unmailed"}),
    ],
    ids=["addressee", "no way out", "no click", "a way to nowhere", "another's name", "to another", "date"],
)
def test_a_mail_that_is_not_as_it_must_be(bad: Mail, expected: set[str]) -> None:
    assert wrong([APPLIED, bad, EDITED]) == expected


@pytest.mark.parametrize(
    ("revisions", "expected"),
    [
        (lambda edited: [replace(edited, arrived=60.0)], {"held"}),
        (lambda edited: [replace(edited, id="first", text=f"{mark(1)} → {mark(2)} {EVENING}"), edited], set()),
        (lambda edited: [replace(edited, text=f"{mark(1)} → {mark(2)} {EVENING}")], {"mailed"}),
    ],
    ids=["at once", "one more", "half of it"],
)
def test_mails_of_edits(revisions: Change, expected: set[str]) -> None:
    assert wrong([APPLIED, ACCEPTED, *revisions(EDITED)]) == expected
