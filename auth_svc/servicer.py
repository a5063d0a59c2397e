"""AuthService: messages in, one domain call, messages out."""

from datetime import UTC
from uuid import UUID

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceServicer

from auth_svc import pages
from auth_svc.credentials import Credentials
from auth_svc.groups import Groups
from auth_svc.keys import Keys
from auth_svc.pages import Page
from auth_svc.roles import Roles
from auth_svc.schema import shows_private
from auth_svc.sessions import Pair, Sessions
from auth_svc.users import Users
from mesh import caller, idempotency
from mesh.database import Database, Row
from mesh.interceptors import Context
from mesh.keys import jwks
from mesh.revocations import Revoked

GIVEN = (
    "email",
    "name",
    "last_name",
    "phone_number",
    "telegram_name",
    "gender",
    "country",
    "time_zone",
    "birthday",
    "language",
)
VERIFY_PAGE = pages.page(pages.VERIFY, asks_password=False)
RESET_PAGE = pages.page(pages.RESET, asks_password=True)
TOKEN_CACHING = ("cache-control", "no-store")


class AuthServicer(AuthServiceServicer):
    """One method per RPC, in the proto's order."""

    def __init__(
        self,
        database: Database,
        users: Users,
        credentials: Credentials,
        sessions: Sessions,
        groups: Groups,
        roles: Roles,
        keys: Keys,
    ) -> None:
        self.database = database
        self.users = users
        self.credentials = credentials
        self.sessions = sessions
        self.groups = groups
        self.roles = roles
        self.keys = keys

    async def Register(self, request: auth_pb2.RegisterRequest, context: Context) -> auth_pb2.User:
        password, registered = request.password, False
        # A key keeps a fast hash of its request, which would make guessing easy; the account's own is a slow one.
        request.ClearField("password")

        async def act() -> auth_pb2.User:
            nonlocal registered
            user = await self.users.register(password, {field: getattr(request, field) for field in GIVEN})
            registered = True
            return to_proto(user, private=True)

        user = await idempotency.once(self.database, request, auth_pb2.User, act, self.profile)
        if not registered and not await self.users.has_password(UUID(user.user_id), password):
            raise idempotency.reused()
        return user

    async def Verify(self, request: auth_pb2.VerifyRequest, context: Context) -> Empty:
        await self.credentials.verify(request.token)
        return Empty()

    async def ShowVerify(self, request: Empty, context: Context) -> HttpBody:
        return shown(VERIFY_PAGE)

    async def ForgotPassword(self, request: auth_pb2.ForgotPasswordRequest, context: Context) -> Empty:
        await self.credentials.forgot(request.email.strip())
        return Empty()

    async def ResetPassword(self, request: auth_pb2.ResetPasswordRequest, context: Context) -> Empty:
        await self.credentials.reset(request.token, request.password)
        return Empty()

    async def ShowReset(self, request: Empty, context: Context) -> HttpBody:
        return shown(RESET_PAGE)

    async def ChangePassword(self, request: auth_pb2.ChangePasswordRequest, context: Context) -> Empty:
        user = caller.user()
        await self.credentials.change(caller.user_id(), request.old, request.new, user.session)
        return Empty()

    async def Login(self, request: auth_pb2.LoginRequest, context: Context) -> auth_pb2.Tokens:
        return self.tokens(await self.sessions.login(request.email.strip(), request.password))

    async def Refresh(self, request: auth_pb2.RefreshRequest, context: Context) -> auth_pb2.Tokens:
        return self.tokens(await self.sessions.refresh(request.refresh_token))

    async def Logout(self, request: auth_pb2.LogoutRequest, context: Context) -> Empty:
        await self.sessions.logout(request.refresh_token)
        return Empty()

    async def ListSessions(self, request: Empty, context: Context) -> auth_pb2.ListSessionsResponse:
        user = caller.user()
        sessions = await self.sessions.list(caller.user_id())
        return auth_pb2.ListSessionsResponse(
            sessions=[session_to_proto(session, current=session.id == user.session) for session in sessions]
        )

    async def EndSession(self, request: auth_pb2.EndSessionRequest, context: Context) -> Empty:
        await self.sessions.end(caller.user_id(), UUID(request.session_id))
        return Empty()

    async def EndOtherSessions(self, request: Empty, context: Context) -> Empty:
        await self.sessions.end_others(caller.user_id(), caller.user().session)
        return Empty()

    async def ListRevocations(
        self, request: auth_pb2.ListRevocationsRequest, context: Context
    ) -> auth_pb2.ListRevocationsResponse:
        since = request.since.ToDatetime(UTC) if request.HasField("since") else None
        revoked = await self.sessions.revoked(since)
        return auth_pb2.ListRevocationsResponse(revocations=[revocation_to_proto(each) for each in revoked])

    async def GetUser(self, request: auth_pb2.GetUserRequest, context: Context) -> auth_pb2.User:
        user = await self.users.get(UUID(request.user_id))
        return to_proto(user, private=shows_private(user, caller.current().caller))

    async def GetProfile(self, request: Empty, context: Context) -> auth_pb2.User:
        return await self.profile(caller.user_id())

    async def UpdateProfile(self, request: auth_pb2.UpdateProfileRequest, context: Context) -> auth_pb2.User:
        async def act() -> auth_pb2.User:
            given = {field.name: value for field, value in request.ListFields()}
            return to_proto(await self.users.update(caller.user_id(), given), private=True)

        return await idempotency.once(self.database, request, auth_pb2.User, act, self.profile)

    async def BatchGetUsers(
        self, request: auth_pb2.BatchGetUsersRequest, context: Context
    ) -> auth_pb2.BatchGetUsersResponse:
        users = await self.users.get_many({UUID(user_id) for user_id in request.user_ids})
        asks = caller.current().caller
        return auth_pb2.BatchGetUsersResponse(
            users=[to_proto(user, private=shows_private(user, asks)) for user in users]
        )

    async def ListGroupMembers(
        self, request: auth_pb2.ListGroupMembersRequest, context: Context
    ) -> auth_pb2.ListGroupMembersResponse:
        ids, token = await self.groups.list_members(request.group, request.page_size, request.page_token)
        return auth_pb2.ListGroupMembersResponse(user_ids=[str(user_id) for user_id in ids], next_page_token=token)

    async def AddGroupMember(self, request: auth_pb2.AddGroupMemberRequest, context: Context) -> Empty:
        group, user_id = request.group, UUID(request.user_id)
        return await idempotency.done_once(
            self.database, request, lambda: self.groups.add_member(caller.user_id(), group, user_id)
        )

    async def RemoveGroupMember(self, request: auth_pb2.RemoveGroupMemberRequest, context: Context) -> Empty:
        group, user_id = request.group, UUID(request.user_id)
        return await idempotency.done_once(
            self.database, request, lambda: self.groups.remove_member(caller.user_id(), group, user_id)
        )

    async def SetPermissions(self, request: auth_pb2.SetPermissionsRequest, context: Context) -> auth_pb2.User:
        is_super = request.is_super if request.HasField("is_super") else None

        async def act() -> auth_pb2.User:
            permissions = list(request.permissions)
            user = await self.roles.set(caller.user_id(), UUID(request.user_id), permissions, is_super)
            return to_proto(user, private=True)

        return await idempotency.once(self.database, request, auth_pb2.User, act, self.profile)

    async def ListRoleChanges(
        self, request: auth_pb2.ListRoleChangesRequest, context: Context
    ) -> auth_pb2.ListRoleChangesResponse:
        user_id = UUID(request.filter.user) if request.filter.user else None
        rows, token = await self.roles.list_changes(user_id, request.page_size, request.page_token)
        return auth_pb2.ListRoleChangesResponse(
            changes=[role_change_to_proto(row) for row in rows], next_page_token=token
        )

    async def GetJwks(self, request: Empty, context: Context) -> HttpBody:
        return jwks(await self.keys.key_set())

    async def profile(self, user_id: UUID) -> auth_pb2.User:
        """All of a user's profile, for himself or for super."""
        return to_proto(await self.users.get(user_id), private=True)

    def tokens(self, pair: Pair) -> auth_pb2.Tokens:
        """A session's tokens as a message."""
        access, refresh = pair
        caller.current().headers.append(TOKEN_CACHING)
        lifetime = int(self.sessions.access_lifetime.total_seconds())
        return auth_pb2.Tokens(access_token=access, refresh_token=refresh, token_type="Bearer", expires_in=lifetime)


