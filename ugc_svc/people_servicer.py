"""The RPCs of PeopleService."""

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from matinee.ugc.v1 import people_pb2 as pb
from matinee.ugc.v1.people_pb2_grpc import PeopleServiceServicer

from mesh import caller, idempotency
from mesh.database import Database
from mesh.interceptors import Context
from ugc_svc.blocks import Blocks
from ugc_svc.friends import Friends
from ugc_svc.store.privacy import PrivacyStore


class PeopleServicer(PeopleServiceServicer):
    """Answers for matinee.ugc.v1.PeopleService."""

    def __init__(self, database: Database, friends: Friends, privacy: PrivacyStore, blocks: Blocks) -> None:
        self.database = database
        self.friends = friends
        self.privacy = privacy
        self.blocks = blocks

    async def SendFriendRequest(self, request: pb.SendFriendRequestRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.friends.ask(caller.user_id(), UUID(request.user_id))

        return await idempotency.done_once(self.database, request, act)

    async def AcceptFriendRequest(self, request: pb.AcceptFriendRequestRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.friends.accept(caller.user_id(), UUID(request.user_id))

        return await idempotency.done_once(self.database, request, act)

    async def EndFriendRequest(self, request: pb.EndFriendRequestRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.friends.end_request(caller.user_id(), UUID(request.user_id))

        return await idempotency.done_once(self.database, request, act)

    async def ListFriendRequests(
        self, request: pb.ListFriendRequestsRequest, context: Context
    ) -> pb.ListFriendRequestsResponse:
        outgoing = request.filter.direction == pb.ListFriendRequestsRequest.outgoing
        ids, next_token = await self.friends.list_requests(
            caller.user_id(), request.page_size, request.page_token, outgoing=outgoing
        )
        return pb.ListFriendRequestsResponse(user_ids=map(str, ids), next_page_token=next_token)

    async def Unfriend(self, request: pb.UnfriendRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.friends.unfriend(caller.user_id(), UUID(request.user_id))

        return await idempotency.done_once(self.database, request, act)

    async def ListFriends(self, request: pb.ListFriendsRequest, context: Context) -> pb.ListFriendsResponse:
        ids, next_token = await self.friends.list_friends(caller.user_id(), request.page_size, request.page_token)
        return pb.ListFriendsResponse(user_ids=map(str, ids), next_page_token=next_token)

    async def BatchCheckFriends(
        self, request: pb.BatchCheckFriendsRequest, context: Context
    ) -> pb.BatchCheckFriendsResponse:
        people = [UUID(user_id) for user_id in request.user_ids]
        friends = await self.friends.list_open_among(UUID(request.person_id), people)
        return pb.BatchCheckFriendsResponse(friend_ids=map(str, friends))

    async def GetPrivacy(self, request: pb.GetPrivacyRequest, context: Context) -> pb.Privacy:
        return await self.privacy_of(caller.user_id())

    async def UpdatePrivacy(self, request: pb.UpdatePrivacyRequest, context: Context) -> pb.Privacy:
        async def act() -> pb.Privacy:
            show = request.show_evenings_to_friends if request.HasField("show_evenings_to_friends") else None
            shows = await self.privacy.change(caller.user_id(), show)
            return pb.Privacy(show_evenings_to_friends=shows)

        return await idempotency.once(self.database, request, pb.Privacy, act, self.privacy_of)

    async def Block(self, request: pb.BlockRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.blocks.begin(caller.user_id(), UUID(request.user_id))

        return await idempotency.done_once(self.database, request, act)

    async def Unblock(self, request: pb.UnblockRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.blocks.end(caller.user_id(), UUID(request.user_id))

        return await idempotency.done_once(self.database, request, act)

    async def ListBlocks(self, request: pb.ListBlocksRequest, context: Context) -> pb.ListBlocksResponse:
        ids, next_token = await self.blocks.list(caller.user_id(), request.page_size, request.page_token)
        return pb.ListBlocksResponse(user_ids=map(str, ids), next_page_token=next_token)

    async def privacy_of(self, person_id: UUID) -> pb.Privacy:
        """What a person lets others see, as it is now."""
        return pb.Privacy(show_evenings_to_friends=await self.privacy.shows_evenings(person_id))
