"""Is it up? Each process is asked in its own language."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import grpc
import httpx
import redis
from grpc_health.v1 import health_pb2, health_pb2_grpc
from redis.backoff import NoBackoff
from redis.retry import Retry

from local import services, valkey
from local.databases import wait_until_ready
from local.errors import MeshError
from local.home import Home
from local.ports import is_free
from local.processes import Process, members
from local.settings import Settings
from local.supervision import Supervisor
from mesh.errors import BECAUSE_KEY

# A process that fails so often in a row will not recover by itself while somebody waits.
GIVE_UP_AFTER = 3
LOG_LINES = 20
PATIENCE = 2.0
"""Seconds: who has not answered by then hangs."""
NO_ANSWER = f"it has not answered for {PATIENCE:.0f} seconds"


def wait_for_valkey(settings: Settings, seconds: float) -> None:
    """Waits until Valkey has read its file and answers."""
    deadline = time.monotonic() + seconds
    port, password = settings.port(services.VALKEY), settings.valkey_password
    once = Retry(NoBackoff(), 0)
    with redis.Redis(
        port=port, username=valkey.ADMIN, password=password, socket_timeout=PATIENCE, retry=once
    ) as client:
        while True:
            try:
                client.ping()
                return
            except redis.RedisError as error:
                if time.monotonic() > deadline:
                    raise MeshError(f"Valkey does not answer: {error}", "See `make logs S=valkey`.") from None
                time.sleep(0.03)


class Watch:
    """Waits for processes to become healthy, and notices those that never will."""

    def __init__(self, settings: Settings, supervisor: Supervisor) -> None:
        self._settings = settings
        self._supervisor = supervisor
        self._failed_starts: dict[str, set[int]] = {}

    def wait(self, processes: list[Process], seconds: float) -> None:
        """Returns when all are healthy; a MeshError shows the log of the one that is not."""
        deadline = time.monotonic() + seconds
        waiting = list(processes)
        with ThreadPoolExecutor(max_workers=len(processes)) as pool:
            while True:
                troubles = list(pool.map(partial(trouble_of, self._settings), waiting))
                waiting = [process for process, trouble in zip(waiting, troubles, strict=True) if trouble]
                if not waiting:
                    return
                self._refuse_hopeless(waiting)
                if time.monotonic() > deadline:
                    why = next(filter(None, troubles))
                    raise self._failure(waiting[0].name, f"is not healthy after {seconds:.0f} seconds: {why}")
                time.sleep(0.05)

    def _refuse_hopeless(self, waiting: list[Process]) -> None:
        known = self._supervisor.processes()
        for process in waiting:
            info = known[process.name]
            if info["statename"] == "BACKOFF":
                self._failed_starts.setdefault(process.name, set()).add(info["start"])
            failures = len(self._failed_starts.get(process.name, ()))
            if info["statename"] == "FATAL" or failures >= GIVE_UP_AFTER:
                raise self._failure(process.name, f"does not start: {info['spawnerr'] or info['description']}")

    def _failure(self, name: str, what: str) -> MeshError:
        return process_failure(self._settings, name, what)


def process_failure(settings: Settings, name: str, what: str) -> MeshError:
    """What happened to a process, and the end of its log."""
    lines = "".join(f"  {line}\n" for line in last_lines(settings.home.log(name), LOG_LINES))
    advice = f"See `make logs S={name}`; when it is repaired, run `make up` again."
    return MeshError(f"{name} {what}", f"The end of its log:\n{lines}{advice}" if lines else advice)


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a file that may be long."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 400 * count))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []


def trouble_of(settings: Settings, process: Process) -> str:
    """Why a process is no use to the others, as far as can be seen from here; empty if it is."""
    if process.name == "postgres":
        return _told(lambda: asyncio.run(asyncio.wait_for(wait_until_ready(settings, 0), PATIENCE)))
    if process.name == "valkey":
        return _told(lambda: wait_for_valkey(settings, 0))
    if process.name == "envoy":
        return _trouble_of_envoy(settings.port(services.ENVOY_ADMIN))
    if process.name == "mail":
        return f"nothing listens on port {process.port}" if is_free(process.port) else ""
    return _trouble_of_member(process.port, settings.home)


def _told(look: Callable[[], None]) -> str:
    try:
        look()
    except TimeoutError:
        return NO_ANSWER
    except MeshError as error:
        return error.message
    return ""


def _trouble_of_member(port: int, home: Home) -> str:
    credentials = grpc.ssl_channel_credentials(*home.identity("developer"))
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        request = health_pb2.HealthCheckRequest()
        try:
            answer, call = health_pb2_grpc.HealthStub(channel).Check.with_call(request, timeout=PATIENCE)
        except grpc.RpcError as error:
            # The stubs do not know that the errors of a call are calls, too.
            failed = cast(grpc.Call, error)
            return NO_ANSWER if failed.code() == grpc.StatusCode.DEADLINE_EXCEEDED else str(failed.details())
    if answer.status == health_pb2.HealthCheckResponse.SERVING:
        return ""
    return str(dict(call.trailing_metadata()).get(BECAUSE_KEY, "it does not say why"))


def _trouble_of_envoy(admin_port: int) -> str:
    try:
        answer = _admin(admin_port, "/ready")
    except httpx.HTTPError as error:
        return str(error) or NO_ANSWER
    return "" if answer.is_success else f"it is not ready: {answer.text.strip()}"


def left_out(settings: Settings) -> list[str]:
    """The processes that Envoy leads nobody to, because they do not answer it that they serve."""
    ports = {port for port, status in hosts_of_envoy(settings) if status.get("failed_active_health_check")}
    return [process.name for process in members(settings) if process.port in ports]


def hosts_of_envoy(settings: Settings) -> list[tuple[int, dict[str, Any]]]:
    """The port of each process that Envoy knows, with what it thinks of its health; none while it does not answer."""
    try:
        known = _admin(settings.port(services.ENVOY_ADMIN), "/clusters?format=json").json()
    except (httpx.HTTPError, ValueError):
        return []
    hosts = [host for cluster in known.get("cluster_statuses", ()) for host in cluster.get("host_statuses", ())]
    # The inner door has no port.
    return [
        (host["address"]["socket_address"]["port_value"], host["health_status"])
        for host in hosts
        if "socket_address" in host["address"]
    ]


def _admin(port: int, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE, trust_env=False)
