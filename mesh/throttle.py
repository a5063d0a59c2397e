"""How often something may be tried: a few times freely, then after delays that grow.

Counted in Redis for all processes of a service; while that does not answer, each process counts for itself.
"""

import time
from ipaddress import ip_address, ip_network
from math import ceil, log2
from typing import Literal, NamedTuple

import redis.asyncio
from cachetools import LRUCache

from mesh.errors import ResourceExhausted
from mesh.redis_client import FAILURES, Pause

COUNTED = 100_000
"""Most keys that a process counts by itself."""
IPV6_PREFIX = 64
"""What one subscriber has: he chooses the rest of the address as he likes."""
Mode = Literal["look", "take", "count"]
# A key holds how many tries are not forgotten yet, and when the last one was. As Limit.delay() and count_here().
SCRIPT = """
local free, longest, forget, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local known = redis.call('HMGET', KEYS[1], 'tries', 'last')
local tries, last = tonumber(known[1]) or 0, tonumber(known[2]) or now
local delay = 0
if tries > free then delay = math.min(longest, 2 ^ (tries - free - 1)) end
local wait = math.max(0, last + delay - now)
if ARGV[1] == 'count' or (ARGV[1] == 'take' and wait == 0) then
  tries = math.min(math.max(0, tries - (now - last) / forget) + 1, most)
  redis.call('HSET', KEYS[1], 'tries', tostring(tries), 'last', string.format('%.6f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil(tries * forget * 1000))
end
return tostring(wait)
"""


class Limit(NamedTuple):
    """`free` tries at once, then a delay after each: a second, two, four ... `longest`.

    A try is forgotten after `forget` seconds. With both the same this is a burst and a rate.
    """

    free: int
    longest: float
    forget: float

    def delay(self, tries: float) -> float:
        """Seconds to wait after the last of so many tries."""
        return min(self.longest, 2.0 ** (tries - self.free - 1)) if tries > self.free else 0.0

    @property
    def most(self) -> int:
        """Tries that are remembered: more would not make the delay longer, only its end later."""
        return self.free + 1 + max(0, ceil(log2(self.longest)))


class Throttle:
    """Tries of one service, by key."""

    def __init__(self, client: redis.asyncio.Redis, service: str) -> None:
        self.client = client
        self.prefix = f"throttle:{service}:"
        self.script = client.register_script(SCRIPT)
        self.here: LRUCache[str, tuple[float, float]] = LRUCache(COUNTED)
        self.pause = Pause()

    async def look(self, key: str, limit: Limit) -> None:
        """Raises ResourceExhausted (TOO_MANY_ATTEMPTS) if the next try has to wait. Counts nothing."""
        refuse(await self.ask("look", key, limit))

    async def take(self, key: str, limit: Limit) -> None:
        """Counts a try. Raises as look(), and counts none then."""
        refuse(await self.ask("take", key, limit))

    async def count(self, key: str, limit: Limit) -> None:
        """Counts a try that turned out to be a failure."""
        await self.ask("count", key, limit)

    async def forget(self, key: str) -> None:
        """Forgets what was tried."""
        self.here.pop(key, None)
        if not self.pause.is_on:
            try:
                await self.client.delete(self.prefix + key)
            except FAILURES:
                self.pause.begin()

    async def ask(self, mode: Mode, key: str, limit: Limit) -> float:
        """Seconds until the next try."""
        if not self.pause.is_on:
            try:
                return float(await self.script(keys=[self.prefix + key], args=[mode, *limit, limit.most]))
            except FAILURES:
                self.pause.begin()
        return self.count_here(mode, key, limit)

    def count_here(self, mode: Mode, key: str, limit: Limit) -> float:
        """As the script, in this process."""
        now = time.monotonic()
        tries, last = self.here.get(key, (0.0, now))
        wait = max(0.0, last + limit.delay(tries) - now)
        if mode == "count" or (mode == "take" and not wait):
            left = max(0.0, tries - (now - last) / limit.forget)
            self.here[key] = (min(left + 1, limit.most), now)
        return wait


def refuse(wait: float) -> None:
    """Raises ResourceExhausted (TOO_MANY_ATTEMPTS) unless there is nothing to wait for."""
    if wait:
        raise ResourceExhausted("TOO_MANY_ATTEMPTS", "too many attempts; wait a little", retry_seconds=ceil(wait))


def client_key(address: str) -> str:
    """Whom an address stands for: one of IPv6 for its whole network."""
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    if known.version == 4:
        return str(known)
    mapped = known.ipv4_mapped
    return str(mapped or ip_network((known, IPV6_PREFIX), strict=False).network_address)
