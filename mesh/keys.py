"""How a service learns from the auth service what it needs to verify tokens: the keys, and who has signed out."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc
import orjson
import redis.asyncio
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from matinee.auth.v1 import auth_pb2
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from mesh import caller
from mesh.errors import MeshError, Unavailable
from mesh.revocations import Fetch, Revocations, Revoked
from mesh.settings import ProcessSettings
from mesh.verifier import FetchKeys, Verifier

CACHING = ("cache-control", "public, max-age=30")


def verifier_of(
    settings: ProcessSettings, client: redis.asyncio.Redis, auth: grpc.aio.Channel, *others: grpc.aio.Channel
) -> Verifier:
    """What a service verifies tokens with that is not the auth service itself; `others` may know the keys, too."""
    return Verifier(
        keys_of(auth, *others),
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        revocations=Revocations(revocations_of(auth), client),
    )


class KeyServicer:
    """Answers AuthService.GetJwks in any process, from what it knows itself: so the keys are there while auth is not.

    Whoever asks trusts the certificate of the mesh that answers, as he does with everything else.
    """

    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier

    async def GetJwks(self, request: Empty, context: grpc.aio.ServicerContext[Empty, HttpBody]) -> HttpBody:
        if not self.verifier.keys:
            raise Unavailable("PEER_UNAVAILABLE", "the keys are not known here right now")
        return jwks(self.verifier.key_set)


def jwks(key_set: Mapping[str, Any]) -> HttpBody:
    """The answer of GetJwks."""
    caller.current().headers.append(CACHING)
    return HttpBody(content_type="application/json", data=orjson.dumps(key_set))


def keys_of(auth: grpc.aio.Channel, *others: grpc.aio.Channel) -> FetchKeys:
    """Gets the JSON Web Key Set from the auth service; if that was away from the start, from another one that knows it.

    Once auth has answered nobody else is believed. The getter raises MeshError.
    """
    first, stubs, is_known = AuthServiceStub(auth), [AuthServiceStub(channel) for channel in others], False

    async def fetch() -> Mapping[str, Any]:
        nonlocal is_known
        try:
            found = key_set_in(await first.GetJwks(Empty()))
        except MeshError:
            if is_known:
                raise
            for stub in stubs:
                with suppress(MeshError):
                    return key_set_in(await stub.GetJwks(Empty()))
            raise
        is_known = True
        return found

    return fetch


def key_set_in(body: HttpBody) -> Mapping[str, Any]:
    """From the answer of GetJwks."""
    key_set: Mapping[str, Any] = orjson.loads(body.data)
    return key_set


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
