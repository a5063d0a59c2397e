"""Whether this process serves, and why not: grpc.health tells everybody the one and members of the mesh both."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from grpc_health.v1 import health, health_pb2

from mesh import logs, metrics
from mesh.errors import BECAUSE_KEY
from mesh.interceptors import EDGE
from mesh.members import member_of

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
PROBE_SECONDS = 1.0
LONGEST = 500
Probe = Callable[[], Awaitable[object]]


class Health(health.aio.HealthServicer):  # type: ignore[misc]
    """The health service of a process that serves these names."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = ("", *names)
        self.because: str | None = None
        """Empty while it serves; None as long as nobody has looked."""
        self.looking: asyncio.Future[object] | None = None
        """A probe that has no answer yet."""

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Any) -> Any:
        """As the library's. The reason names hosts and ports: strangers, who come through the edge, do not get it."""
        if self.because and member_of(context) != EDGE:
            context.set_trailing_metadata(((BECAUSE_KEY, self.because),))
        return await super().Check(request, context)

    async def watch(self, probe: Probe | None) -> None:
        """Keeps it truthful: SERVING while the probe succeeds."""
        while True:
            await self.tell(await self.trouble(probe))
            await asyncio.sleep(PROBE_SECONDS)

    async def trouble(self, probe: Probe | None) -> str:
        """Why the process cannot serve right now, in ASCII on one line; empty if it can."""
        if probe is None:
            return ""
        if self.looking is None:
            self.looking = asyncio.ensure_future(probe())
        # Left to itself when it takes longer: to break off a question to a database that hangs takes many seconds.
        await asyncio.wait({self.looking}, timeout=2 * PROBE_SECONDS)
        if not self.looking.done():
            return f"the database has not answered for {2 * PROBE_SECONDS:.0f} seconds"
        looked, self.looking = self.looking, None
        error = looked.exception()
        return told(error) if error is not None else ""

    async def tell(self, because: str) -> None:
        """Says that the process does not serve, or, without a reason, that it does."""
        before, self.because = self.because, because
        if before is not None and bool(before) == bool(because):
            return
        # With the reason, or nobody finds out from outside why a new container does not become healthy.
        log, details = (logs.logger().warning, {"because": because}) if because else (logs.logger().info, {})
        log("health", status="NOT_SERVING" if because else "SERVING", **details)
        metrics.SERVING.set(not because)
        for name in self.names:
            await self.set(name, NOT_SERVING if because else SERVING)

    async def stop(self) -> None:
        """Says NOT_SERVING for good."""
        self.because = "it is stopping"
        metrics.SERVING.set(0)
        await self.enter_graceful_shutdown()


def told(error: BaseException) -> str:
    """An error with what is behind it."""
    cause = error.__cause__
    text = f"{error} ({type(cause).__name__}: {cause})" if cause else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:LONGEST].encode("ascii", "replace").decode()
