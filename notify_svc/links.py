"""Short links, and where they may lead."""

import re
from datetime import datetime
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from mesh import clock
from mesh.caller import Caller
from mesh.errors import Gone, InvalidArgument, NotFound
from notify_svc.store.links import LinkStore

LONGEST_TARGET = 2048
CODE = re.compile(r"[A-Za-z0-9_-]{10,64}")
# Parsers disagree about what these mean: a browser reads a backslash as a slash and drops tabs and line breaks.
UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\]|%(?![0-9A-Fa-f]{2})|%[01][0-9A-Fa-f]|%7[Ff]")
# Neither a user (user@host) nor anything else that reads differently somewhere.
AUTHORITY = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
PORTS = {"http": 80, "https": 443}
KEPT = "%/?:@!$&'()*+,;=-._~"
"""Characters that mean something in a path or a query and stay as they are; the rest is percent-encoded."""


class Links:
    """Short addresses of our own pages."""

    def __init__(self, store: LinkStore, public_url: str) -> None:
        self.store = store
        self.public_url = public_url
        self.home = place(urlsplit(public_url))

    async def shorten(self, url: str, expire_time: datetime | None, creator: Caller) -> str:
        """The short address of a URL, the same for the same URL that expires at the same time.

        Raises InvalidArgument (LINK_TARGET_NOT_ALLOWED; INVALID_FIELDS if it has expired already).
        """
        if expire_time is not None and expire_time <= clock.now():
            problem = "must be in the future"
            raise InvalidArgument("INVALID_FIELDS", f"expire_time {problem}", fields={"expire_time": problem})
        target = self.allowed(url, anywhere=creator.is_moderator)
        return self.address(await self.store.add(target, expire_time))

    async def follow(self, code: str) -> str:
        """The URL behind a code. Raises NotFound (LINK_NOT_FOUND), Gone (LINK_EXPIRED)."""
        link = await self.store.find(code) if CODE.fullmatch(code) else None
        if link is None:
            raise NotFound("LINK_NOT_FOUND", "there is no such link")
        if link.expire_time is not None and link.expire_time <= clock.now():
            raise Gone("LINK_EXPIRED", "this link has expired")
        return str(link.target)

    def address(self, code: str) -> str:
        """What people click."""
        return f"{self.public_url}/s/{code}"

    def allowed(self, url: str, *, anywhere: bool) -> str:
        """The URL as it is stored, in one spelling and in ASCII: it travels in a header."""
        if UNSAFE.search(url):
            raise not_allowed("it holds characters that have no place in an address")
        try:
            parts = urlsplit(url)
            here = place(parts)
        except ValueError:
            raise not_allowed("it is not an address") from None
        if parts.scheme not in PORTS or not AUTHORITY.fullmatch(parts.netloc):
            raise not_allowed("it must begin with http:// or https:// and a host")
        if not anywhere and here != self.home:
            raise not_allowed(f"it must begin with {self.public_url}")
        target = normalised(parts)
        if len(target) > LONGEST_TARGET:
            raise not_allowed(f"it is longer than {LONGEST_TARGET} characters")
        return target


def place(parts: SplitResult) -> tuple[str, int | None]:
    """The host and the port that a URL leads to. Raises ValueError if it has no proper port."""
    return parts.hostname or "", parts.port or PORTS.get(parts.scheme)


def normalised(parts: SplitResult) -> str:
    """A URL with lower-case scheme and host, and everything behind them in ASCII."""
    rest = (quote(part, safe=KEPT) for part in (parts.path or "/", parts.query, parts.fragment))
    return urlunsplit((parts.scheme, parts.netloc.lower(), *rest))


def not_allowed(why: str) -> InvalidArgument:
    """The refusal of a target."""
    return InvalidArgument("LINK_TARGET_NOT_ALLOWED", f"a short link may not lead there: {why}", fields={"url": why})
