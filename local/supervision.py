"""supervisord: its configuration, its start, and how it is asked to do things."""

import configparser
import contextlib
import os
import shlex
import signal
import subprocess
import time
import xmlrpc.client
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, TypedDict, cast

import psutil

from local import services, valkey
from local.errors import MeshError
from local.home import PYTHON, Home, write_json, write_private
from local.launch import PLAIN
from local.postgres import LAUNCHER
from local.processes import MARKER, Process, all_processes, base_environment, valkey_users
from local.settings import Settings

USER = "mesh"
RUNNING = "RUNNING"
# Its process exists; BACKOFF waits for the next try.
ALIVE = {"STARTING", "RUNNING", "STOPPING"}

HEAD = """\
; Written by `make up`. Paths are relative to this folder, so that its name may contain anything.
[supervisord]
logfile=logs/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile=supervisord.pid
nodaemon=true
silent=true
identifier=matinee

[inet_http_server]
port=127.0.0.1:{port}
username={user}
password={password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

# `startretries`: each try waits a second longer than the one before, so these last about half an hour.
PROGRAM = """
[program:{name}]
command=%(ENV_MATINEE_LAUNCHER)s run/{name}.json
environment=MATINEE_FINGERPRINT="{fingerprint}"
autostart=false
autorestart=true
startsecs=1
startretries=60
stopsignal={stop_signal}
stopwaitsecs={stop_seconds}
redirect_stderr=true
stdout_logfile=logs/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""


class ProcessInfo(TypedDict):
    """What supervisord knows about a process."""

    name: str
    statename: str
    start: int
    stop: int
    now: int
    spawnerr: str
    exitstatus: int
    pid: int
    description: str


class _Transport(xmlrpc.client.Transport):
    """A supervisord that hangs must not hang us."""

    def make_connection(self, host: Any) -> HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = 10
        return connection


@dataclass(frozen=True)
class Supervisor:
    """A running supervisord, asked over its own interface on the loopback."""

    port: int
    password: str = field(repr=False)

    @property
    def _rpc(self) -> Any:
        # A new connection each time: one that sat idle may be dead, and a call costs a millisecond.
        url = f"http://{USER}:{self.password}@127.0.0.1:{self.port}/RPC2"
        return xmlrpc.client.ServerProxy(url, transport=_Transport()).supervisor

    def answers(self) -> bool:
        """Whether it is there and ours."""
        try:
            return str(self._rpc.getIdentification()) == "matinee"
        except (OSError, HTTPException, xmlrpc.client.Error):
            return False

    def processes(self) -> dict[str, ProcessInfo]:
        """Every process by its name."""
        return {info["name"]: cast(ProcessInfo, info) for info in self._rpc.getAllProcessInfo()}

    def alive(self) -> set[str]:
        """The names of the processes that exist at this moment."""
        return {name for name, info in self.processes().items() if info["statename"] in ALIVE}

    def settle(self, seconds: float = 5) -> None:
        """Waits until no process is in its first second any more, which supervisord calls starting."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(info["statename"] != "STARTING" for info in self.processes().values()):
                return
            time.sleep(0.05)

    def start(self, *names: str) -> None:
        """Starts processes without waiting for them; those that run already keep running."""
        known = self.processes()
        for name in names:
            if known[name]["statename"] not in ("STARTING", "RUNNING"):
                self._restart_clock(name, known[name])
                with _tolerated("ALREADY_STARTED"):
                    self._rpc.startProcess(name, False)

    def _restart_clock(self, name: str, info: ProcessInfo) -> None:
        """One that waits for its next try is stopped first: only from rest it can be told to start now."""
        if info["statename"] == "BACKOFF":
            self.stop(name)

    def stop(self, *names: str, seconds: float = 20) -> None:
        """Stops processes side by side and waits until they are gone."""
        for name in names:
            with _tolerated("NOT_RUNNING"):
                self._rpc.stopProcess(name, False)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            known = self.processes()
            if all(known[name]["statename"] not in {*ALIVE, "BACKOFF"} for name in names if name in known):
                return
            time.sleep(0.03)
        raise MeshError(f"{', '.join(names)} did not stop within {seconds:.0f} seconds", "Run `make down`.")

    def signal(self, name: str, number: signal.Signals) -> None:
        """Sends a signal to a process."""
        self._rpc.signalProcess(name, str(int(number)))

    def reload(self) -> set[str]:
        """Applies a changed configuration: what changed is stopped and known anew; returns its names."""
        added, changed, removed = self._rpc.reloadConfig()[0]
        self.stop(*changed, *removed)
        for name in (*changed, *removed):
            self._rpc.removeProcessGroup(name)
        for name in (*changed, *added):
            self._rpc.addProcessGroup(name)
        return {*added, *changed}

    def changed(self) -> set[str]:
        """Reads the configuration anew without applying it; returns whom it concerns."""
        return set(self._rpc.reloadConfig()[0][1])

    def replace(self, name: str, *, known_anew: bool) -> None:
        """Stops a process and starts it again, as the configuration says now if it is to be known anew."""
        self.stop(name)
        if known_anew:
            self._rpc.removeProcessGroup(name)
            self._rpc.addProcessGroup(name)
        self.start(name)

    def shutdown(self) -> None:
        """Ends supervisord, and with it whatever still runs."""
        with contextlib.suppress(OSError, HTTPException, xmlrpc.client.Fault):
            self._rpc.shutdown()


@contextlib.contextmanager
def _tolerated(reason: str) -> Iterator[None]:
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if not fault.faultString.startswith(reason):
            raise


def write_configuration(settings: Settings) -> None:
    """Writes supervisord's file and what the launcher reads for each process."""
    home = settings.home
    write_private(valkey.users_file(home), valkey_users(settings))
    parts = [_head(settings)]
    for process in all_processes(settings):
        write_json(home.run / f"{process.name}.json", process.specification(settings))
        parts.append(_program(process, settings))
    write_private(home.supervisor_config, "".join(parts))


