"""Mails: what those who want them were told in their inboxes was mailed to them, once, and nothing else to anybody.

A mail is recognised by what its reader sees: his address, its subject, where its link leads, and its date. That it
came again is known by its Message-ID, which is allowed only around a death: notify sends at least once. Mails of edits
are in revisions.py.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from matinee.notify.v1 import notify_pb2

from drill.harvest import Harvest
from drill.judge.edits import MARK
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.notices import strangers, what
from drill.judge.overtaken import overtaken
from drill.judge.revisions import judge_revisions
from drill.mails import Mail
from drill.record import Death, Person, Record

OWN_DOING = {"accepted", "declined", "revoked", "moved"}
"""What a host decided is in his inbox, and nobody mails it to him."""
GRANTS = {"accepted", "returned", "promoted"}
CARRIERS = {"notify", "mail", "postgres"}
"""Whose death can make a mail come again."""
DYING = 5.0
"""Seconds, at most, in which the others go on with what a death has made undone already."""
ONE_CLICK = "List-Unsubscribe=One-Click"


class Letter(NamedTuple):
    """What a reader sees of a mail, by which its notice is found."""

    person: str
    title: str
    path: str
    second: int


def judge_mails(
    record: Record, history: History, harvest: Harvest, people: Sequence[Person], findings: Findings
) -> Counter[str]:
    """Every mail; returns how many were owed, how many arrived, and how many of these had arrived before."""
    readers = {person.address: person for person in people}
    names = {person.id: person.name for person in people}
    copies: dict[str, list[Mail]] = defaultdict(list)
    for mail in harvest.mails:
        copies[mail.id].append(mail)
        judge_letter(mail, readers.get(mail.address), harvest, findings)
        judge_words(mail, readers.get(mail.address), history, harvest, names, findings)
    for same in copies.values():
        judge_again(same, record.deaths, findings)
    arrived = [same[0] for same in copies.values() if same[0].address in readers]
    plain = [mail for mail in arrived if not MARK.search(mail.text)]
    owed = judge_owed(plain, readers, history, harvest, findings)
    edits = [mail for mail in arrived if MARK.search(mail.text)]
    owed += judge_revisions(edits, readers, history, harvest, findings)
    return Counter(owed=owed, arrived=len(harvest.mails), again=len(harvest.mails) - len(copies))


def judge_letter(mail: Mail, reader: Person | None, harvest: Harvest, findings: Findings) -> None:
    """It is for somebody who wants mails, says so, and lets him end them."""
    wanted = reader is not None and reader.mailed
    findings.check("unmailed", wanted, f"to somebody who wants no mails: {mail}")
    findings.check("letters", mail.addressee == mail.address, f"says that it is for {mail.addressee}: {mail}")
    good = mail.one_click == ONE_CLICK and harvest.leaving.get(mail.leave) == 200
    findings.check("letters", good, f"cannot be ended by {mail.unsubscribe} ({mail.one_click}): {mail}")


def judge_words(
    mail: Mail, reader: Person | None, history: History, harvest: Harvest, names: dict[str, str], findings: Findings
) -> None:
    """A mail of a booking names its guest or its host, and nobody else."""
    life = history.lives.get(about(mail, harvest).rpartition("/")[2])
    if life is not None and reader is not None:
        found = strangers(mail.text, reader.id, life, names)
        findings.check("words", not found, f"{reader.name} is mailed of {', '.join(found)}: {mail}")


def judge_again(same: Sequence[Mail], deaths: Sequence[Death], findings: Findings) -> None:
    """Whatever has the same id is the same mail, and came again because its carrier died."""
    first = same[0]
    alike = {(mail.address, mail.subject, mail.addressee) for mail in same} == {
        (first.address, first.subject, first.addressee)
    }
    findings.check("again", alike, f"different mails of one id: {', '.join(map(str, same))}")
    for one, other in pairwise(same):
        died = any(one.arrived - DYING <= death.moment <= other.arrived for death in deaths if death.name in CARRIERS)
        findings.check("again", died, f"came again after {other.arrived - one.arrived:.3f} s, and nothing died: {one}")


def judge_owed(
    mails: Sequence[Mail], readers: dict[str, Person], history: History, harvest: Harvest, findings: Findings
) -> int:
    """There are as many mails of different ids as there are notices; returns how many were owed."""
    wanting = [person for person in readers.values() if person.mailed]
    noticed = [each for person in wanting for each in letters(person, history, harvest)]
    owed = Counter(letter for letter, _ in noticed)
    late = {
        letter
        for letter, notice in noticed
        if is_grant(notice, harvest) and overtaken(letter.person, notice, history, harvest)
    }
    arrived = Counter(
        Letter(readers[mail.address].id, mail.subject, about(mail, harvest), mail.second) for mail in mails
    )
    names = {person.id: person.name for person in readers.values()}
    for letter in owed | arrived:
        told_so = f"{letter.title} to {names[letter.person]} about {letter.path} of {letter.second}"
        told_so = f"{told_so}: owed {owed[letter]}, arrived {arrived[letter]}"
        if letter in owed and letter not in late:
            findings.check("mailed", arrived[letter] >= owed[letter], told_so)
        if letter in arrived:
            findings.check("unmailed", arrived[letter] <= owed[letter], told_so)
    return owed.total()


def letters(person: Person, history: History, harvest: Harvest) -> Iterator[tuple[Letter, Any]]:
    """What has to be mailed to somebody who wants mails: his notices, but not those of his own decisions, nor edits."""
    for notice in harvest.notices.get(person.id, ()):
        if notice.kind != notify_pb2.announcement_changed and not is_own_doing(notice, person, history, harvest):
            path = harvest.links.get(notice.link, notice.link)
            yield Letter(person.id, notice.title, path, notice.created.seconds), notice


def is_grant(notice: Any, harvest: Harvest) -> bool:
    """Whether it tells of a place; tried again when the place is gone, such a mail is left out."""
    kind, cause, _ = what(notice, harvest)
    return kind == "booking_status" and cause in GRANTS


def is_own_doing(notice: Any, person: Person, history: History, harvest: Harvest) -> bool:
    """Whether a host reads what he decided himself."""
    kind, cause, path = what(notice, harvest)
    life = history.lives.get(path.rpartition("/")[2])
    is_host = life is not None and life.evening.host == person.id
    return kind == "booking_status" and cause in OWN_DOING and is_host


def about(mail: Mail, harvest: Harvest) -> str:
    """The path that a mail leads to."""
    return next((harvest.links[link] for link in mail.links if link in harvest.links), "")
