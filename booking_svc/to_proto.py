"""Rows as messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from math import floor
from typing import Any
from uuid import UUID

import orjson
from google.protobuf.struct_pb2 import NULL_VALUE, Value
from google.protobuf.timestamp_pb2 import Timestamp
from matinee.booking.v1 import booking_pb2
from matinee.notify.v1 import notify_pb2

from booking_svc.audit import Report
from booking_svc.schema import NOBODY, Status, Will, author_status, guest_status, places_left, status
from mesh.database import Row

NULL, TRUE, FALSE = Value(null_value=NULL_VALUE), Value(bool_value=True), Value(bool_value=False)
STATUS = {value: booking_pb2.AnnouncementStatus.Value(value.value) for value in Status}
AUTHOR_STATUS = {None: NULL, True: TRUE, False: FALSE}


def timestamp(instant: datetime) -> Timestamp:
    """An instant as protobuf has it."""
    # Timestamp.FromDatetime would be exact, too, and take three times as long; a float holds whole seconds exactly.
    return Timestamp(seconds=floor(instant.timestamp()), nanos=instant.microsecond * 1000)


GUEST_LISTS = 1000
"""So many lists of an evening's guests are remembered: one of 20 takes 130 us to build."""
REMEMBERED = 10_000
listed: dict[tuple[UUID, int, Status, bool], booking_pb2.Announcement] = {}
"""Announcements as they were in lists, by the version of their row: a list of 20 takes 130 us to build, 10 to find."""


def announcement(row: Row, stands: Status, address_hidden: bool) -> booking_pb2.Announcement:
    """An announcement in a list; not to be changed."""
    key = (row["id"], row["xmin"], stands, address_hidden)
    found = listed.get(key)
    if found is None:
        if len(listed) >= REMEMBERED:
            listed.clear()
        found = listed[key] = new_announcement(row, stands, address_hidden)
    return found


def new_announcement(row: Row, stands: Status, address_hidden: bool) -> booking_pb2.Announcement:
    """An announcement in a list. Columns by name in brackets: that is three times as fast."""
    return booking_pb2.Announcement(
        id=str(row["id"]),
        title=row["title"],
        author_id=str(row["author_id"]),
        sub_only=row["sub_only"],
        is_free=row["is_free"],
        tickets_count=row["tickets_count"],
        event_time=timestamp(row["event_time"]),
        event_location=row["city" if address_hidden else "event_location"],
        duration=row["duration_minutes"],
        movie_id=str(row["movie_id"]),
        status=STATUS[stands],
        tickets_left=places_left(row),
        time_zone=row["time_zone"],
        city=row["city"],
        address_for_guests_only=row["address_for_guests_only"],
        accept_at_once=row["accept_at_once"],
    )


def guest_rows(guests: str) -> list[dict[str, Any]]:
    """The accepted guests in a detailed announcement's row."""
    return list(orjson.loads(guests))


@lru_cache(GUEST_LISTS)
def guest_ids(guests: str) -> Sequence[UUID]:
    """Who they are."""
    return [UUID(entry["guest_id"]) for entry in guest_rows(guests)]


@lru_cache(GUEST_LISTS)
def guest_list(guests: str, names: Sequence[str]) -> Sequence[booking_pb2.Guest]:
    """The same as messages, not to be changed; `names` are theirs."""
    return [guest(entry, name) for entry, name in zip(guest_rows(guests), names, strict=True)]


def announcement_detail(
    row: Any, now: datetime, names: Mapping[UUID, str], titles: Mapping[UUID, str], *, address_hidden: bool
) -> booking_pb2.AnnouncementDetail:
    """An announcement in full."""
    return booking_pb2.AnnouncementDetail(
        id=str(row.id),
        created=timestamp(row.create_time),
        modified=timestamp(row.update_time),
        status=STATUS[status(row, now)],
        title=row.title,
        description=row.description,
        movie_title=titles.get(row.movie_id, ""),
        author_name=names.get(row.author_id, ""),
        sub_only=row.sub_only,
        is_free=row.is_free,
        tickets_count=row.tickets_count,
        tickets_left=places_left(row),
        event_time=timestamp(row.event_time),
        event_location=row.city if address_hidden else row.event_location,
        guest_list=guest_list(row.guests, tuple(names.get(each, "") for each in guest_ids(row.guests))),
        author_rating=row.author_rating,
        author_rating_count=row.author_rating_count,
        duration=row.duration_minutes,
        author_id=str(row.author_id),
        movie_id=str(row.movie_id),
        version=row.version,
        time_zone=row.time_zone,
        accept_at_once=row.accept_at_once,
        places_taken=row.places_taken,
        city=row.city,
        address_for_guests_only=row.address_for_guests_only,
        cancel_reason=row.cancel_reason,
        cancelled_minutes_before=row.late_minutes if row.will == Will.CANCELLED else None,
    )


