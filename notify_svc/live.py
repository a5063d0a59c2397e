"""The live stream: what is new in a person's inbox, sent as it comes.

A stream is a place in the inbox, nothing more: woken, it reads on from there, so no ring carries anything that could be
lost, and a slow reader piles nothing up. The inbox itself is the queue.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

from mesh.batch import Batcher
from mesh.database import Row
from mesh.errors import ResourceExhausted, Unavailable
from notify_svc.bell import Bell
from notify_svc.store.places import PlaceStore

PAGE = 50
TOGETHER = 200
"""Streams that read by one statement."""
BEGINNING = UUID(int=0)
POLL_SECONDS = 1.5
"""While the bell is out of order."""
LOOKS_PER_POLL = 10
"""While it works, one look in so many: a ring may be lost all the same."""


class Reader:
    """An open stream: where it is in its inbox, and whether there may be something behind."""

    __slots__ = ("place", "woken")

    def __init__(self) -> None:
        self.place = 0
        self.woken = asyncio.Event()


class Live:
    """All live streams of this process."""

    def __init__(self, store: PlaceStore, bell: Bell, heartbeat_seconds: float, streams_per_user: int) -> None:
        self.store = store
        self.bell = bell
        self.heartbeat_seconds = heartbeat_seconds
        self.streams_per_user = streams_per_user
        self.readers: dict[UUID, set[Reader]] = {}
        self.pages: Batcher[tuple[UUID, int], Sequence[Row]] = Batcher(self.read, limit=TOGETHER)
        bell.heard, bell.missed = self.wake, lambda: self.wake(list(self.readers))

    async def follow(self, recipient_id: UUID, last_id: UUID | None) -> AsyncGenerator[Row | None, None]:
        """A person's notices behind last_id, then each new one; None is a heartbeat, the first comes at once.

        Raises NotFound (NOTICE_NOT_FOUND), ResourceExhausted (TOO_MANY_STREAMS), Unavailable.
        """
        with self.reading(recipient_id) as reader:
            reader.place = await self.place_behind(recipient_id, last_id)
            yield None
            while True:
                # Before reading: what comes while we read wakes us again.
                reader.woken.clear()
                page = await self.pages.submit((recipient_id, reader.place))
                for notice in page:
                    reader.place = notice.place
                    yield notice
                if len(page) < PAGE and not await self.is_woken(reader):
                    yield None

    async def place_behind(self, recipient_id: UUID, last_id: UUID | None) -> int:
        """Where a stream begins. Raises NotFound (NOTICE_NOT_FOUND)."""
        if last_id is None:
            return (await self.store.last_places([recipient_id])).get(recipient_id, 0)
        return 0 if last_id == BEGINNING else await self.store.get_place(recipient_id, last_id)

    async def is_woken(self, reader: Reader) -> bool:
        """Waits for news; False when it is time for a heartbeat."""
        try:
            async with asyncio.timeout(self.heartbeat_seconds):
                await reader.woken.wait()
        except TimeoutError:
            return False
        return True

    @contextmanager
    def reading(self, recipient_id: UUID) -> Iterator[Reader]:
        """A reader who is woken for as long as he is here. Raises ResourceExhausted (TOO_MANY_STREAMS)."""
        readers = self.readers.setdefault(recipient_id, set())
        if len(readers) >= self.streams_per_user:
            raise ResourceExhausted("TOO_MANY_STREAMS", f"{len(readers)} streams are open already")
        reader = Reader()
        readers.add(reader)
        try:
            yield reader
        finally:
            readers.discard(reader)
            if not readers:
                self.readers.pop(recipient_id, None)

    def wake(self, people: Collection[UUID]) -> None:
        """Lets the streams of these people look."""
        for recipient_id in people:
            for reader in self.readers.get(recipient_id, ()):
                reader.woken.set()

    async def read(self, places: Sequence[tuple[UUID, int]]) -> Sequence[Sequence[Row]]:
        """The next page of each of many streams."""
        return await self.store.list_news(places, PAGE)

    async def look(self) -> None:
        """Finds out without the bell who has news, for as long as the process lives."""
        for number in range(1 << 62):
            await asyncio.sleep(POLL_SECONDS)
            if self.readers and (number % LOOKS_PER_POLL == 0 or self.bell.deaf or not await self.bell.answers()):
                with suppress(Unavailable):
                    await self.look_once()

    async def look_once(self) -> None:
        """Wakes those whose inbox has gone on."""
        last_places = await self.store.last_places(list(self.readers))
        for recipient_id, last_place in last_places.items():
            for reader in self.readers.get(recipient_id, ()):
                if reader.place < last_place:
                    reader.woken.set()
