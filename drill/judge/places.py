"""Places: never more sold than there are, added up from the answers that said yes."""

from collections import Counter

from drill.harvest import Harvest
from drill.judge.evenings import CANCELLED, Evening
from drill.judge.findings import Findings
from drill.judge.history import ACCEPTED, History
from drill.judge.lives import LIVE


def judge_places(history: History, harvest: Harvest, findings: Findings) -> Counter[str]:
    """At every moment and in the end; returns how many places there were and how many were sold."""
    totals: Counter[str] = Counter()
    for evening in history.evenings.values():
        judge_moments(evening, history, findings)
        judge_end(evening, history, harvest, findings)
        if evening.last.known.get("will") != CANCELLED:
            totals["places"] += harvest.evenings[evening.id].tickets_count
            totals["sold"] += sum(life.tickets for life in history.at[evening.id] if life.steps[-1].state in ACCEPTED)
    differences = {one.announcement_id: one for one in harvest.audit.differences}
    for evening_id in {*history.evenings, *differences}:
        told = " ".join(str(differences.get(evening_id)).split())
        findings.check("audit", evening_id not in differences, f"the server's own audit finds {told}")
    findings.check("audit", harvest.audit.announcements >= len(history.evenings), "the audit left evenings out")
    return totals


def judge_moments(evening: Evening, history: History, findings: Findings) -> None:
    """Those who surely had a place at one moment had no more places than there can have been."""
    stays = [(*stay, life) for life in history.at[evening.id] for stay in life.stays(ACCEPTED)]
    for moment, _, latest in stays:
        there = [life for start, end, life in stays if start <= moment < end]
        sold, places = sum(life.tickets for life in there), max(evening.capacities(moment, moment), default=0)
        told = f"{sold} of {places} places of {evening.id} are sold after {latest.steps[-1].op or latest.id}"
        findings.check("sold", sold <= places, told)


def judge_end(evening: Evening, history: History, harvest: Harvest, findings: Findings) -> None:
    """What is left in the end is what those who were told yes and did not leave hold."""
    final = harvest.evenings[evening.id]
    seated = {life.id: life.tickets for life in history.at[evening.id] if life.steps[-1].state in ACCEPTED}
    sold = sum(seated.values())
    told = f"{evening.id}: {final.places_taken} of {final.tickets_count} taken, {sold} by the answers given"
    findings.check("sold", sold <= final.tickets_count, told)
    findings.check("sums", final.places_taken == sold, told)
    shown = {guest.booking_id: guest.tickets for guest in final.guest_list}
    findings.check("sums", shown == seated, f"{evening.id} lists {shown}, by the answers given {seated}")
    if evening.last.known.get("will") == CANCELLED:
        left = [life.id for life in history.at[evening.id] if life.final.state in LIVE]
        findings.check("final", not left, f"{evening.id} is called off, and these bookings live: {left}")
