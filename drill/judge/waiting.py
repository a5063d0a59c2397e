"""Waiting lists: served as soon as there is room, in their order, parties that do not fit passed over."""

from itertools import pairwise

from matinee.booking.v1 import booking_pb2 as pb

from drill.judge.evenings import CLOSED, PUBLISHED, Evening
from drill.judge.findings import Findings
from drill.judge.history import History
from drill.judge.lives import Life, Step

WAITING: set[int] = {pb.WAITLISTED}


def judge_waiting(history: History, findings: Findings) -> None:
    """Every promotion, and what is left in the end."""
    for evening in history.evenings.values():
        lives = history.at[evening.id]
        for life in lives:
            for step in life.steps:
                if step.cause == "promoted":
                    judge_promotion(life, step, lives, findings)
                    judge_offer(life, step, history, findings)
        for moment in moments(evening, lives):
            judge_moment(evening, moment, history, findings)
        if evening.last.known.get("will") in (PUBLISHED, CLOSED):
            judge_end(evening, lives, findings)


def moments(evening: Evening, lives: list[Life]) -> list[float]:
    """When somebody had just been told of a change, while others waited."""
    changed = [step.high for life in lives for step in life.steps] + [one.high for one in evening.versions]
    waits = [stay for life in lives for stay in life.stays(WAITING)]
    return sorted({moment for moment in changed if any(since <= moment < until for since, until in waits)})


def judge_moment(evening: Evening, moment: float, history: History, findings: Findings) -> None:
    """Nobody surely waits for what surely is free and offered to nobody else."""
    if not evening.wills(moment, moment) <= {PUBLISHED, CLOSED}:
        return
    lives = history.at[evening.id]
    offered = sum(life.tickets for life in lives if life.maybe_offered(moment, moment))
    left = history.least_left(evening, moment, moment) - offered
    could = [life.id for life in lives if life.tickets <= left and life.surely(WAITING, moment, moment)]
    told = f"at {moment:.3f} {left} places of {evening.id} were free, and these waited for them: {could}"
    findings.check("waiting", not could, told)


def judge_promotion(life: Life, step: Step, lives: list[Life], findings: Findings) -> None:
    """Nobody who came before and needs no more places was left waiting."""
    passed_over = [
        other.id
        for other in lives
        if other.tickets <= life.tickets
        and other.steps[0].high < life.steps[0].low
        and other.surely(WAITING, step.low, step.high)
    ]
    told = f"{life.id} was promoted at {step.time:.3f} before {passed_over}, who came first"
    findings.check("waiting", not passed_over, told)


def judge_offer(life: Life, step: Step, history: History, findings: Findings) -> None:
    """There were places for it, and for those promoted with it, that were not offered to others."""
    lives = history.at[life.evening.id]
    together = [
        other for other in lives if any(one.cause == "promoted" and one.time == step.time for one in other.steps)
    ]
    taken = history.least_taken(life.evening, step.low, step.high)
    taken -= sum(other.tickets for other in together if other.surely({pb.ACCEPTED}, step.low, step.high))
    offered = sum(
        other.tickets for other in lives if other not in together and other.surely_offered(step.low, step.high)
    )
    left = max(life.evening.capacities(step.low, step.high), default=0) - taken - offered
    wanted = sum(other.tickets for other in together)
    told = f"{[other.id for other in together]} were promoted at {step.time:.3f} to {wanted} places, {left} were free"
    findings.check("waiting", wanted <= left, told)


def judge_end(evening: Evening, lives: list[Life], findings: Findings) -> None:
    """Nobody waits for what is free; those who wait are numbered as they came."""
    capacity = evening.last.known.get("tickets_count", 0)
    left = capacity - sum(life.tickets for life in lives if life.steps[-1].state == pb.ACCEPTED)
    offered = [life for life in lives if life.steps[-1].state == pb.PENDING and life.steps[-1].cause == "promoted"]
    left -= sum(life.tickets for life in offered)
    waiting = sorted((life for life in lives if life.steps[-1].state in WAITING), key=rank)
    could = [life.id for life in waiting if life.tickets <= left]
    findings.check("waiting", not could, f"{left} places of {evening.id} are free, and these wait for them: {could}")
    ranks = [rank(life) for life in waiting]
    findings.check("waiting", ranks == list(range(1, len(ranks) + 1)), f"ranks at {evening.id}: {ranks}")
    for before, after in pairwise(waiting):
        good = before.steps[0].low <= after.steps[0].high
        findings.check("waiting", good, f"{before.id} stands before {after.id} and came after it")


def rank(life: Life) -> int:
    """Its place in the list, as the server says."""
    return int(life.final.waitlist_position)
