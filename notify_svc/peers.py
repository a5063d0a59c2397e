"""What auth knows, in our words."""

from collections.abc import Collection, Mapping
from typing import NamedTuple
from uuid import UUID

import grpc
import redis.asyncio
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from mesh.cache import Cache
from mesh.channel import is_outage
from mesh.errors import MeshError
from notify_svc.languages import ENGLISH, Language, language_of

EMAIL = "email"
"""The delivery_type of people who want mails."""


class Manner(NamedTuple):
    """How somebody wants to be told things."""

    language: Language = ENGLISH
    mails: bool = True


class People:
    """How people want to be told things, where they are reached, and in which language."""

    def __init__(self, channel: grpc.aio.Channel, client: redis.asyncio.Redis) -> None:
        self.stub = AuthServiceStub(channel)
        self.cache = Cache(client, auth_pb2.User, "notify:user:", self.load)

    async def load(self, ids: Collection[UUID]) -> Mapping[UUID, auth_pb2.User]:
        """Users by id, without anything private: addresses do not rest in our cache."""
        users = (await self.stub.BatchGetUsers(batch(ids))).users
        return {
            UUID(user.user_id): auth_pb2.User(delivery_type=user.delivery_type, language=user.language)
            for user in users
        }

    async def manners(self, ids: Collection[UUID]) -> dict[UUID, Manner]:
        """How these people want to be told. In English and by mail while auth is down: mails ask again."""
        try:
            users = await self.cache.get_many(ids)
        except MeshError as error:
            if not is_outage(error):
                raise
            users = {}
        return {each: manner(users[each]) if each in users else Manner() for each in ids}

    async def find(self, user_id: UUID) -> auth_pb2.User | None:
        """A person, private fields included. Raises MeshError."""
        return next(iter((await self.stub.BatchGetUsers(batch([user_id]))).users), None)


def manner(user: auth_pb2.User) -> Manner:
    """How a user wants to be told."""
    return Manner(language_of(user.language), user.delivery_type == EMAIL)


def batch(ids: Collection[UUID]) -> auth_pb2.BatchGetUsersRequest:
    """Asks for these users."""
    return auth_pb2.BatchGetUsersRequest(user_ids=[str(user_id) for user_id in ids])
