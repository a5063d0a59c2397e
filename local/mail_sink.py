"""An SMTP server that keeps what it is given and sends nothing on: `python -m local.mail_sink PORT FOLDER COUNT`.

Of more than COUNT mails the oldest go.
"""

import asyncio
import signal
import sys
import time
from collections import deque
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST = 1024 * 1024


class Sink:
    """Writes each mail into a file of its own."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.count = count
        self.files = deque(sorted(folder.glob("*.eml")))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """A mail, whole; before it whom it was for, which what is written in it need not say."""
        content = envelope.content
        assert isinstance(content, bytes)
        addresses = "".join(f"Delivered-To: {address}\r\n" for address in envelope.rcpt_tos)
        path = self.folder / f"{time.time_ns()}.eml"
        # Under its name only when it is complete: others look here.
        part = path.with_suffix(".part")
        part.write_bytes(addresses.encode() + content)
        part.rename(path)
        self.files.append(path)
        while len(self.files) > self.count:
            self.files.popleft().unlink(missing_ok=True)
        return "250 kept"


async def serve(port: int, folder: Path, count: int) -> None:
    """Takes mails until SIGTERM."""
    loop, sink, stopped = asyncio.get_running_loop(), Sink(folder, count), asyncio.Event()
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
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
