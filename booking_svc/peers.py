"""What the other services know, in our words.

Names and titles may be missing from an answer while their owner is down; rules that need a peer refuse instead.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from uuid import UUID

import grpc
import redis.asyncio
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub
from matinee.movie.v1 import movie_pb2
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub
from matinee.notify.v1 import notify_pb2
from matinee.notify.v1.notify_pb2_grpc import NotifyServiceStub
from matinee.ugc.v1 import people_pb2, ugc_pb2
from matinee.ugc.v1.people_pb2_grpc import PeopleServiceStub
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceStub

from mesh import caller
from mesh.cache import Cache
from mesh.channel import is_outage
from mesh.errors import InvalidArgument, MeshError, NotFound, Unavailable
from mesh.logs import logger

PAGE = 1000
PUBLISH_SECONDS = 5.0
CALL_REQUESTS, CALL_PEOPLE, CALL_BYTES = 50, 500, 256 * 1024
"""Most notices, recipients and bytes in one call: it has to be done in time, and gRPC takes no more than 1 MB."""


class People:
    """Names and time zones, from auth."""

    def __init__(self, channel: grpc.aio.Channel, client: redis.asyncio.Redis) -> None:
        self.stub = AuthServiceStub(channel)
        self.cache = Cache(client, auth_pb2.User, "booking:user:", self.load)

    async def load(self, ids: Collection[UUID]) -> Mapping[UUID, auth_pb2.User]:
        """Users by id. Keeps only what is shown: private fields do not rest in our cache."""
        request = auth_pb2.BatchGetUsersRequest(user_ids=[str(user_id) for user_id in ids])
        users = (await self.stub.BatchGetUsers(request)).users
        return {
            UUID(user.user_id): auth_pb2.User(name=user.name, last_name=user.last_name, time_zone=user.time_zone)
            for user in users
        }

    async def names(self, *ids: UUID) -> dict[UUID, str]:
        """Full names; none while auth is down, which the caller is told."""
        try:
            users = await self.cache.get_many(ids)
        except MeshError as error:
            if not is_outage(error):
                raise
            caller.degraded("auth")
            return {}
        return {user_id: f"{user.name} {user.last_name}".strip() for user_id, user in users.items()}

    async def time_zone(self, user_id: UUID) -> str:
        """A user's IANA time zone, UTC if he has not told. Raises Unavailable (PEER_UNAVAILABLE)."""
        try:
            users = await self.cache.get_many([user_id])
        except MeshError as error:
            raise unavailable(error, "the author's time zone is not known right now: give time_zone") from None
        return users[user_id].time_zone or "UTC" if user_id in users else "UTC"


class Films:
    """Titles, running times and what may be shown, from the catalogue."""

    def __init__(self, channel: grpc.aio.Channel, client: redis.asyncio.Redis) -> None:
        self.stub = MovieServiceStub(channel)
        self.cache = Cache(client, movie_pb2.Movie, "booking:movie:", self.load)

    async def load(self, ids: Collection[UUID]) -> Mapping[UUID, movie_pb2.Movie]:
        """Films by id, without what we do not show."""
        request = movie_pb2.BatchGetMoviesRequest(movie_ids=[str(movie_id) for movie_id in ids])
        movies = (await self.stub.BatchGetMovies(request)).movies
        return {
            UUID(movie.id): movie_pb2.Movie(title=movie.title, duration=movie.duration, bookable=movie.bookable)
            for movie in movies
        }

    async def titles(self, *ids: UUID) -> dict[UUID, str]:
        """Titles; none while the catalogue is down, which the caller is told."""
        try:
            movies = await self.cache.get_many(ids)
        except MeshError as error:
            if not is_outage(error):
                raise
            caller.degraded("movie")
            return {}
        return {movie_id: movie.title for movie_id, movie in movies.items()}

    async def get(self, movie_id: UUID) -> movie_pb2.Movie:
        """A film as it is now, because moderators may just have decided about it; while the catalogue is away as it was
        a moment ago, if that is known.

        Raises NotFound (MOVIE_NOT_FOUND), Unavailable (PEER_UNAVAILABLE).
        """
        try:
            movies: Mapping[UUID, movie_pb2.Movie] = await self.load([movie_id])
        except MeshError as error:
            if not is_outage(error):
                raise
            try:
                movies = await self.cache.get_many([movie_id])
            except MeshError as still:
                raise unavailable(still, "the catalogue does not answer right now") from None
        if movie_id not in movies:
            raise NotFound("MOVIE_NOT_FOUND", "the catalogue has no such film")
        return movies[movie_id]


