"""When lines of the log are written."""

import asyncio
import subprocess
import sys

import orjson
import pytest

PROGRAM = """
import asyncio, os, signal
from mesh import logs
logs.configure("service", "INFO")
async def live():
    logs.logger().info("first")
    {then}
asyncio.run(live())
"""


async def events(then: str) -> list[str]:
    """What the lines of a process tell that does this after its first one."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM.format(then=then)), stdout=subprocess.PIPE
    )
    told, _ = await program.communicate()
    return [orjson.loads(line)["event"] for line in told.splitlines()]


@pytest.mark.parametrize("end", ["pass", "raise SystemExit(1)", "await asyncio.sleep(0.2)"])
async def test_lines_of_a_process_that_ends_are_written(end: str) -> None:
    assert await events(end) == ["first"]


async def test_trouble_is_told_at_once_behind_what_came_before_it() -> None:
    then = 'logs.logger().warning("second"); os.kill(os.getpid(), signal.SIGKILL)'
    assert await events(then) == ["first", "second"]


async def test_line_does_not_wait_for_another_one() -> None:
    then = "await asyncio.sleep(1); os.kill(os.getpid(), signal.SIGKILL)"
    assert await events(then) == ["first"]
