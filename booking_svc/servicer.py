"""The RPCs of BookingService: message in, one call of the domain, message out."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from matinee.booking.v1 import booking_pb2 as pb
from matinee.booking.v1.booking_pb2_grpc import BookingServiceServicer

from booking_svc import to_proto
from booking_svc.announcements import Announcements
from booking_svc.applications import Applications
from booking_svc.audit import Audit
from booking_svc.bookings import Bookings
from booking_svc.edits import Edit
from booking_svc.friends import Friends
from booking_svc.hosts import Hosts
from booking_svc.peers import Films, People
from booking_svc.plan import Plan
from booking_svc.ratings import Ratings
from booking_svc.schema import State, Status, status
from mesh import caller, clock, idempotency
from mesh.database import Database
from mesh.interceptors import Context

EDITABLE = (
    "title",
    "description",
    "sub_only",
    "is_free",
    "accept_at_once",
    "tickets_count",
    "event_location",
    "city",
    "address_for_guests_only",
    "time_zone",
)


class BookingServicer(BookingServiceServicer):
    """One method per RPC, in the proto's order."""

    def __init__(
        self,
        database: Database,
        announcements: Announcements,
        hosts: Hosts,
        friends: Friends,
        applications: Applications,
        bookings: Bookings,
        audit: Audit,
        ratings: Ratings,
        plan: Plan,
        people: People,
        films: Films,
    ) -> None:
        self.database = database
        self.announcements = announcements
        self.hosts = hosts
        self.friends = friends
        self.applications = applications
        self.bookings = bookings
        self.audit = audit
        self.ratings = ratings
        self.plan = plan
        self.people = people
        self.films = films

    async def Ping(self, request: Empty, context: Context) -> Empty:
        return Empty()

    async def CreateAnnouncement(
        self, request: pb.CreateAnnouncementRequest, context: Context
    ) -> pb.AnnouncementDetail:
        async def act() -> pb.AnnouncementDetail:
            publish = request.status == pb.Alive
            created = await self.announcements.create(
                caller.user_id(), UUID(request.movie_id), new_announcement(request), publish
            )
            return await self.announcement(created)

        return await idempotency.once(self.database, request, pb.AnnouncementDetail, act, self.announcement)

    async def UpdateAnnouncement(
        self, request: pb.UpdateAnnouncementRequest, context: Context
    ) -> pb.AnnouncementDetail:
        async def act() -> pb.AnnouncementDetail:
            announcement_id = UUID(request.announcement_id)
            await self.announcements.update(caller.user(), announcement_id, edit(request))
            return await self.announcement(announcement_id)

        return await idempotency.once(self.database, request, pb.AnnouncementDetail, act, self.announcement)

    async def GetAnnouncement(self, request: pb.GetAnnouncementRequest, context: Context) -> pb.AnnouncementDetail:
        return await self.announcement(UUID(request.announcement_id))

    async def CancelAnnouncement(
        self, request: pb.CancelAnnouncementRequest, context: Context
    ) -> pb.AnnouncementDetail:
        async def act() -> pb.AnnouncementDetail:
            announcement_id = UUID(request.announcement_id)
            await self.announcements.cancel(caller.user(), announcement_id, request.cancel_reason)
            return await self.announcement(announcement_id)

        return await idempotency.once(self.database, request, pb.AnnouncementDetail, act, self.announcement)

    async def ListAnnouncements(
        self, request: pb.ListAnnouncementsRequest, context: Context
    ) -> pb.ListAnnouncementsResponse:
        rows, token = await self.announcements.list(
            caller.user(), announcement_filters(request.filter), request.page_size, request.page_token
        )
        now, hidden = clock.now(), await self.announcements.address_hidden(caller.user(), rows)
        return pb.ListAnnouncementsResponse(
            announcements=[to_proto.announcement(row, status(row, now), row["id"] in hidden) for row in rows],
            next_page_token=token,
        )

    async def ListHosts(self, request: pb.ListHostsRequest, context: Context) -> pb.ListHostsResponse:
        movie = UUID(request.filter.movie) if request.filter.movie else None
        by_rating = request.order_by == "rating"
        rows, token = await self.hosts.list(caller.user(), movie, by_rating, request.page_size, request.page_token)
        names = await self.people.names(*(row.author_id for row in rows))
        return pb.ListHostsResponse(hosts=[to_proto.host(row, names) for row in rows], next_page_token=token)

    async def DecideBookings(self, request: pb.DecideBookingsRequest, context: Context) -> pb.DecideBookingsResponse:
        yes, no = uuids(request.accept), uuids(request.decline)

        async def look(_: UUID) -> pb.DecideBookingsResponse:
            return pb.DecideBookingsResponse(bookings=await self.details([*yes, *no]))

        async def act() -> pb.DecideBookingsResponse:
            announcement_id = UUID(request.announcement_id)
            await self.bookings.decide(caller.user(), announcement_id, yes, no, request.reason)
            return await look(announcement_id)

        return await idempotency.once(self.database, request, pb.DecideBookingsResponse, act, look)

    async def RecordAttendance(
        self, request: pb.RecordAttendanceRequest, context: Context
    ) -> pb.RecordAttendanceResponse:
        came, stayed_away = uuids(request.attended), uuids(request.no_show)

        async def look(_: UUID) -> pb.RecordAttendanceResponse:
            return pb.RecordAttendanceResponse(bookings=await self.details([*came, *stayed_away]))

        async def act() -> pb.RecordAttendanceResponse:
            announcement_id = UUID(request.announcement_id)
            await self.bookings.record_attendance(caller.user(), announcement_id, came, stayed_away)
            return await look(announcement_id)

        return await idempotency.once(self.database, request, pb.RecordAttendanceResponse, act, look)

    async def ListApplications(
        self, request: pb.ListApplicationsRequest, context: Context
    ) -> pb.ListApplicationsResponse:
        rows, token = await self.bookings.list_applications(
            caller.user(), UUID(request.announcement_id), request.page_size, request.page_token
        )
        return pb.ListApplicationsResponse(applications=await self.with_names(rows), next_page_token=token)

    async def ListFriendsGoing(
        self, request: pb.ListFriendsGoingRequest, context: Context
    ) -> pb.ListFriendsGoingResponse:
        ids, token = await self.friends.list_going(
            caller.user(), UUID(request.announcement_id), request.page_size, request.page_token
        )
        names = await self.people.names(*ids)
        going = [pb.FriendGoing(user_id=str(friend), name=names.get(friend, "")) for friend in ids]
        return pb.ListFriendsGoingResponse(friends=going, next_page_token=token)

    async def CreateBooking(self, request: pb.CreateBookingRequest, context: Context) -> pb.BookingDetail:
        async def act() -> pb.BookingDetail:
            booking = await self.applications.apply(
                caller.user(), UUID(request.announcement_id), request.tickets or 1, request.waiting_list
            )
            # How many wait before it is only known when those who came at the same moment are written, too.
            if booking.state == State.WAITLISTED:
                return await self.booking(booking.id)
            return (await self.with_names([booking]))[0]

        return await idempotency.once(self.database, request, pb.BookingDetail, act, self.booking)

    async def UpdateBooking(self, request: pb.UpdateBookingRequest, context: Context) -> pb.BookingDetail:
        async def act() -> pb.BookingDetail:
            booking_id = UUID(request.booking_id)
            await self.bookings.answer(caller.user(), booking_id, request.my_status, request.reason)
            return await self.booking(booking_id)

        return await idempotency.once(self.database, request, pb.BookingDetail, act, self.booking)

    async def GetBooking(self, request: pb.GetBookingRequest, context: Context) -> pb.BookingDetail:
        return await self.booking(UUID(request.booking_id))

    async def WithdrawBooking(self, request: pb.WithdrawBookingRequest, context: Context) -> pb.BookingDetail:
        async def act() -> pb.BookingDetail:
            booking_id = UUID(request.booking_id)
            await self.bookings.withdraw(caller.user(), booking_id)
            return await self.booking(booking_id)

        return await idempotency.once(self.database, request, pb.BookingDetail, act, self.booking)

    async def ListBookings(self, request: pb.ListBookingsRequest, context: Context) -> pb.ListBookingsResponse:
        side = "as_guest" if request.filter.self == pb.ListBookingsRequest.guest else "as_author"
        filters = {side: caller.user_id(), **booking_filters(request.filter)}
        return await self.page(filters, request.page_size, request.page_token)

    async def ListAllBookings(self, request: pb.ListAllBookingsRequest, context: Context) -> pb.ListBookingsResponse:
        filters = booking_filters(request.filter)
        if request.filter.author:
            filters["as_author"] = UUID(request.filter.author)
        return await self.page(filters, request.page_size, request.page_token)

    async def AuditCapacity(self, request: pb.AuditCapacityRequest, context: Context) -> pb.AuditCapacityResponse:
        return to_proto.audit(await self.audit.run(request.page_token))

    async def CreateReview(self, request: pb.CreateReviewRequest, context: Context) -> pb.Review:
        async def look(rating_id: UUID) -> pb.Review:
            return to_proto.review(await self.ratings.get(rating_id))

        async def act() -> pb.Review:
            announcement_id = UUID(request.announcement_id)
            return to_proto.review(
                await self.ratings.rate_host(caller.user_id(), announcement_id, request.score, request.review_text)
            )

        return await idempotency.once(self.database, request, pb.Review, act, look)

    async def GetAverageScore(self, request: pb.GetAverageScoreRequest, context: Context) -> pb.AverageScore:
        standing = await self.ratings.scores.as_host(UUID(request.user_id))
        return pb.AverageScore(score_average=standing.mean, ratings_count=standing.count)

    async def ListPlannedNotices(
        self, request: pb.ListPlannedNoticesRequest, context: Context
    ) -> pb.ListPlannedNoticesResponse:
        rows, token = await self.plan.list(caller.user_id(), request.page_size, request.page_token)
        return pb.ListPlannedNoticesResponse(
            planned=[to_proto.planned_notice(row) for row in rows], next_page_token=token
        )

    async def announcement(self, announcement_id: UUID) -> pb.AnnouncementDetail:
        """An announcement in full, if the caller may see it."""
        row = await self.announcements.get(caller.user(), announcement_id)
        hidden = await self.announcements.address_hidden(caller.user(), [row])
        names = await self.people.names(row.author_id, *to_proto.guest_ids(row.guests))
        titles = await self.films.titles(row.movie_id)
        return to_proto.announcement_detail(row, clock.now(), names, titles, address_hidden=row.id in hidden)

    async def booking(self, booking_id: UUID) -> pb.BookingDetail:
        """A booking in full, if the caller may see it."""
        return (await self.with_names([await self.bookings.get(caller.user(), booking_id)]))[0]

    async def details(self, ids: Sequence[UUID]) -> list[pb.BookingDetail]:
        """Bookings in full, which the caller is known to be allowed to see."""
        return await self.with_names(await self.bookings.store.list_details(ids))

    async def with_names(self, rows: Sequence[Any]) -> list[pb.BookingDetail]:
        """Rows of bookings with the names that belong to them."""
        names = await self.people.names(*{person for row in rows for person in (row.author_id, row.guest_id)})
        titles = await self.films.titles(*{row.movie_id for row in rows})
        return [to_proto.booking_detail(row, names, titles) for row in rows]

    async def page(self, filters: dict[str, Any], size: int, token: str) -> pb.ListBookingsResponse:
        """A page of bookings with their people's names."""
        rows, next_token = await self.bookings.list(filters, size, token)
        names = await self.people.names(*{person for row in rows for person in (row.author_id, row.guest_id)})
        return to_proto.bookings(rows, names, next_token)