class Follows:
    """Who follows whom, who is whose friend and who waits for which film, from ugc."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = UgcServiceStub(channel)
        self.people = PeopleServiceStub(channel)

    async def followed(self, follower: UUID, people: Collection[UUID]) -> set[UUID]:
        """Whom of these people a person follows. Raises Unavailable (PEER_UNAVAILABLE)."""
        request = ugc_pb2.BatchCheckFollowingRequest(
            follower_id=str(follower), user_ids=[str(person) for person in people]
        )
        try:
            answer = await self.stub.BatchCheckFollowing(request)
        except MeshError as error:
            raise unavailable(error, "who follows whom is not known right now") from None
        return {UUID(person) for person in answer.followed_ids}

    async def following(self, person: UUID) -> AsyncIterator[list[UUID]]:
        """Pages of those whom a person follows. Raises Unavailable (PEER_UNAVAILABLE)."""
        token = ""
        while True:
            request = ugc_pb2.ListFollowingRequest(user_id=str(person), page_size=PAGE, page_token=token)
            try:
                page = await self.stub.ListFollowing(request)
            except MeshError as error:
                raise unavailable(error, "who follows whom is not known right now") from None
            yield [UUID(user_id) for user_id in page.user_ids]
            if not (token := page.next_page_token):
                return

    async def known_following(self, person: UUID) -> set[UUID]:
        """All whom a person follows; some or none while ugc is down, which the caller is told."""
        followed: set[UUID] = set()
        try:
            async for page in self.following(person):
                followed.update(page)
        except Unavailable:
            caller.degraded("ugc")
        return followed

    async def friends(self, person: UUID, people: Collection[UUID]) -> set[UUID]:
        """Which of these people are a person's friends and let friends see where they go.

        Raises Unavailable (PEER_UNAVAILABLE).
        """
        request = people_pb2.BatchCheckFriendsRequest(
            person_id=str(person), user_ids=[str(user_id) for user_id in people]
        )
        try:
            answer = await self.people.BatchCheckFriends(request)
        except MeshError as error:
            raise unavailable(error, "who is whose friend is not known right now") from None
        return {UUID(user_id) for user_id in answer.friend_ids}

    async def followers(self, person: UUID, token: str) -> tuple[list[UUID], str]:
        """A page of a person's followers, and the next page's token. Raises MeshError."""
        page = await self.stub.ListFollowers(
            ugc_pb2.ListFollowersRequest(user_id=str(person), page_size=PAGE, page_token=token)
        )
        return [UUID(user_id) for user_id in page.user_ids], page.next_page_token

    async def subscribers(self, movie_id: UUID, token: str) -> tuple[list[UUID], str]:
        """A page of a film's subscribers, and the next page's token. Raises MeshError."""
        page = await self.stub.ListSubscribers(
            ugc_pb2.ListSubscribersRequest(movie_id=str(movie_id), page_size=PAGE, page_token=token)
        )
        return [UUID(user_id) for user_id in page.user_ids], page.next_page_token


class Inboxes:
    """Where people are told."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = NotifyServiceStub(channel)

    async def publish(self, requests: Sequence[notify_pb2.PublishRequest]) -> None:
        """Tells people of events, in calls of a size that notify takes; repeating it tells nobody twice.

        One that notify refuses is a defect of ours: it is logged, and the others are told. Raises MeshError when notify
        does not answer.
        """
        for batch in batches(requests):
            await self.publish_batch(batch)

    async def publish_batch(self, requests: Sequence[notify_pb2.PublishRequest]) -> None:
        """One call; one by one when something in it is refused."""
        try:
            await self.stub.BatchPublish(notify_pb2.BatchPublishRequest(requests=requests), timeout=PUBLISH_SECONDS)
        except InvalidArgument as error:
            if len(requests) == 1:
                logger().error("notice refused", event_id=requests[0].event_id, problem=error.message)
                return
            for request in requests:
                await self.publish_batch([request])


def batches(requests: Sequence[notify_pb2.PublishRequest]) -> Iterator[list[notify_pb2.PublishRequest]]:
    """Requests that are handed over in one call, in their order; one that leaves no room for others goes alone."""
    batch: list[notify_pb2.PublishRequest] = []
    people = size = 0
    for request in requests:
        people, size = people + len(request.recipients), size + request.ByteSize()
        if batch and (len(batch) == CALL_REQUESTS or people > CALL_PEOPLE or size > CALL_BYTES):
            yield batch
            batch, people, size = [], len(request.recipients), request.ByteSize()
        batch.append(request)
    if batch:
        yield batch


def unavailable(error: MeshError, message: str) -> MeshError:
    """A peer's outage as ours; its refusal as it is."""
    return Unavailable("PEER_UNAVAILABLE", message) if is_outage(error) else error
