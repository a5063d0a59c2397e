"""What runs, since when, how often it was started again and why, and how much memory it takes."""

import re
import time
from collections import defaultdict
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from local.home import Home
from local.mesh import Mesh
from local.processes import Process, all_processes
from local.settings import Settings
from local.supervision import RUNNING, ProcessInfo

PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}
EXITED = re.compile(r"INFO exited: (\S+) \((.*?)(?:; (?:not )?expected)?\)|WARN exited: (\S+) \((.*?)(?:; .*)?\)")


def print_status(console: Console, mesh: Mesh) -> bool:
    """Prints a row per process; False if one of them does not run."""
    known = mesh.supervisor.processes()
    exits = read_exits(mesh.home)
    table = Table("process", "state", "pid", "port", "up", "restarts", "memory")
    for process in all_processes(mesh.settings):
        info = known[process.name]
        table.add_row(process.name, *_cells(process, info, exits[process.name]))
    console.print(table)
    return all(info["statename"] == RUNNING for info in known.values())


def print_addresses(console: Console, settings: Settings) -> None:
    """Where everything is, and how to try it."""
    url = settings.public_url
    table = Table("what", "where", "how to look into it")
    table.add_row("the API", url, "make tokens, make demo")
    table.add_row("its pages", f"{url}/api/openapi", "sign in as a sample person and try a call")
    for process in all_processes(settings):
        if process.name != "envoy":
            table.add_row(process.name, f"127.0.0.1:{process.port}", f"{process.purpose}; make logs S={process.name}")
    table.add_row("sample people", "author@example.com and others", "password: SAMPLE_PASSWORD in .env")
    table.add_row("state, logs", str(settings.matinee_home), "make status, make logs, make down")
    console.print(table)
    console.print(f'Try: curl -H "Authorization: Bearer $(make -s tokens R=user)" {url}/app/v1/bookings', **PLAIN)


def read_exits(home: Home) -> dict[str, list[str]]:
    """Why processes ended by themselves since the supervisor started, oldest first, by name."""
    try:
        log = (home.logs / "supervisord.log").read_text(errors="replace")
    except OSError:
        log = ""
    exits: dict[str, list[str]] = defaultdict(list)
    for match in EXITED.finditer(log.rpartition("supervisord started with pid")[2]):
        exits[match[1] or match[3]].append(match[2] or match[4])
    return exits


def _cells(process: Process, info: ProcessInfo, exits: list[str]) -> list[str]:
    state = info["statename"]
    running = state == RUNNING
    return [
        f"[{'green' if running else 'red'}]{state.lower()}[/]",
        str(info["pid"] or "-"),
        str(process.port),
        _duration(time.time() - info["start"]) if running else "-",
        f"{len(exits)} ({exits[-1]})" if exits else "0",
        f"{memory(info['pid']) / 2**20:.0f} MB" if running else "-",
    ]


def _duration(seconds: float) -> str:
    minutes, hours = int(seconds) // 60, int(seconds) // 3600
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {int(seconds) % 60} s"


def memory(pid: int, *, children: bool = True) -> int:
    """Bytes of a process and its children, as PSS: what PostgreSQL's processes share counts once; 0 if it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *(process.children(recursive=True) if children else ())]
        return sum(member.memory_full_info().pss for member in family)
    except psutil.Error:
        return 0
