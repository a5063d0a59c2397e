"""Ports: which are taken, by whom, and a block of free ones for a mesh of one's own."""

import random
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from local.errors import MeshError

# Below 32768: above lie the ports that the system gives to outgoing connections.
FIRST, LAST, BLOCK = 20000, 32700, 200


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Two sockets may be bound to one port as long as none of them listens.
            probe.listen(1)
        except OSError:
            return False
    return True


def require_free(ports: dict[str, int], edge: tuple[str, int] | None) -> None:
    """Refuses with the first port that somebody else holds, and says which setting moves it."""
    if edge is not None and not is_free(edge[1], edge[0]):
        raise _taken(edge[1], "the public port", "EDGE_PORT")
    for purpose, port in ports.items():
        if not is_free(port):
            raise _taken(port, purpose, "PORT_BASE")


def _taken(port: int, purpose: str, setting: str) -> MeshError:
    advice = f"Stop it, or set {setting} in .env to a free one, for example: {setting}={_suggest(port)}"
    return MeshError(f"port {port} ({purpose}) is taken by {_holder(port)}", advice)


def _suggest(port: int) -> int:
    candidates = (port + step for step in range(BLOCK, 10 * BLOCK, BLOCK) if port + step < 65535 - BLOCK)
    return next((candidate for candidate in candidates if is_free(candidate)), FIRST)


def _holder(port: int) -> str:
    """The program that listens there, as far as we may know it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.pid:
                return f"another program ({psutil.Process(connection.pid).name()}, process {connection.pid})"
    except psutil.Error:
        pass
    return "another program"


@contextmanager
def reserved_block(size: int = BLOCK) -> Iterator[int]:
    """The first of two hundred free ports that no other caller of this function gets meanwhile."""
    starts = list(range(FIRST, LAST - size, size))
    random.shuffle(starts)
    for start in starts:
        lock = FileLock(Path(tempfile.gettempdir()) / f"matinee-ports-{start}.lock")
        try:
            lock.acquire(blocking=False)
        except (Timeout, OSError):
            continue
        try:
            if all(is_free(port) for port in range(start, start + size)):
                yield start
                return
        finally:
            lock.release()
    raise MeshError(f"no block of {size} free ports between 20000 and 32700", "Stop some other programs.")
