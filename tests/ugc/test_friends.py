"""Friends are both ways."""

import asyncio
import uuid

import grpc
import httpx
import pytest
from matinee.ugc.v1.people_pb2 import BatchCheckFriendsRequest
from matinee.ugc.v1.people_pb2_grpc import PeopleServiceStub

from tests.channels import refusal, signed
from tests.people import Person, ok, reason
from tests.ugc.lists import all_of, befriend, friends, incoming, outgoing


async def open_friends(people_inside: PeopleServiceStub, person: Person, *asked: Person) -> list[str]:
    """Which of these the booking service is told of."""
    request = BatchCheckFriendsRequest(person_id=person.id, user_ids=[each.id for each in asked])
    return list((await people_inside.BatchCheckFriends(request)).friend_ids)


async def show_evenings(person: Person, show: bool = True) -> None:
    """Lets a person's friends see where he goes, or no longer."""
    body = {"show_evenings_to_friends": show}
    assert ok(await person.put("/ugc/v1/privacy", body)) == body


async def test_a_request_is_seen_by_both(host: Person, guest: Person) -> None:
    for _ in range(2):
        assert ok(await guest.put(f"/ugc/v1/friend_requests/{host.id}")) == {}
    assert (await incoming(host), await outgoing(guest)) == ([guest.id], [host.id])


async def test_who_accepts_is_a_friend_of_who_asked(host: Person, guest: Person) -> None:
    ok(await guest.put(f"/ugc/v1/friend_requests/{host.id}"))
    assert await friends(host) == []
    for _ in range(2):
        assert ok(await host.post(f"/ugc/v1/friend_requests/{guest.id}/accept")) == {}
    assert (await friends(host), await friends(guest)) == ([guest.id], [host.id])
    assert (await incoming(host), await outgoing(guest)) == ([], [])


async def test_two_who_ask_each_other_are_friends(host: Person, guest: Person) -> None:
    await befriend(host, guest)
    assert (await friends(host), await friends(guest)) == ([guest.id], [host.id])
    assert (await outgoing(host), await outgoing(guest)) == ([], [])


async def test_requests_of_both_at_once_make_one_friendship(crowd: list[Person]) -> None:
    pairs = [(one, other) for one in crowd for other in crowd if one is not other]
    for answer in await asyncio.gather(*(one.put(f"/ugc/v1/friend_requests/{other.id}") for one, other in pairs)):
        assert ok(answer) == {}
    for person in crowd:
        assert sorted(await friends(person)) == sorted(other.id for other in crowd if other is not person)
        assert (await incoming(person), await outgoing(person)) == ([], [])


async def test_nobody_accepts_what_was_not_asked(host: Person, guest: Person) -> None:
    ok(await guest.put(f"/ugc/v1/friend_requests/{host.id}"))
    answer = await guest.post(f"/ugc/v1/friend_requests/{host.id}/accept")
    assert reason(answer) == (404, "FRIEND_REQUEST_NOT_FOUND")


async def test_an_acceptance_racing_with_the_end_of_the_request_leaves_friends_or_nothing(
    host: Person, guest: Person
) -> None:
    for _ in range(5):
        ok(await guest.put(f"/ugc/v1/friend_requests/{host.id}"))
        accepted, ended = await asyncio.gather(
            host.post(f"/ugc/v1/friend_requests/{guest.id}/accept"),
            guest.delete(f"/ugc/v1/friend_requests/{host.id}"),
        )
        assert ok(ended) == {}
        assert await friends(guest) == ([host.id] if accepted.status_code == 200 else [])
        assert await incoming(host) == []
        ok(await guest.delete(f"/ugc/v1/friends/{host.id}"))


@pytest.mark.parametrize("ended_by_sender", [True, False], ids=["taken back", "declined"])
async def test_a_request_that_ends_makes_no_friends(host: Person, guest: Person, ended_by_sender: bool) -> None:
    ok(await guest.put(f"/ugc/v1/friend_requests/{host.id}"))
    one, other = (guest, host) if ended_by_sender else (host, guest)
    for _ in range(2):
        assert ok(await one.delete(f"/ugc/v1/friend_requests/{other.id}")) == {}
    assert (await incoming(host), await outgoing(guest), await friends(host)) == ([], [], [])


