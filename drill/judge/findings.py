"""What the judge looked at, and what he found."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Check:
    """One question: how often it was asked, and where the answer was not what it should be."""

    title: str
    looked_at: int = 0
    differences: list[str] = field(default_factory=list)


TITLES = {
    "answered": "writes answered in the end",
    "expected": "answers that the contract knows",
    "present": "acknowledged writes that are there",
    "once": "keys with one effect",
    "asked": "effects that somebody asked for",
    "sold": "places sold within capacity",
    "sums": "places that add up at every reading",
    "elsewhere": "nobody in two places at once",
    "granted": "what was granted could be",
    "refused": "what was refused had a reason",
    "order": "steps in an order that can be",
    "fresh": "readings no older than the last answer",
    "fields": "evenings as they were last written",
    "status": "status as places and will have it",
    "private": "private evenings and drafts kept from others",
    "waiting": "waiting lists served, in order",
    "final": "bookings in the end as they were left",
    "audit": "audit of places",
    "owed": "notices owed",
    "unowed": "notices that somebody was owed",
    "together": "edits near each other in one notice",
    "words": "notices in the right words",
    "mailed": "mails owed",
    "unmailed": "mails that somebody was owed",
    "again": "mails that came again after a death only",
    "held": "mails of edits held for two minutes",
    "letters": "mails addressed, with a way to end them",
}


class Findings:
    """All checks by name."""

    def __init__(self) -> None:
        self.checks = {name: Check(title) for name, title in TITLES.items()}

    def check(self, name: str, good: bool, difference: object = "") -> bool:
        """Counts a look; notes a difference if it is not good."""
        check = self.checks[name]
        check.looked_at += 1
        if not good:
            check.differences.append(str(difference() if callable(difference) else difference))
        return good

    @property
    def differences(self) -> int:
        """All of them."""
        return sum(len(check.differences) for check in self.checks.values())

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks.values())
