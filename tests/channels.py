"""Ways into the mesh for tests: through the public port, or straight to a service as a member of the mesh."""

import grpc
import httpx

from local.mesh import Mesh
from local.services import get_service
from mesh.errors import from_call
from tests.people import Person


def public_client(mesh: Mesh) -> httpx.AsyncClient:
    """JSON through Envoy."""
    url = mesh.settings.edge_url
    limits = httpx.Limits(max_connections=200)
    return httpx.AsyncClient(base_url=url, timeout=30, limits=limits, trust_env=False)


def public_channel(mesh: Mesh) -> grpc.aio.Channel:
    """gRPC through Envoy."""
    return grpc.aio.insecure_channel(f"{mesh.settings.edge_host}:{mesh.settings.edge_port}")


def inner_channel(
    mesh: Mesh, service: str, identity: str, process: int = 0, *, port: int | None = None
) -> grpc.aio.Channel:
    """gRPC straight to a process of a service, with the certificate of `identity`, such as booking or envoy."""
    credentials = grpc.ssl_channel_credentials(*mesh.home.identity(identity))
    port = port or mesh.settings.ports(get_service(service))[process]
    return grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials)


def signed(person: Person) -> tuple[tuple[str, str]]:
    """The metadata that make a call this person's."""
    return (("authorization", f"Bearer {person.token}"),)


def refusal(error: BaseException) -> tuple[grpc.StatusCode, str]:
    """The status and the reason of a refused call."""
    assert isinstance(error, grpc.aio.AioRpcError)
    return error.code(), from_call(error).reason
