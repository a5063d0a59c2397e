"""ClientService: messages in, one domain call, messages out."""

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from matinee.auth.v1 import client_pb2
from matinee.auth.v1.client_pb2_grpc import ClientServiceServicer

from auth_svc.clients import Clients, Made
from mesh import caller
from mesh.database import Row
from mesh.interceptors import Context

CACHING = ("cache-control", "no-store")


class ClientServicer(ClientServiceServicer):
    """One method per RPC, in the proto's order."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients

    async def CreateToken(self, request: client_pb2.CreateTokenRequest, context: Context) -> client_pb2.ClientToken:
        token = await self.clients.token(UUID(request.client_id), request.client_secret)
        caller.current().headers.append(CACHING)
        lifetime = int(self.clients.lifetime.total_seconds())
        return client_pb2.ClientToken(access_token=token, token_type="Bearer", expires_in=lifetime)

    async def CreateClient(self, request: client_pb2.CreateClientRequest, context: Context) -> client_pb2.ClientSecret:
        return told_once(await self.clients.make(request.name, request.rpcs, caller.user_id()))

    async def ListClients(
        self, request: client_pb2.ListClientsRequest, context: Context
    ) -> client_pb2.ListClientsResponse:
        clients, token = await self.clients.list(request.page_size, request.page_token)
        return client_pb2.ListClientsResponse(clients=map(to_proto, clients), next_page_token=token)

    async def ReplaceClientSecret(
        self, request: client_pb2.ReplaceClientSecretRequest, context: Context
    ) -> client_pb2.ClientSecret:
        return told_once(await self.clients.replace_secret(UUID(request.client_id)))

    async def EndClient(self, request: client_pb2.EndClientRequest, context: Context) -> Empty:
        await self.clients.end(UUID(request.client_id))
        return Empty()


def told_once(made: Made) -> client_pb2.ClientSecret:
    """A client and its secret as a message."""
    client, secret = made
    caller.current().headers.append(CACHING)
    return client_pb2.ClientSecret(client=to_proto(client), client_secret=secret)


def to_proto(client: Row) -> client_pb2.Client:
    """A client as a message."""
    return client_pb2.Client(
        client_id=str(client.id),
        name=client.name,
        rpcs=client.rpcs,
        create_time=client.create_time,
        creator_id=str(client.creator_id),
    )
