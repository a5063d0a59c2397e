"""Edits of an evening that follow each other closely: told of together, in one notice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from mesh.database import Row
from notify_svc.facts import Facts, restored, stored

EDIT = "announcement_changed"
"""The kind whose events come together."""
COALESCED = timedelta(minutes=2)
"""Edits so close to the first of them are one notice."""
UNDONE = "undone"
"""The cause of a notice whose edits leave everything as it was."""


class Edit(NamedTuple):
    """A change of an announcement."""

    event_id: UUID
    occurred: datetime
    facts: Facts


@dataclass
class Telling:
    """What a person is told of an evening's edits in one notice."""

    id: UUID | None
    """The notice's, if it is there already."""
    recipient_id: UUID
    is_host: bool
    schedule_version: str
    edits: list[Edit]
    """In the order in which they happened."""
    grown: bool = False

    @classmethod
    def begin(cls, recipient_id: UUID, edit: Edit, schedule_version: str, *, is_host: bool) -> Self:
        """A telling of the first edit."""
        return cls(None, recipient_id, is_host, schedule_version, [edit])

    @classmethod
    def of(cls, notice: Row) -> Self:
        """What a notice tells already."""
        edits = [
            Edit(UUID(event_id), datetime.fromisoformat(edit["occurred"]), restored(edit["facts"]))
            for event_id, edit in notice.edits.items()
        ]
        edits.sort(key=lambda edit: edit.occurred)
        return cls(notice.id, notice.recipient_id, notice.is_host, notice.schedule_version, edits)

    @property
    def announcement_id(self) -> UUID:
        """The evening."""
        return self.edits[0].facts["announcement_id"]

    @property
    def subject_id(self) -> UUID:
        """What the notice is about."""
        return self.edits[0].facts["booking_id"] or self.announcement_id

    def holds(self, edit: Edit) -> bool:
        """Whether it tells of this edit already."""
        return any(each.event_id == edit.event_id for each in self.edits)

    def is_near(self, edit: Edit) -> bool:
        """Whether an edit belongs into it. One that happened before the first may arrive after it."""
        return abs(edit.occurred - self.edits[0].occurred) < COALESCED

    def add(self, edit: Edit) -> None:
        """Tells of one more."""
        self.edits = sorted([*self.edits, edit], key=lambda each: each.occurred)
        self.grown = True

    def facts(self) -> Facts:
        """The evening as the last edit left it, and what became different by all of them."""
        changes = merged([change for edit in self.edits for change in edit.facts["changes"]])
        latest = self.edits[-1].facts
        return {**latest, "changes": changes, "cause": latest["cause"] if changes else UNDONE}

    def plain(self) -> dict[str, Any]:
        """The edits as JSON, by the event."""
        return {
            str(edit.event_id): {"occurred": edit.occurred.isoformat(), "facts": stored(edit.facts)}
            for edit in self.edits
        }


class Tellings:
    """What people are told of edits."""

    def __init__(self, known: Iterable[Telling]) -> None:
        self.by_subject: dict[tuple[UUID, UUID], list[Telling]] = defaultdict(list)
        for telling in known:
            self.by_subject[telling.recipient_id, telling.subject_id].append(telling)

    def take(self, edit: Edit, recipient_id: UUID, schedule_version: str, *, is_host: bool) -> None:
        """Puts an edit into what a person is told; one who knows of it is told nothing new."""
        subject_id = edit.facts["booking_id"] or edit.facts["announcement_id"]
        his = self.by_subject[recipient_id, subject_id]
        if any(each.holds(edit) for each in his):
            return
        near = next((each for each in his if each.is_near(edit)), None)
        if near is None:
            his.append(Telling.begin(recipient_id, edit, schedule_version, is_host=is_host))
        else:
            near.add(edit)

    def new(self) -> Iterator[Telling]:
        """Those that are no notice yet."""
        return (each for his in self.by_subject.values() for each in his if each.id is None)

    def grown(self) -> Iterator[Telling]:
        """Those whose notice tells of more by now."""
        return (each for his in self.by_subject.values() for each in his if each.id is not None and each.grown)


def merged(changes: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """One change per field, from the first before to the last after; none for a field that is back where it was."""
    ends: dict[str, tuple[str, str]] = {}
    for field, before, after in changes:
        ends[field] = (ends[field][0] if field in ends else before, after)
    return [(field, before, after) for field, (before, after) in ends.items() if before != after]
