"""All checks in one go."""

from collections import Counter
from dataclasses import dataclass, field

from drill.harvest import Harvest
from drill.judge.answers import judge_answers
from drill.judge.findings import Findings
from drill.judge.grants import judge_grants
from drill.judge.history import history
from drill.judge.mails import judge_mails
from drill.judge.notices import judge_notices
from drill.judge.places import judge_places
from drill.judge.readings import judge_readings
from drill.judge.refusals import judge_refusals
from drill.judge.times import judge_times
from drill.judge.waiting import judge_waiting
from drill.record import Record
from drill.stage import Stage


@dataclass
class Verdict:
    """What was found, and some sums."""

    findings: Findings = field(default_factory=Findings)
    places: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    mails: Counter[str] = field(default_factory=Counter)


def judge(record: Record, harvest: Harvest, stage: Stage) -> Verdict:
    """Judges a drill."""
    verdict = Verdict()
    findings = verdict.findings
    judge_answers(record, findings)
    what_happened = history(record, harvest, findings)
    verdict.places = judge_places(what_happened, harvest, findings)
    judge_times(what_happened, findings)
    judge_grants(what_happened, findings)
    judge_refusals(record, what_happened, {film.id: film.minutes for film in stage.films}, findings)
    judge_waiting(what_happened, findings)
    judge_readings(record, what_happened, findings)
    verdict.notices = judge_notices(what_happened, harvest, stage.people, findings)
    verdict.mails = judge_mails(record, what_happened, harvest, stage.people, findings)
    return verdict