def _head(settings: Settings) -> str:
    port = settings.port(services.SUPERVISOR)
    return HEAD.format(port=port, user=USER, password=settings.supervisor_password)


def _program(process: Process, settings: Settings) -> str:
    return PROGRAM.format(
        name=process.name,
        fingerprint=process.fingerprint(settings),
        stop_signal=process.stop_signal.name.removeprefix("SIG"),
        stop_seconds=process.stop_seconds,
    )


def find_supervisor(home: Home) -> Supervisor | None:
    """The supervisord that runs for this folder, reached as its own file says, or None."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(home.supervisor_config, encoding="utf-8")
        section = parser["inet_http_server"]
        port, password = int(section["port"].rpartition(":")[2]), section["password"]
        pid = int(home.supervisor_pid.read_text())
    except (OSError, KeyError, ValueError, configparser.Error):
        return None
    supervisor = Supervisor(port, password)
    return supervisor if _is_supervisor(pid, home) and supervisor.answers() else None


def _is_supervisor(pid: int, home: Home) -> bool:
    """The number may long belong to somebody else."""
    try:
        return psutil.Process(pid).environ().get(MARKER) == str(home.path)
    except psutil.Error:
        return False


def start_supervisor(settings: Settings, *, die_with_us: bool) -> Supervisor:
    """Starts supervisord; with `die_with_us` it ends when this process does, however that happens."""
    home = settings.home
    launcher = [PYTHON, "-I", "-S", str(LAUNCHER)]
    environment = {**base_environment(), MARKER: str(home.path), "MATINEE_LAUNCHER": shlex.join(launcher)}
    specification = {
        "command": [PYTHON, "-m", "supervisor.supervisord", "-c", str(home.supervisor_config)],
        "environment": environment,
        "directory": str(home.path),
        "identity": PLAIN,
        "death_signal": int(signal.SIGTERM) if die_with_us else 0,
    }
    write_json(home.run / "supervisord.json", specification)
    with (home.logs / "supervisord.out").open("wb") as output:
        process = subprocess.Popen(
            [*launcher, str(home.run / "supervisord.json")],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return _wait(settings, process)


def _wait(settings: Settings, process: "subprocess.Popen[bytes]") -> Supervisor:
    home = settings.home
    supervisor = Supervisor(settings.port(services.SUPERVISOR), settings.supervisor_password)
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        if supervisor.answers():
            # It outlives us on purpose; without this Python warns when it collects the object.
            process.returncode = 0
            return supervisor
        time.sleep(0.03)
    output = (home.logs / "supervisord.out").read_text(errors="replace").strip()
    raise MeshError("supervisord does not start", output or f"See {os.fspath(home.logs / 'supervisord.log')}")
