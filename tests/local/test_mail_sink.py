"""The mail sink: keeps the newest mails, each with the address that it went to."""

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.home import ROOT
from local.mail import read
from local.ports import is_free, reserved_block

SECONDS = 20.0
KEPT = 2


@contextmanager
def sink(folder: Path) -> Iterator[int]:
    """A sink of its own, and its port."""
    with reserved_block() as port:
        command = [sys.executable, "-m", "local.mail_sink", str(port), str(folder), str(KEPT)]
        with subprocess.Popen(command, cwd=ROOT) as process:
            try:
                deadline = time.monotonic() + SECONDS
                while is_free(port):
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
                yield port
            finally:
                process.terminate()


@pytest.mark.parametrize("count", [1, KEPT, KEPT + 1])
def test_the_newest_mails_are_kept(tmp_path: Path, count: int) -> None:
    with sink(tmp_path) as port, smtplib.SMTP("127.0.0.1", port, timeout=SECONDS) as client:
        for number in range(count):
            mail = f"To: somebody@example.com\r\nSubject: {number}\r\n\r\nHello\r\n"
            client.sendmail("us@example.com", [f"reader-{number}@example.com"], mail)
        found = [read(path) for path in sorted(tmp_path.iterdir())]
    expected = [(str(number), f"reader-{number}@example.com") for number in range(count)][-KEPT:]
    assert [(str(mail["subject"]), str(mail["delivered-to"])) for mail in found] == expected
