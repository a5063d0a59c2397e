"""The file .env: written once with random secrets, completed when a later version needs more of them."""

import fcntl
import os
import secrets
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.home import write_private

ALPHABET = string.ascii_letters + string.digits

HEADER = """\
# Written once by `make up` or `make env`. The environment wins over this file; `make up` applies changes.

# The public address.
#EDGE_HOST=127.0.0.1
#EDGE_PORT=8080
# Everything else listens on 127.0.0.1, on 130 ports from here on.
#PORT_BASE=15000
# Where the state lies.
#MATINEE_HOME=var
# How many processes of a service run (1 to 9).
#AUTH_PROCESSES=1
#MOVIE_PROCESSES=1
#UGC_PROCESSES=1
#BOOKING_PROCESSES=1
#NOTIFY_PROCESSES=1
# A Graylog that gets the logs, too: udp://host:port or tcp://host:port.
#GRAYLOG_URL=
# A collector that gets traces as OTLP over gRPC, http://host:port, and the part of the requests that are recorded.
#OTLP_URL=
#TRACE_SHARE=0.1

# Secrets.
"""


def random_secret() -> str:
    """Letters and digits only, so that it needs no quoting in an address or a file (190 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(32))


def complete_env_file(path: Path, names: list[str]) -> list[str]:
    """Makes sure the file holds a secret under each name, and returns the names that were added."""
    with _locked(path.parent):
        text = path.read_text(encoding="utf-8") if path.exists() else HEADER
        present = set(_names(text))
        missing = [name for name in names if name not in present]
        if missing:
            text += "" if text.endswith("\n") or not text else "\n"
            write_private(path, text + "".join(f"{name}={random_secret()}\n" for name in missing))
    return missing


def set_in_env_file(path: Path, values: Mapping[str, str]) -> None:
    """Gives names other values in the file, and leaves the rest of it as it is."""
    with _locked(path.parent):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else HEADER.splitlines()
        kept = [line for line in lines if not values.keys() & set(_names(line))]
        write_private(path, "\n".join([*kept, *(f"{name}={value}" for name, value in values.items())]) + "\n")


def _names(text: str) -> Iterator[str]:
    for line in text.splitlines():
        name, equals, _ = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            yield name.strip().upper()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two first starts at once must agree on the secrets; locking the folder leaves no lock file behind."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
