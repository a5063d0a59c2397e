"""The RPCs of RatingService: message in, one call of the domain, message out."""

from typing import NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from matinee.booking.v1 import rating_pb2 as pb
from matinee.booking.v1.rating_pb2_grpc import RatingServiceServicer

from mesh.interceptors import Context


class RatingServicer(RatingServiceServicer):
    """One method per RPC, in the proto's order."""

    async def CreateRating(self, request: pb.CreateRatingRequest, context: Context) -> pb.Rating:
        await later(context)

    async def UpdateRating(self, request: pb.UpdateRatingRequest, context: Context) -> pb.Rating:
        await later(context)

    async def GetRating(self, request: pb.GetRatingRequest, context: Context) -> pb.Rating:
        await later(context)

    async def ListRatings(self, request: pb.ListRatingsRequest, context: Context) -> pb.ListRatingsResponse:
        await later(context)

    async def ReportNotHeld(self, request: pb.ReportNotHeldRequest, context: Context) -> Empty:
        await later(context)

    async def WithdrawNotHeld(self, request: pb.WithdrawNotHeldRequest, context: Context) -> Empty:
        await later(context)

    async def GetStanding(self, request: pb.GetStandingRequest, context: Context) -> pb.Standing:
        await later(context)

    async def ReportRating(self, request: pb.ReportRatingRequest, context: Context) -> Empty:
        await later(context)

    async def ListReports(self, request: pb.ListReportsRequest, context: Context) -> pb.ListReportsResponse:
        await later(context)

    async def ModerateRating(self, request: pb.ModerateRatingRequest, context: Context) -> pb.Moderation:
        await later(context)

    async def ListModerations(self, request: pb.ListModerationsRequest, context: Context) -> pb.ListModerationsResponse:
        await later(context)

    async def AuditRatings(self, request: pb.AuditRatingsRequest, context: Context) -> pb.AuditRatingsResponse:
        await later(context)


async def later(context: Context) -> NoReturn:
    """Answers that this is not there yet."""
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "not there yet")
    raise AssertionError
