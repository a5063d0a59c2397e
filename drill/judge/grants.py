"""What was granted: applications and returns that should have been refused."""

from matinee.booking.v1 import booking_pb2 as pb

from drill.judge.evenings import PUBLISHED
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import Life, Step


def judge_grants(history: History, findings: Findings) -> None:
    """Every booking that was made or came back to."""
    for life in history.lives.values():
        for index, step in enumerate(life.steps):
            if step.op is not None and (index == 0 or step.cause == "returned"):
                judge_entry(life, step, history, findings)


def judge_entry(life: Life, step: Step, history: History, findings: Findings) -> None:
    """There was an open evening, that the guest may see, with places; or none, and he waits."""
    evening, interval = life.evening, (step.low, step.high)
    findings.check("granted", PUBLISHED in evening.wills(*interval), f"{evening.id} was closed: {step.op}")
    allowed = not evening.sub_only or evening.host in (step.op.person.follows if step.op else ())
    findings.check("private", allowed, f"only for followers of {evening.host}: {step.op}")
    findings.check("granted", life.guest != evening.host, f"one's own evening: {step.op}")
    if step.state == pb.WAITLISTED:
        good = history.least_left(evening, *interval, life.id) < life.tickets
        findings.check("granted", good, f"waits although there was room: {step.op}")
    else:
        good = history.most_left(evening, *interval, life.id) >= life.tickets
        findings.check("granted", good, f"there were too few places: {step.op}")