def guest(entry: Mapping[str, Any], name: str) -> booking_pb2.Guest:
    """An accepted guest."""
    return booking_pb2.Guest(
        booking_id=entry["booking_id"],
        guest_id=entry["guest_id"],
        guest_name=name,
        guest_rating=entry["rating"],
        guest_rating_count=entry["rating_count"],
        guest_status=guest_status(entry["state"]),
        author_status=AUTHOR_STATUS[author_status(entry["state"])],
        tickets=entry["tickets"],
    )


def booking(row: Any, names: Mapping[UUID, str]) -> booking_pb2.Booking:
    """A booking in a list."""
    return booking_pb2.Booking(
        id=str(row.id),
        author_name=names.get(row.author_id, ""),
        guest_name=names.get(row.guest_id, ""),
        author_status=AUTHOR_STATUS[author_status(row.state)],
        guest_status=guest_status(row.state),
        state=row.state,
        tickets=row.tickets,
        announcement_id=str(row.announcement_id),
        event_time=timestamp(row.event_time),
        waitlist_position=row.waitlist_position,
    )


def booking_detail(row: Any, names: Mapping[UUID, str], titles: Mapping[UUID, str]) -> booking_pb2.BookingDetail:
    """A booking in full."""
    return booking_pb2.BookingDetail(
        id=str(row.id),
        announcement_id=str(row.announcement_id),
        movie_title=titles.get(row.movie_id, ""),
        author_name=names.get(row.author_id, ""),
        guest_name=names.get(row.guest_id, ""),
        author_status=AUTHOR_STATUS[author_status(row.state)],
        guest_status=guest_status(row.state),
        guest_rating=row.guest_rating,
        guest_rating_count=row.guest_rating_count,
        author_rating=row.author_rating,
        author_rating_count=row.author_rating_count,
        event_time=timestamp(row.event_time),
        state=row.state,
        tickets=row.tickets,
        author_id=str(row.author_id),
        guest_id=str(row.guest_id),
        waitlist_position=row.waitlist_position,
        decline_reason=row.decline_reason,
        timeline=[timeline_entry(entry) for entry in row.timeline or ()],
    )


def timeline_entry(entry: Mapping[str, Any]) -> booking_pb2.TimelineEntry:
    """Something that happened to a booking."""
    actor = entry["actor"]
    return booking_pb2.TimelineEntry(
        time=timestamp(datetime.fromisoformat(entry["time"])),
        kind=entry["kind"],
        actor="" if actor == str(NOBODY) else actor,
        cause=entry["cause"],
        minutes_before=entry.get("minutes_before"),
    )


def bookings(rows: Sequence[Any], names: Mapping[UUID, str], next_page_token: str) -> booking_pb2.ListBookingsResponse:
    """A page of bookings."""
    return booking_pb2.ListBookingsResponse(
        bookings=[booking(row, names) for row in rows], next_page_token=next_page_token
    )


def host(row: Row, names: Mapping[UUID, str]) -> booking_pb2.Host:
    """A host in a list."""
    return booking_pb2.Host(
        user_id=str(row.author_id),
        name=names.get(row.author_id, ""),
        rating=row.rating,
        rating_count=row.rating_count,
        evenings=row.evenings,
        places_left=row.places_left,
        next_event_time=timestamp(row.event_time),
    )


def audit(report: Report) -> booking_pb2.AuditCapacityResponse:
    """What an audit found."""
    return booking_pb2.AuditCapacityResponse(
        announcements=report.announcements,
        events=report.events,
        next_page_token=report.next_page_token,
        differences=[
            booking_pb2.AuditCapacityResponse.Difference(
                announcement_id=str(row.id),
                tickets_count=row.tickets_count,
                places_taken=row.places_taken,
                places_by_events=int(row.by_events),
                places_by_bookings=int(row.by_bookings),
                booking_ids=[str(booking_id) for booking_id in row.booking_ids],
            )
            for row in report.differences
        ],
    )


def review(row: Any) -> booking_pb2.Review:
    """A guest's rating of a host, under the documented names."""
    return booking_pb2.Review(
        id=str(row.id),
        announcement_id=str(row.announcement_id),
        author_id=str(row.rater_id),
        user_id=str(row.rated_id),
        review_text=row.text,
        score=row.score,
        created=timestamp(row.create_time),
    )


def planned_notice(row: Row) -> booking_pb2.PlannedNotice:
    """Something that somebody will be told."""
    return booking_pb2.PlannedNotice(
        kind=notify_pb2.Kind.Value(row.kind), subject=str(row.subject), time=timestamp(row.time)
    )
