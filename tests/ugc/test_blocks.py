"""Who blocks a person is rid of him, and the blocked person is told nothing."""

import asyncio
import uuid
from typing import Any

import pytest
from matinee.ugc.v1.people_pb2 import BatchCheckFriendsRequest
from matinee.ugc.v1.people_pb2_grpc import PeopleServiceStub
from matinee.ugc.v1.ugc_pb2 import BatchCheckFollowingRequest, ListFollowersRequest, ListFollowingRequest
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceStub

from tests.people import Person, ok, reason
from tests.ugc.lists import all_of, befriend, friends, incoming, outgoing


async def follow(follower: Person, followed: Person) -> None:
    """Once more if need be."""
    assert ok(await follower.put(f"/ugc/v1/following/{followed.id}")) == {}


async def ask(sender: Person, receiver: Person) -> None:
    """Sends a friend request."""
    assert ok(await sender.put(f"/ugc/v1/friend_requests/{receiver.id}")) == {}


async def block(blocker: Person, blocked: Person) -> None:
    """And booking knows."""
    answer = await blocker.put(f"/ugc/v1/block/{blocked.id}")
    assert (ok(answer), answer.headers.get("x-degraded")) == ({}, None)


async def unblock(blocker: Person, blocked: Person) -> None:
    """And booking knows."""
    answer = await blocker.delete(f"/ugc/v1/block/{blocked.id}")
    assert (ok(answer), answer.headers.get("x-degraded")) == ({}, None)


async def following(person: Person) -> list[str]:
    """Whom a person follows, as he sees it."""
    return await all_of(person, "/ugc/v1/following")


async def followers(person: Person, viewer: Person) -> list[str]:
    """Who follows a person, as another sees it."""
    return await all_of(viewer, f"/ugc/v1/followers/{person.id}")


async def test_blocking_twice_is_once(host: Person, guest: Person) -> None:
    for _ in range(2):
        await block(host, guest)
    assert await all_of(host, "/ugc/v1/blocks") == [guest.id]


async def test_who_is_blocked_no_longer_is_no_longer_listed(host: Person, guest: Person) -> None:
    await block(host, guest)
    for _ in range(2):
        await unblock(host, guest)
    assert await all_of(host, "/ugc/v1/blocks") == []


async def test_who_is_blocked_is_not_told_by_his_own_list(host: Person, guest: Person) -> None:
    await block(host, guest)
    assert await all_of(guest, "/ugc/v1/blocks") == []


async def test_nobody_blocks_himself(guest: Person) -> None:
    assert reason(await guest.put(f"/ugc/v1/block/{guest.id}")) == (400, "SELF_REFERENCE")


async def test_nobody_blocks_whom_there_is_not(guest: Person) -> None:
    assert reason(await guest.put(f"/ugc/v1/block/{uuid.uuid4()}")) == (404, "USER_NOT_FOUND")


async def test_blocked_people_are_paged_longest_first_without_gaps(host: Person, crowd: list[Person]) -> None:
    for person in (*crowd, crowd[4]):
        await block(host, person)
    await unblock(host, crowd[3])
    await unblock(host, crowd[0])
    await block(host, crowd[0])
    expected = [person.id for person in (*crowd[1:3], *crowd[4:], crowd[0])]
    assert await all_of(host, "/ugc/v1/blocks", page_size=4) == expected


async def test_a_block_ends_the_friendship_of_both(host: Person, guest: Person) -> None:
    await befriend(host, guest)
    await block(host, guest)
    assert (await friends(host), await friends(guest)) == ([], [])


async def test_a_block_ends_what_the_blocker_began(host: Person, guest: Person) -> None:
    await follow(host, guest)
    await ask(host, guest)
    await block(host, guest)
    assert (await following(host), await outgoing(host)) == ([], [])
    assert (await followers(guest, guest), await incoming(guest)) == ([], [])


@pytest.mark.parametrize("blocked_first", [True, False], ids=["begun later", "begun before"])
async def test_what_the_blocked_person_begins_is_seen_by_himself_alone(
    ugc_inside: UgcServiceStub, host: Person, guest: Person, crowd: list[Person], blocked_first: bool
) -> None:
    await follow(crowd[0], host)
    if blocked_first:
        await block(host, guest)
    await follow(guest, host)
    await ask(guest, host)
    if not blocked_first:
        await block(host, guest)
    assert (await following(guest), await outgoing(guest)) == ([host.id], [host.id])
    assert await followers(host, guest) == [crowd[0].id, guest.id]
    for viewer in (host, crowd[1]):
        assert await followers(host, viewer) == [crowd[0].id]
    assert await incoming(host) == []
    assert list((await ugc_inside.ListFollowers(ListFollowersRequest(user_id=host.id))).user_ids) == [crowd[0].id]


