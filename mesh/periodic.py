"""Work that a process does again and again beside its server."""

import asyncio
from collections.abc import Awaitable, Callable

from mesh import caller
from mesh.errors import Unavailable
from mesh.logs import logger


async def every(seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Does it so many seconds after it was done before, for as long as the process lives. What fails is tried again."""
    caller.begin(caller.Call(request_id=name))
    while True:
        try:
            await work()
        except Unavailable as error:
            logger().warning("periodic work waits", work=name, problem=error.message)
        except Exception:
            logger().exception("periodic work failed", work=name)
        await asyncio.sleep(seconds)
