"""The RPCs of the notify service: notices, and short links."""

from datetime import UTC
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from matinee.link.v1 import link_pb2
from matinee.link.v1.link_pb2_grpc import LinkServiceServicer
from matinee.notify.v1 import notify_pb2
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceServicer

from mesh import caller, idempotency
from mesh.database import Database, Row
from mesh.interceptors import Context
from notify_svc.facts import Facts
from notify_svc.links import Links
from notify_svc.notices import Event, Notices


class NotifyServicer(NotifyServiceServicer):
    """Answers for matinee.notify.v1.NotifyService."""

    def __init__(self, database: Database, notices: Notices, links: Links) -> None:
        self.database = database
        self.notices = notices
        self.links = links

    async def Publish(self, request: notify_pb2.PublishRequest, context: Context) -> Empty:
        await self.notices.publish([event_of(request)])
        return Empty()

    async def BatchPublish(self, request: notify_pb2.BatchPublishRequest, context: Context) -> Empty:
        await self.notices.publish([event_of(each) for each in request.requests])
        return Empty()

    async def ListNotices(
        self, request: notify_pb2.ListNoticesRequest, context: Context
    ) -> notify_pb2.ListNoticesResponse:
        rows, token, unread_count = await self.notices.list(
            caller.user_id(), request.page_size, request.page_token, unread_only=request.filter.unread
        )
        caller.current().headers.append(("x-unread-count", str(unread_count)))
        notices = [self.to_proto(row) for row in rows]
        return notify_pb2.ListNoticesResponse(notices=notices, next_page_token=token, unread_count=unread_count)

    async def MarkNoticeRead(self, request: notify_pb2.MarkNoticeReadRequest, context: Context) -> notify_pb2.Notice:
        async def act() -> notify_pb2.Notice:
            return self.to_proto(await self.notices.mark_read(caller.user_id(), UUID(request.notice_id)))

        return await idempotency.once(self.database, request, notify_pb2.Notice, act, lambda _: act())

    async def MarkAllNoticesRead(self, request: Empty, context: Context) -> Empty:
        return await idempotency.done_once(self.database, request, lambda: self.notices.mark_all_read(caller.user_id()))

    def to_proto(self, notice: Row) -> notify_pb2.Notice:
        """A notice as its recipient sees it."""
        return notify_pb2.Notice(
            id=str(notice.id),
            kind=notify_pb2.Kind.Value(notice.kind),
            title=notice.title,
            text=notice.text,
            link=self.links.address(notice.link_code),
            created=notice.occur_time,
            read=notice.read_time is not None,
        )


class LinkServicer(LinkServiceServicer):
    """Answers for matinee.link.v1.LinkService."""

    def __init__(self, database: Database, links: Links) -> None:
        self.database = database
        self.links = links

    async def CreateLink(self, request: link_pb2.CreateLinkRequest, context: Context) -> link_pb2.Link:
        async def act() -> link_pb2.Link:
            return link_pb2.Link(url=await self.links.shorten(request.url, caller.current().caller))

        link = await idempotency.once(self.database, request, link_pb2.Link, act, lambda _: act())
        caller.current().headers.append(("x-http-status", "201"))
        return link

    async def FollowLink(self, request: link_pb2.FollowLinkRequest, context: Context) -> Empty:
        target = await self.links.follow(request.code)
        caller.current().headers.extend((("x-http-status", "302"), ("location", target), ("cache-control", "no-store")))
        return Empty()


def event_of(request: notify_pb2.PublishRequest) -> Event:
    """What happened, and whom it concerns."""
    return Event(
        event_id=UUID(request.event_id),
        kind=notify_pb2.Kind.Name(request.kind),
        occurred=request.occurred.ToDatetime(UTC),
        recipients=[(UUID(recipient.user_id), recipient.host) for recipient in request.recipients],
        schedule_version=request.schedule_version or request.event_id,
        facts=facts_of(request),
    )


def facts_of(request: notify_pb2.PublishRequest) -> Facts:
    """What the event tells."""
    return {
        "announcement_id": UUID(request.announcement_id),
        "booking_id": UUID(request.booking_id) if request.booking_id else None,
        "title": request.title,
        "movie_title": request.movie_title,
        "author_name": request.author_name,
        "guest_name": request.guest_name,
        "event_time": request.event_time.ToDatetime(UTC),
        "time_zone": request.time_zone,
        "cause": request.cause,
        "changes": [(change.field, change.before, change.after) for change in request.changes],
        "accepted": request.accepted,
        "reason": request.reason,
        "by_moderator": request.by_moderator,
        "end_time": request.end_time.ToDatetime(UTC) if request.HasField("end_time") else None,
        "event_location": request.event_location,
        "sequence": request.sequence,
    }
