"""Lists page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, Self, TypeVar


class Request(Protocol):
    """A question for a page of a list."""

    page_token: str

    def CopyFrom(self, other_msg: Self, /) -> None:
        """As a message's."""


class Page(Protocol):
    """An answer that may have a successor."""

    next_page_token: str


Asked = TypeVar("Asked", bound=Request)
Answered = TypeVar("Answered", bound=Page)


async def pages(rpc: Callable[[Asked], Awaitable[Answered]], request: Asked) -> AsyncIterator[Answered]:
    """All pages of a list, each asked for when the one before it was read. A page may be short or even empty."""
    asked = type(request)()
    asked.CopyFrom(request)
    while True:
        page = await rpc(asked)
        yield page
        if not page.next_page_token:
            return
        asked.page_token = page.next_page_token
