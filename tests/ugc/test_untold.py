"""Who is blocked cannot tell it from being ignored: one history, with a block and without, reads the same to him."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.people import Person, ok
from tests.ugc.lists import outgoing

NewPerson = Callable[..., Awaitable[Person]]
STEPS = 16
BEFORE = {
    "nothing": [],
    "the guest follows and asks": [("guest", "follow"), ("guest", "ask")],
    "the host follows and asks": [("host", "follow"), ("host", "ask")],
    "friends": [("guest", "ask"), ("host", "accept"), ("guest", "follow"), ("host", "follow")],
    "blocked by the guest": [("guest", "block")],
}
"""Who had begun what when one blocks the other; it seeds what the other does then, too."""
MOVES = {
    "follow": ("PUT", "/ugc/v1/following/{}"),
    "unfollow": ("DELETE", "/ugc/v1/following/{}"),
    "ask": ("PUT", "/ugc/v1/friend_requests/{}"),
    "accept": ("POST", "/ugc/v1/friend_requests/{}/accept"),
    "end the request": ("DELETE", "/ugc/v1/friend_requests/{}"),
    "unfriend": ("DELETE", "/ugc/v1/friends/{}"),
    "block": ("PUT", "/ugc/v1/block/{}"),
    "unblock": ("DELETE", "/ugc/v1/block/{}"),
}
READS = (
    "followers/{}",
    "following",
    "friends",
    "friend_requests",
    "friend_requests?filter[direction]=outgoing",
    "blocks",
)


async def move(person: Person, what: str, other: Person) -> tuple[int, str]:
    """Does something to another; what the answer says, without names."""
    method, path = MOVES[what]
    answer = await person.call(method, path.format(other.id))
    return answer.status_code, answer.text.replace(other.id, "other")


async def view(person: Person, other: Person) -> list[Any]:
    """All that a person can read of himself and another, without names."""
    names = {person.id: "I", other.id: "other"}
    answers = await asyncio.gather(*(person.get(f"/ugc/v1/{path.format(other.id)}") for path in READS))
    return [[names[each] for each in ok(answer)] for answer in answers]


async def ignore(person: Person, other: Person) -> None:
    """Ends what one began oneself, and from now on does nothing."""
    await move(person, "unfollow", other)
    await move(person, "unfriend", other)
    if other.id in await outgoing(person):
        await move(person, "end the request", other)


async def history(before: str, host: Person, guest: Person, *, blocks: bool) -> list[Any]:
    """All that the guest is answered, and sees after each step, from when the host blocks or ignores him on."""
    chance = random.Random(before)
    for begins, what in BEFORE[before]:
        await (move(host, what, guest) if begins == "host" else move(guest, what, host))
    await (move(host, "block", guest) if blocks else ignore(host, guest))
    told: list[Any] = [await view(guest, host)]
    for step in range(STEPS):
        if step == STEPS // 2 and blocks:
            await move(host, "unblock", guest)
        told.append(await move(guest, chance.choice([*MOVES, "follow", "ask", "accept"]), host))
        told.append(await view(guest, host))
    return told


@pytest.mark.parametrize("before", BEFORE)
async def test_a_block_reads_like_being_ignored(new_person: NewPerson, before: str) -> None:
    one, other, third, fourth = await asyncio.gather(*(new_person() for _ in range(4)))
    blocked, ignored = await asyncio.gather(
        history(before, one, other, blocks=True), history(before, third, fourth, blocks=False)
    )
    assert blocked == ignored
