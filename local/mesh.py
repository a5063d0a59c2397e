"""A mesh on this machine: brought up, taken down, and handled by name."""

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock, Timeout
from pydantic import ValidationError

from local import postgres, services
from local.certificates import ensure_certificates
from local.clock import move_clock
from local.databases import wait_until_ready
from local.env_file import random_secret
from local.errors import MeshError
from local.health import Watch, wait_for_valkey
from local.home import PYTHON, Home, write_json
from local.leftovers import find_leftovers, stop_leftovers
from local.ports import require_free, reserved_block
from local.preparation import is_prepared, prepare_databases, render_envoy, run
from local.processes import databases, members, needed_ports, service_environment
from local.settings import CROWDED, SECRETS, Settings, build_settings
from local.steps import Steps, quiet_steps
from local.supervision import Supervisor, find_supervisor, start_supervisor, write_configuration

# Long, for a busy machine: a process that fails is noticed at once by its restarts.
HEALTHY_WITHIN = 120.0
# Repairing itself after a crash takes PostgreSQL the longer the more was written.
DATABASES_WITHIN = 60.0
OTHERS_FINISH_WITHIN = 180.0


class Mesh:
    """The mesh in one folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home

    @classmethod
    def attach(cls, home: Path) -> "Mesh":
        """The mesh that was started in this folder, with the settings it was started with."""
        try:
            return cls(Settings.model_validate_json(Home(home.resolve()).mesh_file.read_bytes()))
        except OSError:
            raise MeshError("the mesh is not running", "Run `make up`.") from None
        except ValidationError:
            what = f"the mesh in {home} was started by another version of this code"
            raise MeshError(what, "Run `make down`, then `make up`.") from None

    # -- as a whole

    def up(self, steps: Steps | None = None, *, die_with_us: bool = False) -> None:
        """Brings everything up; what runs and is unchanged is left alone."""
        steps = steps or quiet_steps()
        self.home.create()
        with locked(self.home):
            with steps.step("certificates"):
                made = ensure_certificates(self.home.certificates)
            with steps.step("supervisor"):
                supervisor = self._supervisor_up("authority" in made, die_with_us)
            with steps.step("PostgreSQL and Valkey"):
                fresh = self._databases_up(supervisor)
            if fresh or not is_prepared(self.settings):
                prepare_databases(self.settings, steps)
            with steps.step("services and Envoy"):
                self._members_up(supervisor)
            with steps.step("a call through the public port"):
                self.check_public_port()
                supervisor.settle()

    def down(self) -> bool:
        """Stops everything; False if nothing was running."""
        return take_down(self.home)

    def check_public_port(self, seconds: float = 30.0) -> None:
        """A call with a token, from the public port through Envoy and a service to its database and back."""
        token = self.tokens()["user_access_token"]
        url = f"{self.settings.edge_url}/app/v1/bookings"
        deadline = time.monotonic() + seconds
        while True:
            answer = _get(url, token)
            if answer == "200":
                return
            if time.monotonic() > deadline:
                raise MeshError(f"GET {url} answers {answer}", "See `make logs S=envoy` and `make logs S=booking`.")
            time.sleep(0.1)

    def tokens(self) -> dict[str, str]:
        """The sample people's ids and tokens, as `make tokens` prints them."""
        environment = service_environment(self.settings, services.SERVICES[0])
        printed = asyncio.run(run([PYTHON, "-m", "auth_svc.tokens"], environment, "making tokens"))
        tokens: dict[str, str] = json.loads(printed)
        return tokens

    # -- process by process

    @property
    def supervisor(self) -> Supervisor:
        """The supervisor of this mesh, which has to run."""
        supervisor = find_supervisor(self.home)
        if supervisor is None:
            raise MeshError("the mesh is not running", "Run `make up`.")
        return supervisor

    def kill(self, name: str) -> None:
        """Kills a process without warning; the supervisor starts it again."""
        self.supervisor.signal(name, signal.SIGKILL)

    def move_clock(self, offset: timedelta) -> None:
        """Sets the mesh's clock so far ahead of the real one; its processes see it within a second."""
        move_clock(self.home, offset)

    def wait_healthy(self, *names: str, seconds: float = HEALTHY_WITHIN) -> None:
        """Waits until these processes, or all of them, are healthy."""
        wanted = names or [process.name for process in members(self.settings)]
        if "postgres" in wanted:
            asyncio.run(wait_until_ready(self.settings, seconds))
        if "valkey" in wanted:
            wait_for_valkey(self.settings, seconds)
        if chosen := [process for process in members(self.settings) if process.name in wanted]:
            Watch(self.settings, self.supervisor).wait(chosen, seconds)

    # -- the steps of up and down

    def _supervisor_up(self, restart_all: bool, die_with_us: bool) -> Supervisor:
        supervisor = find_supervisor(self.home)
        if supervisor is None:
            stop_leftovers(self.home)
        # Before anything is touched: a mesh that runs keeps running when its new ports cannot be had.
        self._require_ports(self._held_ports(supervisor))
        if supervisor is None or restart_all or not self._reached_as_configured(supervisor):
            _stop_all(self.home)
            self._write_configuration()
            return start_supervisor(self.settings, die_with_us=die_with_us)
        self._write_configuration()
        supervisor.reload()
        return supervisor

    def _held_ports(self, supervisor: Supervisor | None) -> set[int]:
        """The ports that the mesh itself listens on now, as it was started."""
        if supervisor is None:
            return set()
        started, alive = Mesh.attach(self.home.path).settings, supervisor.alive()
        return (
            set(needed_ports(started, alive).values())
            | {supervisor.port}
            | ({started.edge_port} if "envoy" in alive else set())
        )

    def _require_ports(self, held: set[int]) -> None:
        wanted = needed_ports(self.settings) | {"supervisor": self.settings.port(services.SUPERVISOR)}
        edge = (self.settings.edge_host, self.settings.edge_port)
        missing = {name: port for name, port in wanted.items() if port not in held}
        require_free(missing, None if edge[1] in held else edge)

    def _write_configuration(self) -> None:
        write_configuration(self.settings)
        write_json(self.home.mesh_file, self.settings.model_dump(mode="json"))

    def _reached_as_configured(self, supervisor: Supervisor) -> bool:
        port = self.settings.port(services.SUPERVISOR)
        return supervisor == Supervisor(port, self.settings.supervisor_password)

    def _databases_up(self, supervisor: Supervisor) -> bool:
        """Returns whether PostgreSQL was started, and so may need to be prepared."""
        if not postgres.password_is_current(self.home, self.settings.postgres_password):
            supervisor.stop("postgres")
        fresh = "postgres" not in supervisor.alive()
        supervisor.start("valkey")
        if fresh:
            supervisor.stop("postgres")
            # Children of a killed server may still be writing.
            stop_leftovers(self.home, only="postgres")
            postgres.prepare(self.home, self.settings.postgres_password)
        supervisor.start(*(process.name for process in databases(self.settings)))
        self.wait_healthy("postgres", "valkey", seconds=DATABASES_WITHIN)
        return fresh

    def _members_up(self, supervisor: Supervisor) -> None:
        if "envoy" not in supervisor.alive():
            render_envoy(self.settings)
        supervisor.start(*(process.name for process in members(self.settings)))
        self.wait_healthy()


