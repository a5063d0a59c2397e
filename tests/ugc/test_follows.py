"""Who follows whom."""

import uuid

import grpc
import httpx
import pytest
from matinee.ugc.v1.ugc_pb2 import BatchCheckFollowingRequest, ListFollowersRequest, ListFollowingRequest
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceStub

from mesh import caller
from mesh.caller import Call, Caller
from tests.channels import refusal, signed
from tests.people import Person, ok, reason
from tests.ugc.lists import all_of
from ugc_svc import pages


async def test_following_twice_is_once(host: Person, guest: Person) -> None:
    for _ in range(2):
        assert ok(await guest.put(f"/ugc/v1/following/{host.id}")) == {}
    assert ok(await guest.get(f"/ugc/v1/followers/{host.id}")) == [guest.id]


async def test_who_unfollows_follows_no_longer(host: Person, guest: Person) -> None:
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    for _ in range(2):
        assert ok(await guest.delete(f"/ugc/v1/following/{host.id}")) == {}
    assert ok(await guest.get(f"/ugc/v1/followers/{host.id}")) == []


async def test_nobody_follows_himself(guest: Person) -> None:
    assert reason(await guest.put(f"/ugc/v1/following/{guest.id}")) == (400, "SELF_REFERENCE")


async def test_nobody_follows_whom_there_is_not(guest: Person) -> None:
    assert reason(await guest.put(f"/ugc/v1/following/{uuid.uuid4()}")) == (404, "USER_NOT_FOUND")


async def test_followers_are_paged_oldest_first_without_gaps(host: Person, crowd: list[Person]) -> None:
    for fan in crowd:
        ok(await fan.put(f"/ugc/v1/following/{host.id}"))
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        page = await host.get(f"/ugc/v1/followers/{host.id}?page_size=5&page_token={token}")
        found += ok(page)
        token = page.headers.get("x-next-page-token")
    assert found == [fan.id for fan in crowd]


@pytest.mark.parametrize("token", ["nonsense", "W10", "%00", "WyIiLCIiLCIiXQ"])
async def test_a_page_token_of_no_list_is_refused(host: Person, token: str) -> None:
    answer = await host.get(f"/ugc/v1/followers/{host.id}?page_token={token}")
    assert reason(answer) == (400, "INVALID_PAGE_TOKEN")


async def test_followers_are_not_for_strangers(http: httpx.AsyncClient, host: Person) -> None:
    assert reason(await http.get(f"/ugc/v1/followers/{host.id}")) == (401, "TOKEN_MISSING")


async def test_a_service_lists_followers_without_a_token(
    ugc_inside: UgcServiceStub, host: Person, guest: Person
) -> None:
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    page = await ugc_inside.ListFollowers(ListFollowersRequest(user_id=host.id, page_size=1000))
    assert list(page.user_ids) == [guest.id]


async def test_pages_are_longer_for_services() -> None:
    sizes = []
    for service in (None, "booking"):
        caller.begin(Call(caller=Caller(service=service)))
        sizes.append((pages.size(0), pages.size(500), pages.size(5000)))
    assert sizes == [(20, 100, 100), (20, 500, 1000)]


async def test_a_service_learns_whom_a_person_follows(
    ugc_inside: UgcServiceStub, host: Person, guest: Person, sudo: Person
) -> None:
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    request = BatchCheckFollowingRequest(follower_id=guest.id, user_ids=[host.id, sudo.id])
    assert list((await ugc_inside.BatchCheckFollowing(request)).followed_ids) == [host.id]


async def test_a_service_lists_whom_a_person_follows_longest_first(
    ugc_inside: UgcServiceStub, guest: Person, crowd: list[Person]
) -> None:
    for star in crowd:
        ok(await guest.put(f"/ugc/v1/following/{star.id}"))
    ok(await guest.delete(f"/ugc/v1/following/{crowd[3].id}"))
    found: list[str] = []
    request = ListFollowingRequest(user_id=guest.id, page_size=5)
    while not found or request.page_token:
        page = await ugc_inside.ListFollowing(request)
        found += page.user_ids
        request.page_token = page.next_page_token
    assert found == [star.id for star in crowd if star is not crowd[3]]


async def test_whom_one_follows_and_who_follows_one_are_two_lists(
    ugc_inside: UgcServiceStub, host: Person, guest: Person
) -> None:
    ok(await guest.put(f"/ugc/v1/following/{host.id}"))
    for person, followed in ((guest, [host.id]), (host, [])):
        assert list((await ugc_inside.ListFollowing(ListFollowingRequest(user_id=person.id))).user_ids) == followed


async def test_a_page_token_of_the_followers_is_refused_by_the_followed(
    ugc_inside: UgcServiceStub, host: Person, crowd: list[Person]
) -> None:
    for fan in crowd[:2]:
        ok(await fan.put(f"/ugc/v1/following/{host.id}"))
    first = await ugc_inside.ListFollowers(ListFollowersRequest(user_id=host.id, page_size=1))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await ugc_inside.ListFollowing(ListFollowingRequest(user_id=host.id, page_token=first.next_page_token))
    assert refusal(error.value) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


async def test_a_person_does_not_learn_whom_others_follow(ugc: UgcServiceStub, host: Person, guest: Person) -> None:
    calls = (
        ugc.BatchCheckFollowing(BatchCheckFollowingRequest(follower_id=host.id), metadata=signed(guest)),
        ugc.ListFollowing(ListFollowingRequest(user_id=host.id), metadata=signed(guest)),
    )
    for call in calls:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call
        assert refusal(error.value) == (grpc.StatusCode.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_whom_one_follows_is_listed_longest_first(guest: Person, crowd: list[Person]) -> None:
    for star in (*crowd, crowd[0]):
        ok(await guest.put(f"/ugc/v1/following/{star.id}"))
    assert await all_of(guest, "/ugc/v1/following", page_size=5) == [star.id for star in crowd]