async def test_asking_a_friend_changes_nothing(host: Person, guest: Person) -> None:
    await befriend(host, guest)
    assert ok(await guest.put(f"/ugc/v1/friend_requests/{host.id}")) == {}
    assert (await friends(guest), await incoming(host)) == ([host.id], [])


async def test_a_friendship_ends_for_both(host: Person, guest: Person) -> None:
    await befriend(host, guest)
    for _ in range(2):
        assert ok(await host.delete(f"/ugc/v1/friends/{guest.id}")) == {}
    assert (await friends(host), await friends(guest)) == ([], [])


async def test_two_who_follow_each_other_are_no_friends(host: Person, guest: Person) -> None:
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    ok(await host.put(f"/ugc/v1/following/{guest.id}"))
    assert await friends(host) == []


async def test_nobody_befriends_himself(guest: Person) -> None:
    assert reason(await guest.put(f"/ugc/v1/friend_requests/{guest.id}")) == (400, "SELF_REFERENCE")


async def test_nobody_befriends_whom_there_is_not(guest: Person) -> None:
    assert reason(await guest.put(f"/ugc/v1/friend_requests/{uuid.uuid4()}")) == (404, "USER_NOT_FOUND")


async def test_friends_are_paged_oldest_first_without_gaps(host: Person, crowd: list[Person]) -> None:
    for number, friend in enumerate(crowd):
        await befriend(*((host, friend) if number % 2 else (friend, host)))
    assert await all_of(host, "/ugc/v1/friends", page_size=5) == [friend.id for friend in crowd]


async def test_requests_are_paged_oldest_first_without_gaps(host: Person, crowd: list[Person]) -> None:
    for sender in crowd:
        ok(await sender.put(f"/ugc/v1/friend_requests/{host.id}"))
    assert await all_of(host, "/ugc/v1/friend_requests", page_size=5) == [sender.id for sender in crowd]


async def test_a_page_token_of_incoming_requests_is_refused_by_the_outgoing(host: Person, crowd: list[Person]) -> None:
    for sender in crowd[:2]:
        ok(await sender.put(f"/ugc/v1/friend_requests/{host.id}"))
    token = (await host.get("/ugc/v1/friend_requests?page_size=1")).headers["x-next-page-token"]
    answer = await host.get(f"/ugc/v1/friend_requests?filter[direction]=outgoing&page_token={token}")
    assert reason(answer) == (400, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize("path", ["friends", "friend_requests", "following", "blocks", "subscriptions", "privacy"])
async def test_lists_are_not_for_strangers(http: httpx.AsyncClient, path: str) -> None:
    assert reason(await http.get(f"/ugc/v1/{path}")) == (401, "TOKEN_MISSING")


async def test_nobody_shows_his_evenings_until_he_says_so(
    people_inside: PeopleServiceStub, host: Person, guest: Person
) -> None:
    await befriend(host, guest)
    assert ok(await guest.get("/ugc/v1/privacy")) == {"show_evenings_to_friends": False}
    assert await open_friends(people_inside, host, guest) == []


async def test_a_service_learns_which_friends_show_their_evenings(
    people_inside: PeopleServiceStub, host: Person, crowd: list[Person]
) -> None:
    stranger, silent, *shown = crowd[:4]
    for person in (silent, *shown):
        await befriend(person, host)
    for person in (stranger, *shown):
        await show_evenings(person)
    found = await open_friends(people_inside, host, *crowd, shown[0])
    assert sorted(found) == sorted(person.id for person in shown)


async def test_who_shows_his_evenings_no_longer_is_no_longer_told_of(
    people_inside: PeopleServiceStub, host: Person, guest: Person
) -> None:
    await befriend(host, guest)
    await show_evenings(guest)
    await show_evenings(guest, False)
    assert await open_friends(people_inside, host, guest) == []


async def test_what_is_not_given_of_ones_privacy_stays(guest: Person) -> None:
    await show_evenings(guest)
    assert ok(await guest.put("/ugc/v1/privacy", {})) == {"show_evenings_to_friends": True}


async def test_a_person_does_not_learn_who_others_friends_are(
    people: PeopleServiceStub, host: Person, guest: Person
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await people.BatchCheckFriends(
            BatchCheckFriendsRequest(person_id=host.id, user_ids=[guest.id]), metadata=signed(guest)
        )
    assert refusal(error.value) == (grpc.StatusCode.PERMISSION_DENIED, "ACCESS_DENIED")