async def test_a_service_does_not_take_a_blocked_person_for_a_follower(
    ugc_inside: UgcServiceStub, host: Person, guest: Person
) -> None:
    await follow(guest, host)
    await block(host, guest)
    asked = BatchCheckFollowingRequest(follower_id=guest.id, user_ids=[host.id])
    assert list((await ugc_inside.BatchCheckFollowing(asked)).followed_ids) == []
    assert list((await ugc_inside.ListFollowing(ListFollowingRequest(user_id=guest.id))).user_ids) == []


async def test_a_blocked_person_takes_back_what_he_alone_sees(host: Person, guest: Person) -> None:
    await block(host, guest)
    await follow(guest, host)
    await ask(guest, host)
    assert ok(await guest.delete(f"/ugc/v1/following/{host.id}")) == {}
    assert ok(await guest.delete(f"/ugc/v1/friend_requests/{host.id}")) == {}
    assert (await following(guest), await outgoing(guest)) == ([], [])


async def test_what_a_block_ended_stays_ended_after_it(host: Person, guest: Person) -> None:
    await befriend(host, guest)
    await follow(guest, host)
    await ask(guest, host)
    await block(host, guest)
    await ask(guest, host)
    await unblock(host, guest)
    assert (await friends(host), await incoming(host), await followers(host, host)) == ([], [], [])
    assert (await outgoing(guest), await following(guest)) == ([host.id], [host.id])


async def test_who_begins_again_after_the_block_is_seen(host: Person, guest: Person) -> None:
    await follow(guest, host)
    await block(host, guest)
    await ask(guest, host)
    await unblock(host, guest)
    await follow(guest, host)
    await ask(guest, host)
    assert (await incoming(host), await followers(host, host)) == ([guest.id], [guest.id])


async def test_who_asks_whom_he_blocked_before_finds_a_friend_in_who_asked_him_then(
    host: Person, guest: Person
) -> None:
    await block(host, guest)
    await ask(guest, host)
    await unblock(host, guest)
    await ask(host, guest)
    assert (await friends(host), await friends(guest)) == ([guest.id], [host.id])


async def test_nobody_accepts_a_request_that_he_does_not_see(host: Person, guest: Person) -> None:
    await block(host, guest)
    await ask(guest, host)
    answer = await host.post(f"/ugc/v1/friend_requests/{guest.id}/accept")
    assert reason(answer) == (404, "FRIEND_REQUEST_NOT_FOUND")


@pytest.mark.parametrize("path", ["following", "friend_requests"])
async def test_nobody_begins_anything_with_whom_he_blocks(host: Person, guest: Person, path: str) -> None:
    await block(host, guest)
    assert reason(await host.put(f"/ugc/v1/{path}/{guest.id}")) == (400, "PERSON_BLOCKED")


async def test_two_may_block_each_other(host: Person, guest: Person) -> None:
    await block(host, guest)
    await block(guest, host)
    await unblock(guest, host)
    await follow(guest, host)
    assert await followers(host, host) == []


async def test_a_friend_lost_by_a_block_is_not_told_of(
    people_inside: PeopleServiceStub, host: Person, guest: Person
) -> None:
    ok(await guest.put("/ugc/v1/privacy", {"show_evenings_to_friends": True}))
    await befriend(host, guest)
    await block(guest, host)
    asked = BatchCheckFriendsRequest(person_id=host.id, user_ids=[guest.id])
    assert list((await people_inside.BatchCheckFriends(asked)).friend_ids) == []


async def test_a_block_racing_with_a_follow_and_a_request_hides_both(host: Person, crowd: list[Person]) -> None:
    calls = [
        call
        for person in crowd
        for call in (
            person.put(f"/ugc/v1/following/{host.id}"),
            host.put(f"/ugc/v1/block/{person.id}"),
            person.put(f"/ugc/v1/friend_requests/{host.id}"),
        )
    ]
    for answer in await asyncio.gather(*calls):
        assert ok(answer) == {}
    assert (await followers(host, host), await incoming(host)) == ([], [])
    for person in crowd:
        assert (await following(person), await outgoing(person)) == ([host.id], [host.id])


async def test_a_block_racing_with_an_acceptance_leaves_no_friends(host: Person, crowd: list[Person]) -> None:
    for person in crowd:
        await ask(host, person)
    calls = [
        call
        for person in crowd
        for call in (
            person.post(f"/ugc/v1/friend_requests/{host.id}/accept"),
            host.put(f"/ugc/v1/block/{person.id}"),
        )
    ]
    assert {answer.status_code for answer in await asyncio.gather(*calls)} <= {200, 404}
    assert await friends(host) == []


async def test_a_block_is_in_force_when_it_is_answered(host: Person, guest: Person, film: Any) -> None:
    path = f"/app/v1/announcement/{(await host.announce(film['id']))['id']}"
    for _ in range(3):
        await block(host, guest)
        assert reason(await guest.get(path)) == (404, "ANNOUNCEMENT_NOT_FOUND")
        await unblock(host, guest)
        ok(await guest.get(path))
