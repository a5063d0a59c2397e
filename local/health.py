"""Is it up? Each process is asked in its own language."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import httpx
import redis
from grpc_health.v1 import health_pb2, health_pb2_grpc

from local import services, valkey
from local.errors import MeshError
from local.home import Home
from local.ports import is_free
from local.processes import Process
from local.settings import Settings
from local.supervision import Supervisor

# A process that fails so often in a row will not recover by itself while somebody waits.
GIVE_UP_AFTER = 3
LOG_LINES = 20


def wait_for_valkey(settings: Settings, seconds: float) -> None:
    """Waits until Valkey has read its file and answers."""
    deadline = time.monotonic() + seconds
    port, password = settings.port(services.VALKEY), settings.valkey_password
    with redis.Redis(port=port, username=valkey.ADMIN, password=password) as client:
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
                healthy = list(pool.map(self._is_healthy, waiting))
                waiting = [process for process, well in zip(waiting, healthy, strict=True) if not well]
                if not waiting:
                    return
                self._refuse_hopeless(waiting)
                if time.monotonic() > deadline:
                    raise self._failure(waiting[0].name, f"is not healthy after {seconds:.0f} seconds")
                time.sleep(0.05)

    def _is_healthy(self, process: Process) -> bool:
        if process.name == "envoy":
            return _envoy_is_ready(self._settings.port(services.ENVOY_ADMIN))
        if process.name == "mail":
            return not is_free(process.port)
        return _grpc_is_serving(process.port, self._settings.home)

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


def _grpc_is_serving(port: int, home: Home) -> bool:
    credentials = grpc.ssl_channel_credentials(*home.identity("developer"))
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=2)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _envoy_is_ready(admin_port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{admin_port}/ready", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
