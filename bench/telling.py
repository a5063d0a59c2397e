"""What takes minutes to tell: very many jobs, very many reminders. On a mesh of its own, because its clock moves."""

import uvloop
from rich.console import Console

from bench import queueing, reminding
from bench.terminal import end
from local.mesh import Mesh, running_mesh
from local.steps import Steps


def run(printer: Console) -> None:
    """Measures both; ends with an error when somebody was told too little or too much."""
    with running_mesh(extra_env={"LOG_LEVEL": "INFO"}, steps=Steps(printer)) as mesh:
        wrong = uvloop.run(measure(mesh, printer))
    end(wrong, printer)


async def measure(mesh: Mesh, printer: Console) -> list[str]:
    """One after the other; returns what went wrong."""
    wrong = await queueing.show_queue(mesh, printer)
    return wrong + await reminding.show_reminders(mesh, printer)
