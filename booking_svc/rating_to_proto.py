"""Rows as messages of RatingService."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from matinee.booking.v1 import rating_pb2

from booking_svc.rating_audit import RatingReport
from booking_svc.to_proto import timestamp
from mesh.caller import Caller
from mesh.database import Row


def rating(row: Row, reader: Caller) -> rating_pb2.Rating:
    """A rating as somebody may see it; its author sees all of it."""
    own, about = reader.user_id == row.rater_id, reader.user_id == row.rated_id
    return rating_pb2.Rating(
        id=str(row.id),
        booking_id=str(row.booking_id) if own or about else "",
        announcement_id=str(row.announcement_id) if own or about or not row.sub_only else "",
        author_id=str(row.rater_id),
        user_id=str(row.rated_id),
        of_host=row.of_host,
        score=row.score,
        text=row.text,
        private_note=row.private_note if own or (reader.is_moderator and not about) else "",
        created=timestamp(row.create_time),
        modified=timestamp(row.update_time),
        revealed=row.revealed,
        hidden=row.hidden,
    )


def rating_due(row: Row, names: Mapping[UUID, str]) -> rating_pb2.RatingDue:
    """Somebody whom the caller may still rate."""
    return rating_pb2.RatingDue(
        booking_id=str(row.id),
        announcement_id=str(row.announcement_id),
        title=row.title,
        user_id=str(row.rated_id),
        name=names.get(row.rated_id, ""),
        of_host=row.of_host,
        until=timestamp(row.until),
    )


def rating_audit(report: RatingReport) -> rating_pb2.AuditRatingsResponse:
    """What an audit of ratings found."""
    return rating_pb2.AuditRatingsResponse(
        standings=report.standings,
        ratings=report.ratings,
        next_page_token=report.next_page_token,
        differences=[
            rating_pb2.AuditRatingsResponse.Difference(
                user_id=str(row.person_id),
                of_host=row.of_host,
                ratings_count=row.ratings_count,
                ratings_sum=row.ratings_sum,
                count_by_ratings=row.count_by_ratings,
                sum_by_ratings=row.sum_by_ratings,
            )
            for row in report.differences
        ],
    )


def reported_rating(row: Row, moderator: Caller) -> rating_pb2.ReportedRating:
    """A rating and what people say is wrong with it."""
    return rating_pb2.ReportedRating(
        rating=rating(row, moderator),
        open=not row.closed,
        reports_count=row.reports_count,
        reports=[
            rating_pb2.ReportedRating.Report(
                reporter_id=entry["reporter_id"],
                reason=entry["reason"],
                created=timestamp(datetime.fromisoformat(entry["time"])),
                open=entry["open"],
            )
            for entry in row.reports
        ],
    )


def moderation(row: Row) -> rating_pb2.Moderation:
    """What a moderator decided."""
    return rating_pb2.Moderation(
        id=str(row.id),
        rating_id=str(row.rating_id),
        moderator_id=str(row.moderator_id),
        action=row.action,
        reason=row.reason,
        created=timestamp(row.create_time),
    )
