"""Replaces the processes of the services one by one under a mesh that is in use: `make restart`.

A process that is told to stop says so first, and Envoy and the other services turn to its siblings; the next one's turn
comes when Envoy has found the new one healthy. Each starts with the code as it is now.
"""

import time
from collections.abc import Sequence

from local.errors import MeshError
from local.health import hosts_of_envoy
from local.mesh import HEALTHY_WITHIN, Mesh, locked
from local.preparation import is_prepared, prepare_databases
from local.processes import Process, members
from local.services import Service
from local.steps import Steps
from local.supervision import write_configuration


def restart(mesh: Mesh, chosen: Sequence[Service], steps: Steps) -> None:
    """One process after the other. MeshError when one does not come back; those after it are left as they are."""
    with locked(mesh.home):
        if not is_prepared(mesh.settings):
            prepare_databases(mesh.settings, steps)
        write_configuration(mesh.settings)
        changed = mesh.supervisor.changed()
        for process in members(mesh.settings):
            if process.service in chosen:
                with steps.step(f"{process.name}{alone(mesh, process)}"):
                    mesh.supervisor.replace(process.name, known_anew=process.name in changed)
                    mesh.wait_healthy(process.name)
                    wait_for_envoy(mesh, process.port)
        mesh.supervisor.settle()


def alone(mesh: Mesh, process: Process) -> str:
    """A word of warning where there was nobody to stand in."""
    service = process.service
    if service is None or len(mesh.settings.ports(service)) > 1:
        return ""
    return f", the only one: calls failed meanwhile ({service.processes_setting.upper()}=2 in .env, then make up)"


def wait_for_envoy(mesh: Mesh, port: int) -> None:
    """Waits until the load balancer sends calls to the process on this port."""
    deadline = time.monotonic() + HEALTHY_WITHIN
    while port not in healthy_ports(mesh):
        if time.monotonic() > deadline:
            raise MeshError(f"Envoy does not find port {port} healthy", "See `make logs S=envoy`.")
        time.sleep(0.1)


def healthy_ports(mesh: Mesh) -> set[int]:
    """Where Envoy sends calls: the ports of the processes that have nothing against them."""
    return {port for port, status in hosts_of_envoy(mesh.settings) if status == {"eds_health_status": "HEALTHY"}}
