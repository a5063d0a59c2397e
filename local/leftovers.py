"""Processes of a mesh that was killed: recognised by what they are, never by a number alone, and stopped."""

import contextlib
import os
import signal
from pathlib import Path

import psutil

from local.home import Home
from local.processes import MARKER

# A stopped PostgreSQL writes its last pages first.
PATIENCE = 10.0


def stop_leftovers(home: Home, only: str = "") -> list[str]:
    """Stops every process of the mesh in this folder (or those of one name) and returns their names.

    For when nobody supervises them.
    """
    processes = [process for process in find_leftovers(home) if only in ("", _name(process))]
    names = [_name(process) for process in processes]
    for process in sorted(processes, key=lambda process: _name(process) != "supervisord"):
        with contextlib.suppress(psutil.Error):
            # For PostgreSQL the interrupt is the fast stop; a terminate would wait for its clients.
            process.send_signal(signal.SIGINT if _name(process) == "postgres" else signal.SIGTERM)
    _, stubborn = psutil.wait_procs(processes, timeout=PATIENCE)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=PATIENCE)
    return names


def find_leftovers(home: Home) -> list[psutil.Process]:
    """The processes that belong to the mesh in this folder, its supervisor among them."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _is_ours(process, home)]


def _is_ours(process: psutil.Process, home: Home) -> bool:
    try:
        if process.environ().get(MARKER) == str(home.path):
            return True
        # PostgreSQL's children overwrite their environment with a title, but all work in the data folder.
        return process.name() == "postgres" and Path(process.cwd()).is_relative_to(home.postgres)
    except (psutil.Error, OSError):
        return False


def _name(process: psutil.Process) -> str:
    try:
        return "supervisord" if "supervisor.supervisord" in process.cmdline() else process.name()
    except psutil.Error:
        return "?"
