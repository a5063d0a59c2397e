"""The RPCs of the UGC service."""

from typing import ClassVar
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from matinee.ugc.v1 import ugc_pb2
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceServicer

from mesh import caller, idempotency
from mesh.database import Database, Row
from mesh.interceptors import Context
from ugc_svc.follows import Follows
from ugc_svc.reviews import Reviews
from ugc_svc.schema import DISLIKE, LIKE
from ugc_svc.subscriptions import Subscriptions


class UgcServicer(UgcServiceServicer):
    """Answers for matinee.ugc.v1.UgcService."""

    reactions: ClassVar = {ugc_pb2.SetReactionRequest.LIKE: LIKE, ugc_pb2.SetReactionRequest.DISLIKE: DISLIKE}

    def __init__(self, database: Database, reviews: Reviews, subscriptions: Subscriptions, follows: Follows) -> None:
        self.database = database
        self.reviews = reviews
        self.subscriptions = subscriptions
        self.follows = follows

    async def CreateReview(self, request: ugc_pb2.CreateReviewRequest, context: Context) -> ugc_pb2.Review:
        async def act() -> ugc_pb2.Review:
            movie_id = UUID(request.movie_id)
            return to_proto(await self.reviews.write(caller.user_id(), movie_id, request.text, request.score))

        return await idempotency.once(self.database, request, ugc_pb2.Review, act, self.review)

    async def UpdateReview(self, request: ugc_pb2.UpdateReviewRequest, context: Context) -> ugc_pb2.Review:
        async def act() -> ugc_pb2.Review:
            text = request.text if request.HasField("text") else None
            score = request.score if request.HasField("score") else None
            return to_proto(await self.reviews.change(caller.user_id(), UUID(request.review_id), text, score))

        return await idempotency.once(self.database, request, ugc_pb2.Review, act, self.review)

    async def DeleteReview(self, request: ugc_pb2.DeleteReviewRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.reviews.remove(caller.user(), UUID(request.review_id))

        return await idempotency.done_once(self.database, request, act)

    async def ListReviews(self, request: ugc_pb2.ListReviewsRequest, context: Context) -> ugc_pb2.ListReviewsResponse:
        rows, next_token = await self.reviews.list(
            UUID(request.movie_id), request.order_by, request.page_size, request.page_token
        )
        return ugc_pb2.ListReviewsResponse(reviews=map(to_proto, rows), next_page_token=next_token)

    async def GetFilmScore(self, request: ugc_pb2.GetFilmScoreRequest, context: Context) -> ugc_pb2.FilmScore:
        average, count = await self.reviews.film_score(UUID(request.movie_id))
        return ugc_pb2.FilmScore(score_average=average, reviews_count=count)

    async def GetReview(self, request: ugc_pb2.GetReviewRequest, context: Context) -> ugc_pb2.Review:
        ids = UUID(request.movie_id), UUID(request.user_id), UUID(request.review_id)
        return to_proto(await self.reviews.get_of(*ids))

    async def SetReaction(self, request: ugc_pb2.SetReactionRequest, context: Context) -> ugc_pb2.Review:
        async def act() -> ugc_pb2.Review:
            value = self.reactions.get(request.reaction)
            return to_proto(await self.reviews.react(caller.user_id(), UUID(request.review_id), value))

        return await idempotency.once(self.database, request, ugc_pb2.Review, act, self.review)

    async def GetLikesCount(self, request: ugc_pb2.GetLikesCountRequest, context: Context) -> ugc_pb2.LikesCount:
        review = await self.reviews.get(UUID(request.review_id))
        return ugc_pb2.LikesCount(likes_count=review.likes)

    async def Subscribe(self, request: ugc_pb2.SubscribeRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.subscriptions.begin(caller.user_id(), UUID(request.movie_id))

        return await idempotency.done_once(self.database, request, act)

    async def Unsubscribe(self, request: ugc_pb2.UnsubscribeRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.subscriptions.end(caller.user_id(), UUID(request.movie_id))

        return await idempotency.done_once(self.database, request, act)

    async def ListSubscribers(
        self, request: ugc_pb2.ListSubscribersRequest, context: Context
    ) -> ugc_pb2.ListSubscribersResponse:
        ids, next_token = await self.subscriptions.list_subscribers(
            UUID(request.movie_id), request.page_size, request.page_token
        )
        return ugc_pb2.ListSubscribersResponse(user_ids=map(str, ids), next_page_token=next_token)

    async def ListSubscriptions(
        self, request: ugc_pb2.ListSubscriptionsRequest, context: Context
    ) -> ugc_pb2.ListSubscriptionsResponse:
        ids, next_token = await self.subscriptions.list_subscriptions(
            caller.user_id(), request.page_size, request.page_token
        )
        return ugc_pb2.ListSubscriptionsResponse(movie_ids=map(str, ids), next_page_token=next_token)

    async def Follow(self, request: ugc_pb2.FollowRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.follows.begin(caller.user_id(), UUID(request.user_id))

        return await idempotency.done_once(self.database, request, act)

    async def Unfollow(self, request: ugc_pb2.UnfollowRequest, context: Context) -> Empty:
        async def act() -> None:
            await self.follows.end(caller.user_id(), UUID(request.user_id))

        return await idempotency.done_once(self.database, request, act)

    async def ListFollowers(
        self, request: ugc_pb2.ListFollowersRequest, context: Context
    ) -> ugc_pb2.ListFollowersResponse:
        ids, next_token = await self.follows.list_followers(
            UUID(request.user_id), request.page_size, request.page_token
        )
        return ugc_pb2.ListFollowersResponse(user_ids=map(str, ids), next_page_token=next_token)

    async def ListOwnFollowing(
        self, request: ugc_pb2.ListOwnFollowingRequest, context: Context
    ) -> ugc_pb2.ListFollowingResponse:
        ids, next_token = await self.follows.list_own_following(caller.user_id(), request.page_size, request.page_token)
        return ugc_pb2.ListFollowingResponse(user_ids=map(str, ids), next_page_token=next_token)

    async def ListFollowing(
        self, request: ugc_pb2.ListFollowingRequest, context: Context
    ) -> ugc_pb2.ListFollowingResponse:
        ids, next_token = await self.follows.list_following(
            UUID(request.user_id), request.page_size, request.page_token
        )
        return ugc_pb2.ListFollowingResponse(user_ids=map(str, ids), next_page_token=next_token)

    async def BatchCheckFollowing(
        self, request: ugc_pb2.BatchCheckFollowingRequest, context: Context
    ) -> ugc_pb2.BatchCheckFollowingResponse:
        people = [UUID(user_id) for user_id in request.user_ids]
        followed = await self.follows.list_followed_among(UUID(request.follower_id), people)
        return ugc_pb2.BatchCheckFollowingResponse(followed_ids=map(str, followed))

    async def review(self, review_id: UUID) -> ugc_pb2.Review:
        """A review as it is now."""
        return to_proto(await self.reviews.get(review_id))


def to_proto(review: Row) -> ugc_pb2.Review:
    """A review as others see it."""
    return ugc_pb2.Review(
        id=str(review.id),
        movie_id=str(review.movie_id),
        text=review.text,
        author_id=str(review.author_id),
        pub_date=review.create_time,
        likes=review.likes,
        dislikes=review.dislikes,
        author_score=review.score,
        edit_time=review.edit_time,
    )
