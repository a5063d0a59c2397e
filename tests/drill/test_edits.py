"""The judge of notices of edits: those near each other are one notice, each is told of once."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from matinee.booking.v1 import booking_pb2 as pb
from matinee.notify.v1 import notify_pb2

from drill.harvest import Harvest
from drill.judge.edits import judge_edits, missing_edits
from drill.judge.evenings import PUBLISHED, Evening, Version
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import Life, Step
from drill.record import Op, Person

HOST = Person("host", "host", "")


def mark(number: int) -> str:
    """What an edit leaves."""
    return f"mark {number:016x}"


def history(*times: float) -> History:
    """An evening that is edited at these times, and a guest who hears of it."""
    create = Op(0, HOST, "CreateAnnouncement", pb.CreateAnnouncementRequest(description=mark(1)))
    create.attempts = []
    evening = Evening("evening", create, [Version(1, 0, 1, create, {"will": PUBLISHED})])
    for number, time in enumerate(times, start=2):
        edit = Op(number, HOST, "UpdateAnnouncement", pb.UpdateAnnouncementRequest(description=mark(number)))
        evening.versions.append(Version(number, time, time + 1, edit, {"will": PUBLISHED}))
    life = Life("booking", "guest", evening, 1, None, [Step("accepted", pb.ACCEPTED, "guest", 2.0, 2.0, 3.0)])
    found = History({}, {"booking": life})
    found.evenings["evening"] = evening
    return found


def harvest(*notices: tuple[int, int]) -> Harvest:
    """What lies in the guest's inbox: for each notice the version before its edits, and the last."""
    found = Harvest(links={"link": "/app/v1/announcement/evening"})
    found.notices["guest"] = [
        notify_pb2.Notice(
            kind=notify_pb2.announcement_changed,
            text=f"changed\n- description: {mark(before)} → {mark(after)}",
            link="link",
            created=Timestamp(),
        )
        for before, after in notices
    ]
    return found


@pytest.mark.parametrize(
    ("times", "notices", "wrong", "missing"),
    [
        ((10, 50), [(1, 3)], set(), 0),
        ((10, 200), [(1, 2), (2, 3)], set(), 0),
        ((10, 50), [(1, 2)], {"owed"}, 1),
        ((10, 50), [(1, 2), (2, 3)], {"together"}, 0),
        ((10, 400), [(1, 3)], {"together"}, 0),
        ((10, 200), [(1, 3), (2, 3)], {"unowed"}, 0),
        ((10,), [(1, 2), (7, 8)], {"unowed"}, 0),
    ],
)
def test_edits(times: tuple[float, ...], notices: list[tuple[int, int]], wrong: set[str], missing: int) -> None:
    findings, told = Findings(), harvest(*notices)
    sums = judge_edits(history(*times), told, {}, findings)
    assert {name for name, check in findings.checks.items() if check.differences} == wrong
    assert (sums["owed"], missing_edits(history(*times), told)) == (len(times), missing)
