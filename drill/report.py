"""What a drill found, as people read it."""

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from drill.judge.verdict import Verdict
from drill.record import Record

EXAMPLES = 10


def show(record: Record, verdict: Verdict, console: Console) -> None:
    """Requests, sums, checks, and examples of what is not as it should be."""
    show_requests(record, console)
    show_sums(record, verdict, console)
    show_checks(verdict, console)
    for check in verdict.findings:
        if check.differences:
            console.print(f"[bold red]{escape(check.title)}[/]: {len(check.differences)} differences")
            for difference in check.differences[:EXAMPLES]:
                console.print(f"  {escape(difference)}", highlight=False, soft_wrap=True)


def show_requests(record: Record, console: Console) -> None:
    """How often each RPC was sent, by answer."""
    table = Table("RPC", title="attempts by answer")
    outcomes: dict[str, Counter[str]] = {}
    for op in record.ops:
        outcomes.setdefault(op.rpc, Counter()).update(attempt.outcome for attempt in op.attempts)
    for heading in ("sent", "OK", "unknown"):
        table.add_column(heading, justify="right")
    table.add_column("refused")
    for rpc, counted in sorted(outcomes.items()):
        refused = [(reason, count) for reason, count in counted.most_common() if reason not in ("OK", "unknown")]
        told = ", ".join(f"{reason} {count}" for reason, count in refused)
        table.add_row(rpc, f"{counted.total():,}", f"{counted['OK']:,}", f"{counted['unknown']:,}", told)
    console.print(table)


def show_sums(record: Record, verdict: Verdict, console: Console) -> None:
    """Figures that are neither right nor wrong."""
    writes = [op for op in record.ops if op.key]
    unknown = sum(any(attempt.trouble for attempt in op.attempts) for op in writes)
    table = Table("what", title="sums")
    table.add_column("how many", justify="right")
    died = ", ".join(f"{name} {count}" for name, count in Counter(death.name for death in record.deaths).items())
    rows = {
        "killed": died or "nothing",
        "writes": f"{len(writes):,}",
        "of them once of unknown outcome, sent again": f"{unknown:,}",
        "places sold, of evenings that stand": f"{verdict.places['sold']:,} of {verdict.places['places']:,}",
        "notices owed": f"{verdict.notices['owed']:,}",
        "notices present": f"{verdict.notices['present']:,}",
        "notices that may be there or not": f"{verdict.notices['open']:,}",
        "mails owed": f"{verdict.mails['owed']:,}",
        "mails that arrived": f"{verdict.mails['arrived']:,}",
        "of them such as had arrived before": f"{verdict.mails['again']:,}",
    }
    for what, figure in rows.items():
        table.add_row(what, figure)
    console.print(table)


def show_checks(verdict: Verdict, console: Console) -> None:
    """Every check, green or red."""
    table = Table("check", title="judgement")
    for heading in ("looked at", "differences"):
        table.add_column(heading, justify="right")
    for check in verdict.findings:
        colour = "red" if check.differences else "green"
        table.add_row(check.title, f"{check.looked_at:,}", f"[{colour}]{len(check.differences)}[/]")
    console.print(table)
