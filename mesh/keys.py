"""How a service learns from the auth service what it needs to verify tokens: the keys, and who has signed out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc
import orjson
import redis.asyncio
from google.protobuf.empty_pb2 import Empty
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from mesh.revocations import Fetch, Revocations, Revoked
from mesh.settings import ProcessSettings
from mesh.verifier import FetchKeys, Verifier


def verifier_of(settings: ProcessSettings, client: redis.asyncio.Redis, auth: grpc.aio.Channel) -> Verifier:
    """What a service verifies tokens with that is not the auth service itself."""
    return Verifier(
        keys_of(auth),
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        revocations=Revocations(revocations_of(auth), client),
    )


def keys_of(auth: grpc.aio.Channel) -> FetchKeys:
    """Gets the JSON Web Key Set over a channel to the auth service. The getter raises MeshError."""
    stub = AuthServiceStub(auth)

    async def fetch() -> Mapping[str, Any]:
        body = await stub.GetJwks(Empty())
        key_set: Mapping[str, Any] = orjson.loads(body.data)
        return key_set

    return fetch


def revocations_of(auth: grpc.aio.Channel) -> Fetch:
    """Gets what ended from the auth service. The getter raises MeshError."""
    stub = AuthServiceStub(auth)

    async def fetch(since: datetime | None) -> Sequence[Revoked]:
        request = auth_pb2.ListRevocationsRequest()
        if since is not None:
            request.since.FromDatetime(since)
        return [revoked(each) for each in (await stub.ListRevocations(request)).revocations]

    return fetch


def revoked(revocation: auth_pb2.Revocation) -> Revoked:
    """From the message."""
    return Revoked(
        UUID(revocation.session_id),
        revocation.end_time.ToDatetime(UTC),
        revocation.forget_time.ToDatetime(UTC),
    )
