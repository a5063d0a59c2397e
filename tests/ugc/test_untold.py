"""Who is blocked cannot tell it from being ignored: one history, with a block and without, reads the same to him."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.people import Person, ok
from tests.ugc.lists import outgoing

NewPerson = Callable[..., Awaitable[Person]]
STEPS = 25
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
    answers = [ok(await person.get(f"/ugc/v1/{path.format(other.id)}")) for path in READS]
    return [[names[each] for each in answer] for answer in answers]


async def ignore(person: Person, other: Person) -> None:
    """Ends what one began oneself, and from now on does nothing."""
    await move(person, "unfollow", other)
    await move(person, "unfriend", other)
    if other.id in await outgoing(person):
        await move(person, "end the request", other)


async def history(seed: int, host: Person, guest: Person, *, blocks: bool) -> list[Any]:
    """All that the guest is answered, and sees after each step; in the middle the host blocks or ignores him."""
    chance = random.Random(seed)
    told: list[Any] = []
    for step in range(STEPS):
        if step == STEPS // 3:
            await (move(host, "block", guest) if blocks else ignore(host, guest))
        if step == 2 * STEPS // 3 and blocks:
            await move(host, "unblock", guest)
        if step < STEPS // 3 and chance.random() < 0.5:
            await move(host, chance.choice(["follow", "ask", "accept"]), guest)
        else:
            told.append(await move(guest, chance.choice(list(MOVES)), host))
        told.append(await view(guest, host))
    return told


@pytest.mark.parametrize("seed", range(6))
async def test_a_block_reads_like_being_ignored(new_person: NewPerson, seed: int) -> None:
    one, other, third, fourth = await asyncio.gather(*(new_person() for _ in range(4)))
    blocked, ignored = await asyncio.gather(
        history(seed, one, other, blocks=True), history(seed, third, fourth, blocks=False)
    )
    assert blocked == ignored
