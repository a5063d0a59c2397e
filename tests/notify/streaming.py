"""A reader of the live stream, as a program reads server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.people import Person

STREAM = "/notify/v1/inbox/stream"


class Stream:
    """What has come so far, heartbeats and notices apart."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.notices: list[Any] = []
        self.ids: list[str] = []
        self.heartbeats = 0
        self.ended = False
        self.news = asyncio.Event()

    @property
    def titles(self) -> list[str]:
        """The titles without what the kind says first."""
        return [notice["title"].removeprefix("Accepted: ") for notice in self.notices]

    async def read(self) -> None:
        """Reads until the stream ends, however it does."""
        try:
            async for line in self.answer.aiter_lines():
                if line.startswith("id:"):
                    self.ids.append(line.removeprefix("id: "))
                elif line.startswith("data:"):
                    self.take(json.loads(line.removeprefix("data:")))
        except httpx.TransportError:
            pass
        finally:
            self.ended = True
            self.news.set()

    def take(self, message: Any) -> None:
        """Keeps a message."""
        if message["id"]:
            self.notices.append(message)
        else:
            self.heartbeats += 1
        self.news.set()

    async def until(self, count: int, seconds: float = 10) -> None:
        """Waits for so many notices."""
        await self.wait(lambda: len(self.notices) >= count, seconds)

    async def until_heartbeats(self, count: int, seconds: float = 10) -> None:
        """Waits for so many heartbeats."""
        await self.wait(lambda: self.heartbeats >= count, seconds)

    async def until_ended(self, seconds: float = 20) -> None:
        """Waits for the end."""
        await self.wait(lambda: self.ended, seconds)

    async def wait(self, happened: Any, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not happened():
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def streaming(person: Person, last_id: str = "", **headers: str) -> AsyncIterator[Stream]:
    """An open stream that has said so by its first heartbeat."""
    path = f"{STREAM}?last_id={last_id}" if last_id else STREAM
    headers = {"authorization": f"Bearer {person.token}", **headers}
    async with person.http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, (await answer.aread()).decode()
        stream = Stream(answer)
        reading = asyncio.create_task(stream.read())
        try:
            await stream.until_heartbeats(1)
            yield stream
        finally:
            reading.cancel()
            await asyncio.wait([reading])