def session_to_proto(session: Row, *, current: bool) -> auth_pb2.Session:
    """A session as a message."""
    return auth_pb2.Session(
        id=str(session.id),
        create_time=session.create_time,
        refresh_time=session.refresh_time,
        expire_time=session.expire_time,
        address=session.address,
        user_agent=session.user_agent,
        current=current,
    )


def revocation_to_proto(revoked: Revoked) -> auth_pb2.Revocation:
    """An ended session as a message."""
    message = auth_pb2.Revocation(session_id=str(revoked.session))
    message.end_time.FromDatetime(revoked.end_time)
    message.forget_time.FromDatetime(revoked.forget_time)
    return message


def to_proto(user: Row, *, private: bool) -> auth_pb2.User:
    """A user as a message, with or without what only he himself should see."""
    message = auth_pb2.User(
        user_id=str(user.id),
        name=user.name,
        last_name=user.last_name,
        telegram_name=user.telegram_name,
        gender=user.gender,
        country=user.country,
        time_zone=user.time_zone,
        delivery_type=user.delivery_type,
        language=user.language,
        since=f"{user.create_time:%Y-%m}",
    )
    if private:
        message.email = user.email
        message.phone_number = user.phone_number
        message.birthday = user.birthday.isoformat() if user.birthday else ""
        message.verified = user.verify_time is not None
        message.permissions.extend(user.permissions)
        message.is_super = user.is_super
    return message


def role_change_to_proto(change: Row) -> auth_pb2.RoleChange:
    """Somebody's doing as a message."""
    return auth_pb2.RoleChange(
        id=str(change.id),
        time=change.create_time,
        actor_id=str(change.actor_id),
        user_id=str(change.user_id),
        subject=change.subject,
        before=change.before,
        after=change.after,
    )


def shown(page: Page) -> HttpBody:
    """A page for a browser."""
    caller.current().headers.extend(page.headers)
    return HttpBody(content_type="text/html; charset=utf-8", data=page.html)
