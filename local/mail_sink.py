"""An SMTP server that keeps what it is given and sends nothing on: `python -m local.mail_sink PORT FOLDER`."""

import asyncio
import signal
import sys
import time
from collections import deque
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 2000
"""Mails; the oldest go."""
LARGEST = 1024 * 1024


class Sink:
    """Writes each mail into a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = deque(sorted(folder.glob("*.eml")))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """A mail, whole."""
        content = envelope.content
        assert isinstance(content, bytes)
        path = self.folder / f"{time.time_ns()}.eml"
        # Under its name only when it is complete: others look here.
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.rename(path)
        self.files.append(path)
        while len(self.files) > KEPT:
            self.files.popleft().unlink(missing_ok=True)
        return "250 kept"


async def serve(port: int, folder: Path) -> None:
    """Takes mails until SIGTERM."""
    loop, sink, stopped = asyncio.get_running_loop(), Sink(folder), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="localhost", ident="matinee", enable_SMTPUTF8=True, data_size_limit=LARGEST),
        "127.0.0.1",
        port,
    )
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
