"""Work that a process does again and again beside its server."""

import asyncio
from collections.abc import Awaitable, Callable

from mesh import caller, metrics
from mesh.errors import Unavailable
from mesh.logs import logger


async def every(seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Does it so many seconds after it was done before, for as long as the process lives. What fails is tried again."""
    caller.begin(caller.Call(request_id=name))
    finished, failures = metrics.FINISHED.labels(name), metrics.FAILURES.labels(name)
    # What never goes well is late from the start on.
    finished.set_to_current_time()
    while True:
        try:
            await work()
            finished.set_to_current_time()
        except Unavailable as error:
            failures.inc()
            logger().warning("periodic work waits", work=name, problem=error.message)
        except Exception:
            failures.inc()
            logger().exception("periodic work failed", work=name)
        await asyncio.sleep(seconds)