def new_announcement(request: pb.CreateAnnouncementRequest) -> dict[str, Any]:
    """The columns that a request for a new announcement gives."""
    values = {name: getattr(request, name) for name in EDITABLE}
    return {**values, "event_time": aware(request.event_time)}


def edit(request: pb.UpdateAnnouncementRequest) -> Edit:
    """What a request wants changed."""
    given = {field.name: value for field, value in request.ListFields()}
    values = {name: given[name] for name in EDITABLE if name in given}
    if "event_time" in given:
        values["event_time"] = aware(request.event_time)
    if "movie_id" in given:
        values["movie_id"] = UUID(request.movie_id)
    return Edit(
        values=values,
        status=Status(pb.AnnouncementStatus.Name(request.status)) if request.status else None,
        expected_version=request.expected_version if request.HasField("expected_version") else None,
        force=request.force,
        cancel_reason=request.cancel_reason,
    )


def uuids(given: Sequence[str]) -> list[UUID]:
    """Ids as the domain has them."""
    return [UUID(each) for each in given]


def aware(moment: Any) -> Any:
    """A protobuf timestamp as an aware datetime, to the microsecond that PostgreSQL keeps."""
    return moment.ToDatetime(tzinfo=clock.UTC)


def announcement_filters(given: pb.ListAnnouncementsRequest.Filter) -> dict[str, Any]:
    """The filters that a request gives, by the domain's names."""
    filters: dict[str, Any] = {name: UUID(value) for name in ("author", "movie") if (value := getattr(given, name))}
    filters |= {name: getattr(given, name) for name in ("is_free", "private") if given.HasField(name)}
    filters |= {
        name: value for name in ("tickets", "date", "location", "from", "to") if (value := getattr(given, name))
    }
    if given.status:
        filters["status"] = sorted(Status(pb.AnnouncementStatus.Name(each)) for each in set(given.status))
    return filters


def booking_filters(given: pb.ListBookingsRequest.Filter | pb.ListAllBookingsRequest.Filter) -> dict[str, Any]:
    """The filters that lists of bookings share."""
    filters: dict[str, Any] = {"movie": UUID(given.movie)} if given.movie else {}
    return {**filters, "date": given.date} if given.date else filters