def take_down(home: Home) -> bool:
    """Stops everything that runs in this folder, needing no secrets; False if nothing was running."""
    if not home.path.exists():
        return False
    with locked(home):
        return _stop_all(home)


def _stop_all(home: Home) -> bool:
    supervisor = find_supervisor(home)
    if supervisor is not None:
        # The services first and side by side: their last words go to the databases.
        names = set(supervisor.processes()) - {"postgres", "valkey"}
        supervisor.stop(*names)
        supervisor.stop("postgres", "valkey")
        supervisor.shutdown()
        _wait_until_gone(home)
    return bool(stop_leftovers(home)) or supervisor is not None


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """One at a time changes what runs in this folder."""
    lock = FileLock(home.path / "up.lock", timeout=OTHERS_FINISH_WITHIN)
    try:
        lock.acquire()
    except Timeout:
        what = f"another `make up` or `make down` has been at work in {home.path} for minutes"
        raise MeshError(what, "Let it finish, or end it and try again.") from None
    try:
        yield
    finally:
        lock.release()


def _wait_until_gone(home: Home, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while find_leftovers(home) and time.monotonic() < deadline:
        time.sleep(0.05)


def _get(url: str, token: str) -> str:
    """The status of the answer, or what went wrong."""
    try:
        # The certificate is for the public name, and this asks by the address of this machine.
        headers = {"authorization": f"Bearer {token}"}
        answer = httpx.get(url, headers=headers, timeout=10, trust_env=False, verify=False)
    except httpx.HTTPError as error:
        return str(error)
    return "200" if answer.status_code == 200 else f"{answer.status_code}: {answer.text[:300]}"


@contextmanager
def running_mesh(
    home: Path | None = None,
    port_base: int | None = None,
    edge_port: int | None = None,
    extra_env: Mapping[str, str] | None = None,
    steps: Steps | None = None,
) -> Iterator[Mesh]:
    """A mesh of one's own in a new folder and on free ports; gone at the end, whatever happens.

    In `extra_env` a variable of the settings (BOOKING_PROCESSES, MATINEE_BENCH) sets that one; any other variable
    goes to every service.
    """
    folder = Path(tempfile.mkdtemp(prefix="matinee-")) if home is None else home
    with reserved_block() as block:
        # The public port lies outside of what starts at PORT_BASE, and inside of what is reserved.
        values = _own_settings(folder, port_base or block, edge_port or block + 199, extra_env or {})
        mesh = Mesh(build_settings(**values))
        try:
            mesh.up(steps, die_with_us=True)
            yield mesh
        finally:
            mesh.down()
            shutil.rmtree(folder, ignore_errors=True)


def _own_settings(folder: Path, port_base: int, edge_port: int, extra_env: Mapping[str, str]) -> dict[str, Any]:
    ours = {name: value for name, value in extra_env.items() if name.lower() in Settings.model_fields}
    values: dict[str, Any] = {name.lower(): random_secret() for name in SECRETS}
    values |= {"matinee_home": folder, "port_base": port_base, "edge_host": "127.0.0.1", "edge_port": edge_port}
    values |= CROWDED | {name.lower(): value for name, value in ours.items()}
    values["extra_environment"] = {name: value for name, value in extra_env.items() if name not in ours}
    return values
