"""Groups of people; the sample data has two."""

from auth_svc.tokens import PEOPLE
from tests.people import Person, ok, reason

HOSTS = {str(PEOPLE["author"]), str(PEOPLE["user"])}


async def test_members_are_listed(guest: Person) -> None:
    assert set(ok(await guest.post("/auth/v1/user_group/hosts"))) == HOSTS


async def test_pages_hold_every_member_once(guest: Person) -> None:
    first = await guest.get("/auth/v1/user_group/hosts", params={"page_size": 1})
    token = first.headers["x-next-page-token"]
    second = await guest.get("/auth/v1/user_group/hosts", params={"page_size": 1, "page_token": token})
    assert "x-next-page-token" not in second.headers
    assert {*ok(first), *ok(second)} == HOSTS


async def test_token_of_another_group_is_refused(guest: Person) -> None:
    token = (await guest.get("/auth/v1/user_group/hosts", params={"page_size": 1})).headers["x-next-page-token"]
    refused = await guest.get("/auth/v1/user_group/moderators", params={"page_token": token})
    assert reason(refused) == (400, "INVALID_PAGE_TOKEN")


async def test_unknown_group_is_not_found(guest: Person) -> None:
    assert reason(await guest.get("/auth/v1/user_group/nobody-ever")) == (404, "GROUP_NOT_FOUND")
