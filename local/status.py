"""What runs and serves or why not, since when, how often it was started again and why, and how much memory it takes."""

import re
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from local.health import last_lines, left_out, trouble_of
from local.home import Home
from local.mesh import Mesh
from local.processes import Process, all_processes
from local.settings import Settings
from local.supervision import RUNNING, ProcessInfo

PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}
LAST_WORDS = 300
"""Characters."""
EXITED = re.compile(r"INFO exited: (\S+) \((.*?)(?:; (?:not )?expected)?\)|WARN exited: (\S+) \((.*?)(?:; .*)?\)")


def print_status(console: Console, mesh: Mesh) -> bool:
    """Prints a row per process, and why those that are no use are none; False if there is one."""
    known = mesh.supervisor.processes()
    exits = read_exits(mesh.home)
    troubles = find_troubles(mesh.settings, known)
    table = Table("process", "state", "pid", "port", "up", "restarts", "memory")
    for process in all_processes(mesh.settings):
        info = known[process.name]
        table.add_row(process.name, *_cells(process, info, exits[process.name], process.name in troubles))
    console.print(table)
    for name, why in troubles.items():
        console.print(f"{name}: {why}", style="red", **PLAIN)
    if not troubles and (names := left_out(mesh.settings)):
        console.print(f"Envoy leads nobody to {', '.join(names)}: see `make logs S=envoy`", style="red", **PLAIN)
    return not troubles


def find_troubles(settings: Settings, known: Mapping[str, ProcessInfo]) -> dict[str, str]:
    """Why processes are no use, by name: those that others depend on first, for theirs may be the others' reason."""

    def trouble(process: Process) -> str:
        info = known[process.name]
        return trouble_of(settings, process) if info["statename"] == RUNNING else _why_down(settings.home, info)

    processes = all_processes(settings)
    with ThreadPoolExecutor(max_workers=len(processes)) as pool:
        return {process.name: why for process, why in zip(processes, pool.map(trouble, processes), strict=True) if why}


def _why_down(home: Home, info: ProcessInfo) -> str:
    """What supervisord knows of a process that does not run, and what was its last word."""
    if info["statename"] == "STOPPED":
        return "it was stopped; `make up` starts it"
    words = info["spawnerr"] or info["description"] or info["statename"].lower()
    return "; its log ends: ".join([words, *(line[:LAST_WORDS] for line in last_lines(home.log(info["name"]), 1))])


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


def _cells(process: Process, info: ProcessInfo, exits: list[str], is_troubled: bool) -> list[str]:
    state = info["statename"]
    running = state == RUNNING
    return [
        f"[{'red' if is_troubled else 'green'}]{'not serving' if running and is_troubled else state.lower()}[/]",
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
