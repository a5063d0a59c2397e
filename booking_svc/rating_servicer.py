"""The RPCs of RatingService: message in, one call of the domain, message out."""

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from matinee.booking.v1 import rating_pb2 as pb
from matinee.booking.v1.rating_pb2_grpc import RatingServiceServicer

from booking_svc import rating_to_proto as to_proto
from booking_svc.moderation import Moderation
from booking_svc.peers import People
from booking_svc.rating_audit import RatingAudit
from booking_svc.ratings import Ratings
from booking_svc.schema import Action
from booking_svc.standing import Standing
from booking_svc.store.ratings import Word
from mesh import caller, idempotency
from mesh.database import Database, Row
from mesh.interceptors import Context

SIDES = {pb.ListRatingsRequest.both: None, pb.ListRatingsRequest.host: True, pb.ListRatingsRequest.guest: False}


class RatingServicer(RatingServiceServicer):
    """One method per RPC, in the proto's order."""

    def __init__(
        self,
        database: Database,
        ratings: Ratings,
        standing: Standing,
        moderation: Moderation,
        audit: RatingAudit,
        people: People,
    ) -> None:
        self.database = database
        self.ratings = ratings
        self.standing = standing
        self.moderation = moderation
        self.audit = audit
        self.people = people

    async def CreateRating(self, request: pb.CreateRatingRequest, context: Context) -> pb.Rating:
        async def act() -> pb.Rating:
            word = Word(UUID(request.booking_id), caller.user_id(), request.score, request.text, request.private_note)
            return own(await self.ratings.rate(word))

        return await idempotency.once(self.database, request, pb.Rating, act, self.rating)

    async def UpdateRating(self, request: pb.UpdateRatingRequest, context: Context) -> pb.Rating:
        async def act() -> pb.Rating:
            given = {field.name: value for field, value in request.ListFields()}
            score, words, note = (given.get(name) for name in ("score", "text", "private_note"))
            booking_id = UUID(request.booking_id)
            return await self.rating(await self.ratings.edit(booking_id, caller.user_id(), score, words, note))

        return await idempotency.once(self.database, request, pb.Rating, act, self.rating)

    async def GetRating(self, request: pb.GetRatingRequest, context: Context) -> pb.Rating:
        return own(await self.ratings.get_own(UUID(request.booking_id), caller.user_id()))

    async def ListRatings(self, request: pb.ListRatingsRequest, context: Context) -> pb.ListRatingsResponse:
        of_host = SIDES[getattr(request.filter, "as")]
        rows, token = await self.ratings.list(UUID(request.user_id), of_host, request.page_size, request.page_token)
        ratings = [to_proto.rating(row, caller.current().caller) for row in rows]
        return pb.ListRatingsResponse(ratings=ratings, next_page_token=token)

    async def ListRatingsDue(self, request: pb.ListRatingsDueRequest, context: Context) -> pb.ListRatingsDueResponse:
        rows, token = await self.ratings.list_due(caller.user_id(), request.page_size, request.page_token)
        names = await self.people.names(*{row.rated_id for row in rows})
        due = [to_proto.rating_due(row, names) for row in rows]
        return pb.ListRatingsDueResponse(ratings_due=due, next_page_token=token)

    async def ReportNotHeld(self, request: pb.ReportNotHeldRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.standing.report_not_held(caller.user_id(), UUID(request.announcement_id))

        return await idempotency.done_once(self.database, request, act)

    async def WithdrawNotHeld(self, request: pb.WithdrawNotHeldRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.standing.withdraw_not_held(caller.user_id(), UUID(request.announcement_id))

        return await idempotency.done_once(self.database, request, act)

    async def GetStanding(self, request: pb.GetStandingRequest, context: Context) -> pb.Standing:
        as_host, as_guest = await self.standing.get(UUID(request.user_id))
        return pb.Standing(
            user_id=str(UUID(request.user_id)),
            as_host=pb.Standing.AsHost(**dict(as_host)),
            as_guest=pb.Standing.AsGuest(**dict(as_guest)),
        )

    async def ReportRating(self, request: pb.ReportRatingRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.moderation.report(caller.user_id(), UUID(request.rating_id), request.reason)

        return await idempotency.done_once(self.database, request, act)

    async def ListReports(self, request: pb.ListReportsRequest, context: Context) -> pb.ListReportsResponse:
        rows, token = await self.moderation.list_reported(caller.user_id(), request.page_size, request.page_token)
        return pb.ListReportsResponse(
            reported=[to_proto.reported_rating(row, caller.user()) for row in rows], next_page_token=token
        )

    async def ModerateRating(self, request: pb.ModerateRatingRequest, context: Context) -> pb.Moderation:
        async def look(moderation_id: UUID) -> pb.Moderation:
            return to_proto.moderation(await self.moderation.get(moderation_id))

        async def act() -> pb.Moderation:
            action = Action(pb.ModerationAction.Name(request.action))
            rating_id = UUID(request.rating_id)
            return await look(await self.moderation.decide(caller.user_id(), rating_id, action, request.reason))

        return await idempotency.once(self.database, request, pb.Moderation, act, look)

    async def ListModerations(self, request: pb.ListModerationsRequest, context: Context) -> pb.ListModerationsResponse:
        rating_id = UUID(request.filter.rating) if request.filter.rating else None
        rows, token = await self.moderation.list(rating_id, request.page_size, request.page_token)
        return pb.ListModerationsResponse(moderations=[to_proto.moderation(row) for row in rows], next_page_token=token)

    async def AuditRatings(self, request: pb.AuditRatingsRequest, context: Context) -> pb.AuditRatingsResponse:
        return to_proto.rating_audit(await self.audit.run(request.page_token))

    async def rating(self, rating_id: UUID) -> pb.Rating:
        """The caller's own rating."""
        return own(await self.ratings.get(rating_id))


def own(row: Row) -> pb.Rating:
    """The caller's own rating."""
    return to_proto.rating(row, caller.user())
