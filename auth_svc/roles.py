"""What users may do, and who decided it."""

from collections.abc import Sequence
from uuid import UUID

from auth_svc.notices import Notices
from auth_svc.sessions import Sessions
from auth_svc.store.roles import Change, RoleStore
from mesh import clock, idempotency, paging
from mesh.database import Connection, Database, Row
from mesh.errors import FailedPrecondition, NotFound

USER = 0
LATEST = UUID(int=2**128 - 1)


class Roles:
    """Permissions, and who is super."""

    def __init__(self, database: Database, store: RoleStore, sessions: Sessions, notices: Notices) -> None:
        self.database = database
        self.store = store
        self.sessions = sessions
        self.notices = notices

    async def set(self, actor_id: UUID, user_id: UUID, permissions: list[int], is_super: bool | None) -> Row:
        """The user, with these permissions; whoever loses some is signed out, so that his tokens end, too.

        Raises NotFound (USER_NOT_FOUND), FailedPrecondition (LAST_SUPER).
        """
        async with idempotency.claiming(self.database) as connection:
            supers = await self.store.lock_supers(connection)
            before = await self.store.lock(connection, user_id)
            if before is None:
                raise NotFound("USER_NOT_FOUND", "there is no such user")
            granted = before.is_super if is_super is None else is_super
            if supers == [user_id] and not granted:
                raise FailedPrecondition("LAST_SUPER", "nobody would be super any more")
            after = await self.store.set(connection, user_id, sorted({USER, *permissions}), is_super=granted)
            await self.conclude(connection, actor_id, before, after)
            await idempotency.settle(connection, user_id)
        return after

    async def conclude(self, connection: Connection, actor_id: UUID, before: Row, after: Row) -> None:
        """Records what changed, if anything did; ends what must not go on, and tells the user."""
        changes = [change for change in differences(actor_id, before, after) if change.before != change.after]
        for change in changes:
            await self.store.record(connection, change, clock.now())
        if before.is_super > after.is_super or not set(before.permissions) <= set(after.permissions):
            await self.sessions.end_all(connection, after.id)
        if changes:
            detail = ", ".join(f"{change.subject}: {change.after}" for change in changes)
            await self.notices.tell(connection, "roles_changed", after.id, detail=detail)

    async def list_changes(self, user_id: UUID | None, page_size: int, page_token: str) -> tuple[Sequence[Row], str]:
        """A page of changes, newest first, and the next page's token. Raises InvalidArgument (INVALID_PAGE_TOKEN)."""
        scope = ("role_changes", user_id)
        size = paging.page_size(page_size)
        before = paging.decode_id(page_token, *scope) or LATEST
        rows = await self.store.list(user_id, before, size + 1)
        return paging.cut(rows, size, lambda last: paging.encode_id(last.id, *scope))


def differences(actor_id: UUID, before: Row, after: Row) -> list[Change]:
    """What somebody made of somebody's roles."""
    return [
        Change(actor_id, after.id, "permissions", str(list(before.permissions)), str(list(after.permissions))),
        Change(actor_id, after.id, "is_super", str(before.is_super).lower(), str(after.is_super).lower()),
    ]
