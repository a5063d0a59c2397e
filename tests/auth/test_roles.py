"""What people may do is decided by super, recorded, and holds at once."""

import secrets
import uuid
from typing import Any

import asyncpg
import pytest

from local.mesh import Mesh
from tests.auth.mailbox import subjects
from tests.auth.signing import Tokens, login, refresh, until_revoked
from tests.people import Person, ok, reason


async def permit(by: Person, whom: Person, permissions: list[int], **roles: bool) -> Any:
    return ok(await by.put(f"/auth/v1/permissions/{whom.id}", {"permissions": permissions, **roles}))


async def changes(sudo: Person, person: Person) -> list[tuple[str, str, str, str]]:
    """What was recorded of somebody, oldest first."""
    rows = ok(await sudo.get(f"/auth/v1/role_changes?filter[user]={person.id}"))
    return [(row["actor_id"], row["subject"], row["before"], row["after"]) for row in reversed(rows)]


async def test_granted_permissions_are_in_the_next_token(sudo: Person, guest: Person) -> None:
    given = await login(guest)
    assert (await permit(sudo, guest, [3]))["permissions"] == [0, 3]
    assert Tokens.of(await refresh(guest, given.refresh)).claims["permissions"] == [0, 3]


async def test_who_loses_a_permission_is_signed_out_at_once(sudo: Person, guest: Person) -> None:
    await permit(sudo, guest, [3])
    given = await login(guest)
    guest.token = given.access
    ok(await guest.get("/notify/v1/deliveries"))
    await permit(sudo, guest, [])
    await until_revoked(guest, "/notify/v1/inbox")
    assert reason(await refresh(guest, given.refresh)) == (401, "REFRESH_TOKEN_INVALID")


async def test_change_is_recorded_and_told(mesh: Mesh, sudo: Person, guest: Person) -> None:
    await permit(sudo, guest, [3], is_super=True)
    await permit(sudo, guest, [3], is_super=True)
    await permit(sudo, guest, [], is_super=False)
    assert await changes(sudo, guest) == [
        (sudo.id, "permissions", "[0]", "[0, 3]"),
        (sudo.id, "is_super", "false", "true"),
        (sudo.id, "permissions", "[0, 3]", "[0]"),
        (sudo.id, "is_super", "true", "false"),
    ]
    assert (await subjects(mesh, guest, 3)).count("What you may do has changed") == 2


async def test_super_that_is_not_given_stays(sudo: Person, guest: Person) -> None:
    await permit(sudo, guest, [], is_super=True)
    assert (await permit(sudo, guest, [1]))["is_super"] is True
    await permit(sudo, guest, [], is_super=False)


async def test_groups_begin_with_their_first_member_and_changes_are_recorded(sudo: Person, guest: Person) -> None:
    group = f"club-{secrets.token_hex(6)}"
    for method in ("PUT", "PUT", "DELETE", "DELETE"):
        ok(await sudo.call(method, f"/auth/v1/user_group/{group}/{guest.id}"))
        members = ok(await guest.get(f"/auth/v1/user_group/{group}"))
        assert members == ([guest.id] if method == "PUT" else [])
    own = (sudo.id, f"group:{group}")
    assert await changes(sudo, guest) == [(*own, "out", "in"), (*own, "in", "out")]


@pytest.mark.parametrize("statement", ["UPDATE role_changes SET after = ''", "DELETE FROM role_changes"])
async def test_record_cannot_be_changed(sudo: Person, database: "asyncpg.Connection", statement: str) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await database.execute(statement)


async def test_record_is_paged(sudo: Person, guest: Person) -> None:
    for permission in (1, 2, 3):
        await permit(sudo, guest, [permission])
    path = f"/auth/v1/role_changes?filter[user]={guest.id}&page_size=2"
    first = await sudo.get(path)
    second = await sudo.get(f"{path}&page_token={first.headers['x-next-page-token']}")
    assert [row["after"] for row in (*ok(first), *ok(second))] == ["[0, 3]", "[0, 2]", "[0, 1]"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/auth/v1/permissions/{id}"),
        ("PUT", "/auth/v1/user_group/hosts/{id}"),
        ("DELETE", "/auth/v1/user_group/hosts/{id}"),
        ("GET", "/auth/v1/role_changes"),
    ],
)
async def test_only_super_decides(guest: Person, method: str, path: str) -> None:
    answer = await guest.call(method, path.format(id=guest.id))
    assert reason(answer) == (403, "ACCESS_DENIED")


@pytest.mark.parametrize("path", ["/auth/v1/permissions/{id}", "/auth/v1/user_group/hosts/{id}"])
async def test_nobody_gets_no_role(sudo: Person, path: str) -> None:
    assert reason(await sudo.put(path.format(id=uuid.uuid4()), {})) == (404, "USER_NOT_FOUND")
