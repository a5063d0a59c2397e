"""Where the keys come from that access tokens are verified with."""

from collections.abc import Mapping
from typing import Any

import grpc
import orjson
from google.protobuf.empty_pb2 import Empty
from matinee.auth.v1.auth_pb2_grpc import AuthServiceStub

from mesh.caller import FetchKeys


def keys_of(auth: grpc.aio.Channel) -> FetchKeys:
    """Gets the JSON Web Key Set over a channel to the auth service. The getter raises MeshError."""
    stub = AuthServiceStub(auth)

    async def fetch() -> Mapping[str, Any]:
        body = await stub.GetJwks(Empty())
        key_set: Mapping[str, Any] = orjson.loads(body.data)
        return key_set

    return fetch
