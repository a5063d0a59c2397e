"""The RPCs of the notify service: notices, and short links."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import UTC
from uuid import UUID

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from matinee.link.v1 import link_pb2
from matinee.link.v1.link_pb2_grpc import LinkServiceServicer
from matinee.notify.v1 import notify_pb2
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceServicer

from mesh import caller, idempotency
from mesh.database import Database, Row
from mesh.interceptors import Context
from notify_svc.accounts import AccountEvent, Accounts
from notify_svc.deliveries import Deliveries
from notify_svc.facts import Facts, nearness
from notify_svc.links import Links
from notify_svc.live import Live
from notify_svc.notices import Event, Notices
from notify_svc.preferences import Preferences
from notify_svc.store.preferences import Channels
from notify_svc.unsubscribing import Leaving

HEARTBEAT = notify_pb2.Notice()
"""What a stream says when there is nothing to tell."""


class NotifyServicer(NotifyServiceServicer):
    """Answers for matinee.notify.v1.NotifyService."""

    def __init__(
        self,
        database: Database,
        notices: Notices,
        accounts: Accounts,
        live: Live,
        links: Links,
        preferences: Preferences,
        leaving: Leaving,
        deliveries: Deliveries,
    ) -> None:
        self.database = database
        self.notices = notices
        self.accounts = accounts
        self.live = live
        self.links = links
        self.preferences = preferences
        self.leaving = leaving
        self.deliveries = deliveries

    async def Publish(self, request: notify_pb2.PublishRequest, context: Context) -> Empty:
        await self.notices.publish([event_of(request)])
        return Empty()

    async def BatchPublish(self, request: notify_pb2.BatchPublishRequest, context: Context) -> Empty:
        await self.notices.publish([event_of(each) for each in request.requests])
        return Empty()

    async def PublishAccountEvent(self, request: notify_pb2.AccountEvent, context: Context) -> Empty:
        await self.accounts.tell(account_event_of(request))
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

    async def StreamNotices(
        self, request: notify_pb2.StreamNoticesRequest, context: Context
    ) -> AsyncIterator[notify_pb2.Notice]:
        last_id = UUID(request.last_id) if request.last_id else None
        caller.current().headers.append(("cache-control", "no-store"))
        async with aclosing(self.live.follow(caller.user_id(), last_id)) as news:
            async for notice in news:
                yield HEARTBEAT if notice is None else self.to_proto(notice)

    async def MarkNoticeRead(self, request: notify_pb2.MarkNoticeReadRequest, context: Context) -> notify_pb2.Notice:
        async def act() -> notify_pb2.Notice:
            return self.to_proto(await self.notices.mark_read(caller.user_id(), UUID(request.notice_id)))

        return await idempotency.once(self.database, request, notify_pb2.Notice, act, lambda _: act())

    async def MarkAllNoticesRead(self, request: Empty, context: Context) -> Empty:
        return await idempotency.done_once(self.database, request, lambda: self.notices.mark_all_read(caller.user_id()))

    async def GetPreferences(self, request: Empty, context: Context) -> notify_pb2.Preferences:
        return preferences_to_proto(await self.preferences.get(caller.user_id()))

    async def UpdatePreferences(self, request: notify_pb2.Preferences, context: Context) -> notify_pb2.Preferences:
        said = said_in(request)

        async def act() -> notify_pb2.Preferences:
            return preferences_to_proto(await self.preferences.set(caller.user_id(), said))

        async def look(_: UUID) -> notify_pb2.Preferences:
            return preferences_to_proto(await self.preferences.get(caller.user_id()))

        return await idempotency.once(self.database, request, notify_pb2.Preferences, act, look)

    async def ShowUnsubscribe(self, request: notify_pb2.ShowUnsubscribeRequest, context: Context) -> HttpBody:
        return page(await self.leaving.show(request.token))

    async def Unsubscribe(self, request: notify_pb2.UnsubscribeRequest, context: Context) -> HttpBody:
        return page(await self.leaving.leave(request.token))

    async def ListDeliveries(
        self, request: notify_pb2.ListDeliveriesRequest, context: Context
    ) -> notify_pb2.ListDeliveriesResponse:
        states = [notify_pb2.DeliveryState.Name(state).lower() for state in request.filter.state]
        rows, token = await self.deliveries.list(states, request.page_size, request.page_token)
        return notify_pb2.ListDeliveriesResponse(
            deliveries=[delivery_to_proto(row) for row in rows], next_page_token=token
        )

    async def RetryDelivery(self, request: notify_pb2.RetryDeliveryRequest, context: Context) -> notify_pb2.Delivery:
        delivery_id = UUID(request.delivery_id)

        async def act() -> notify_pb2.Delivery:
            return delivery_to_proto(await self.deliveries.retry(delivery_id))

        async def look(_: UUID) -> notify_pb2.Delivery:
            return delivery_to_proto(await self.deliveries.get(delivery_id))

        return await idempotency.once(self.database, request, notify_pb2.Delivery, act, look)

    def to_proto(self, notice: Row) -> notify_pb2.Notice:
        """A notice as its recipient sees it."""
        return notify_pb2.Notice(
            id=str(notice.id),
            kind=notify_pb2.Kind.Value(notice.kind),
            title=notice.title,
            text=notice.text,
            link=self.links.address(notice.link_code) if notice.link_code else "",
            created=notice.occur_time,
            read=notice.read_time is not None,
        )


class LinkServicer(LinkServiceServicer):
    """Answers for matinee.link.v1.LinkService."""

    def __init__(self, database: Database, links: Links) -> None:
        self.database = database
        self.links = links

    async def CreateLink(self, request: link_pb2.CreateLinkRequest, context: Context) -> link_pb2.Link:
        expires = request.expire_time.ToDatetime(UTC) if request.HasField("expire_time") else None

        async def act() -> link_pb2.Link:
            url = await self.links.shorten(request.url, expires, caller.current().caller)
            return link_pb2.Link(url=url, expire_time=request.expire_time if expires else None)

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


def account_event_of(request: notify_pb2.AccountEvent) -> AccountEvent:
    """What happened to an account."""
    return AccountEvent(
        event_id=UUID(request.event_id),
        kind=notify_pb2.Kind.Name(request.kind),
        user_id=UUID(request.user_id),
        name=request.name,
        address=request.address,
        language=request.language,
        cause=request.cause,
        detail=request.detail,
        link=request.link,
        occurred=request.occurred.ToDatetime(UTC),
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
        "soon": nearness(request.occurred.ToDatetime(UTC), request.event_time.ToDatetime(UTC)),
    }


def said_in(request: notify_pb2.Preferences) -> dict[str, Channels]:
    """The kinds that a person says something about; None for a channel that is not given."""

    def given(channels: notify_pb2.Preferences.Channels) -> Channels:
        inbox = channels.inbox if channels.HasField("inbox") else None
        return inbox, channels.email if channels.HasField("email") else None

    return {field.name: given(channels) for field, channels in request.ListFields()}


def preferences_to_proto(preferences: Mapping[str, Channels]) -> notify_pb2.Preferences:
    """Where a person is told of what."""
    kinds = {
        kind: notify_pb2.Preferences.Channels(inbox=inbox, email=email) for kind, (inbox, email) in preferences.items()
    }
    return notify_pb2.Preferences(**kinds)


def delivery_to_proto(delivery: Row) -> notify_pb2.Delivery:
    """What became of a mail."""
    return notify_pb2.Delivery(
        id=str(delivery.id),
        notice_id=str(delivery.notice_id),
        recipient_id=str(delivery.recipient_id),
        kind=notify_pb2.Kind.Value(delivery.kind),
        state=notify_pb2.DeliveryState.Value(delivery.state.upper()),
        attempts=delivery.attempts,
        problem=delivery.problem,
        created=delivery.create_time,
        due=delivery.due_time if delivery.state == "pending" else None,
    )


def page(html: bytes) -> HttpBody:
    """A page for a browser; what its address holds is nobody else's business."""
    caller.current().headers.extend((("cache-control", "no-store"), ("referrer-policy", "no-referrer")))
    return HttpBody(content_type="text/html; charset=utf-8", data=html)
