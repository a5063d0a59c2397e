"""Lists of ids as a person reads them."""

from tests.people import Person, ok


async def all_of(person: Person, path: str, page_size: int = 100) -> list[str]:
    """Every id of a list, page by page."""
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        joint = "&" if "?" in path else "?"
        page = await person.get(f"{path}{joint}page_size={page_size}&page_token={token}")
        found += ok(page)
        token = page.headers.get("x-next-page-token")
    return found


async def friends(person: Person) -> list[str]:
    """Whose friend a person is."""
    return await all_of(person, "/ugc/v1/friends")


async def incoming(person: Person) -> list[str]:
    """Who asks a person to be friends."""
    return await all_of(person, "/ugc/v1/friend_requests")


async def outgoing(person: Person) -> list[str]:
    """Whom a person asks to be friends."""
    return await all_of(person, "/ugc/v1/friend_requests?filter[direction]=outgoing")


async def befriend(one: Person, other: Person) -> None:
    """Makes two people friends."""
    for person, friend in ((one, other), (other, one)):
        ok(await person.put(f"/ugc/v1/friend_requests/{friend.id}"))
