"""How much processor time calls take, which hardly depends on what else the machine does."""

import time

import psutil

from local.mesh import Mesh


def spent(mesh: Mesh) -> float:
    """Seconds that the mesh's processes, PostgreSQL's included, and this one have taken so far."""
    processes = sum(times(info["pid"]) for info in mesh.supervisor.processes().values())
    # The supervisor, who reads the logs; its children are those processes.
    reader = psutil.Process(int(mesh.home.supervisor_pid.read_text())).cpu_times()
    return processes + reader.user + reader.system + time.process_time()


def times(pid: int) -> float:
    """What a process and its children have taken, those that have ended included."""
    process = psutil.Process(pid)
    mine = process.cpu_times()
    total = mine.user + mine.system + mine.children_user + mine.children_system
    for child in process.children():
        try:
            taken = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += taken.user + taken.system
    return float(total)
