"""What the processes of a mesh take."""

import psutil
from rich.console import Console
from rich.table import Table

from local.mesh import Mesh
from local.status import memory


def show_memory(mesh: Mesh, console: Console) -> None:
    """Each process's share of memory (PSS), children included, in MB."""
    pids = {name: info["pid"] for name, info in mesh.supervisor.processes().items()}
    shares = {name: memory(pid) / 2**20 for name, pid in pids.items()}
    parent = psutil.Process(pids["envoy"]).ppid()
    shares["supervisor"] = memory(parent, children=False) / 2**20
    # The ceilings' process is there for the measuring only.
    total = sum(shares.values()) - shares["bench"]
    table = Table("process", title="memory")
    table.add_column("PSS MB", justify="right")
    for name, share in shares.items():
        table.add_row(name, f"{share:.0f}")
    table.add_row("all but bench", f"{total:.0f}", style="bold")
    console.print(table)
