"""A process of the mesh: serves RPCs with everything around them, and stops without dropping any."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import uvloop
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from grpc_channelz.v1 import channelz, channelz_pb2_grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc
from matinee.auth.v1 import auth_pb2

from mesh import clock, logs, metrics, stubs, tracing
from mesh.health import Health, Probe
from mesh.identity import Identity, IdentityFiles
from mesh.interceptors import Context, Method, around
from mesh.keys import KeyServicer
from mesh.members import MembersOnly
from mesh.settings import ProcessSettings
from mesh.streams import Streams
from mesh.verifier import Verifier

OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 1024 * 1024),
    # More than Envoy lets in: it says so in better words than gRPC does.
    ("grpc.max_metadata_size", 64 * 1024),
    ("grpc.absolute_max_metadata_size", 128 * 1024),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Then a caller has to show his certificate again; calls under way finish. Nobody stays in because he was in.
    ("grpc.max_connection_age_ms", 600_000),
)
GARBAGE = 20_000
"""New objects between two collections."""


@dataclass
class Served:
    """A service of the contract and the object that answers for it."""

    descriptor: ServiceDescriptor
    servicer: object


@dataclass
class Process:
    """All that a process runs beside its server."""

    settings: ProcessSettings
    verifier: Verifier
    served: Sequence[Served]
    probe: Probe | None = None
    """Raises when the process cannot serve; asked every second for the health service."""
    tasks: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    """Run beside the server; they end by themselves after `stop`."""
    periodic: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    """Run beside the server until they are cancelled."""
    stop: Callable[[], None] | None = None
    """Tells the tasks to end."""
    close: Sequence[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """Closes what the process opened, in this order."""
    streams: Streams = field(init=False)
    """The answers that are being streamed."""

    def __post_init__(self) -> None:
        self.streams = Streams(self.settings.slow_reader_seconds)
        if self.verifier.revocations is not None:
            self.verifier.revocations.heard.append(self.streams.revoke)


def build_server(process: Process) -> tuple[grpc.aio.Server, Health]:
    """A server that is not started yet.

    Raises ValueError when an RPC does not say who may call it or its servicer has no such method.
    """
    server = grpc.aio.server(options=OPTIONS)
    for served in process.served:
        server.add_generic_rpc_handlers((handlers(served, process.verifier, process.streams),))
    # Behind the auth service's own, where it has one.
    server.add_generic_rpc_handlers((key_handlers(process.verifier, process.streams),))
    servicer = Health([served.descriptor.full_name for served in process.served])
    guarded: Any = MembersOnly(server)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, guarded)
    # Every process lists all: behind the edge's one port a reflection client reaches any of them.
    names = (*stubs.SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflection.aio.ReflectionServicer(names), guarded)
    # Tells of this process's connections; no route of the edge leads there, and so no list names it.
    channelz_pb2_grpc.add_ChannelzServicer_to_server(channelz.aio.ChannelzServicer(), guarded)
    server.add_secure_port(process.settings.listen, credentials(IdentityFiles(process.settings)))
    return server, servicer


def handlers(served: Served, verifier: Verifier, streams: Streams) -> grpc.GenericRpcHandler:
    """The handlers of a service's RPCs."""
    methods = {method.name: handler(method, served.servicer, verifier, streams) for method in served.descriptor.methods}
    return grpc.method_handlers_generic_handler(served.descriptor.full_name, methods)


def key_handlers(verifier: Verifier, streams: Streams) -> grpc.GenericRpcHandler:
    """The handler of the one RPC that every process answers."""
    method = auth_pb2.DESCRIPTOR.services_by_name["AuthService"].methods_by_name["GetJwks"]
    own = handler(method, KeyServicer(verifier), verifier, streams)
    return grpc.method_handlers_generic_handler(method.containing_service.full_name, {method.name: own})


def handler(
    method: MethodDescriptor, servicer: object, verifier: Verifier, streams: Streams
) -> "grpc.RpcMethodHandler[Any, Any]":
    """The handler of an RPC with everything around it. Raises ValueError as build_server()."""
    own: Callable[[Any, Context], Any] | None = getattr(servicer, method.name, None)
    # The generated base class has every method too, and each of them only says that it is missing.
    if own is None or own.__module__.endswith("_pb2_grpc"):
        raise ValueError(f"{type(servicer).__name__} does not answer {method.full_name}")
    pool = descriptor_pool.Default()
    request = message_factory.GetMessageClass(pool.FindMessageTypeByName(method.input_type.full_name))
    response = message_factory.GetMessageClass(pool.FindMessageTypeByName(method.output_type.full_name))
    described = Method.of(method)
    kind = grpc.unary_stream_rpc_method_handler if described.is_stream else grpc.unary_unary_rpc_method_handler
    complete: Any = around(described, request, own, verifier, streams)
    return kind(complete, response_serializer=response.SerializeToString)


def credentials(files: IdentityFiles) -> grpc.ServerCredentials:
    """mTLS: only certificates of our own authorities get a connection. Each new one sees the files as they are then."""
    shown = files.current()

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal shown
        identity = files.current()
        if identity is shown:
            return None
        shown = identity
        return configuration(identity)

    # The stubs do not know that None means: as before.
    fetch: Any = renewed
    return grpc.dynamic_ssl_server_credentials(configuration(shown), fetch, require_client_authentication=True)


def configuration(identity: Identity) -> grpc.ServerCertificateConfiguration:
    """What a server shows and whom it believes."""
    return grpc.ssl_server_certificate_configuration([(identity.key, identity.certificate)], identity.authorities)


async def serve(process: Process) -> None:
    """Serves until SIGTERM or SIGINT; then says NOT_SERVING, lets running calls finish and returns."""
    settings = process.settings
    server, servicer = build_server(process)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await server.start()
    beside: list[asyncio.Task[None]] = [asyncio.create_task(start()) for start in process.tasks]
    endless = [asyncio.create_task(start()) for start in process.periodic]
    endless.append(asyncio.create_task(servicer.watch(process.probe)))
    # From now on rather than from the first call: auth may be down by then.
    endless += [asyncio.create_task(start()) for start in process.verifier.tasks()]
    logs.logger().info("serving", listen=settings.listen)
    await stopped.wait()
    for task in endless:
        task.cancel()
    await servicer.stop()
    await asyncio.sleep(settings.drain_seconds)
    # Not before: by now whoever resumes is led to another process.
    process.streams.end()
    await server.stop(settings.stop_seconds)
    await finish(process, beside)
    logs.logger().info("stopped")


async def finish(process: Process, beside: Sequence[asyncio.Task[None]]) -> None:
    """Lets what runs beside the server end, cuts off what does not, and closes what the process opened."""
    if process.stop is not None:
        process.stop()
    if beside:
        _, late = await asyncio.wait(beside, timeout=process.settings.stop_seconds)
        for task in late:
            task.cancel()
    for close in process.close:
        await close()


def run(name: str, settings: ProcessSettings, build: Callable[[], Awaitable[Process]]) -> None:
    """The whole life of a process: `build` puts its parts together inside the running loop."""
    graylog = logs.configure(name, settings.log_level, settings.graylog_url)
    collector = tracing.configure(name, settings)
    if settings.metrics_listen:
        metrics.serve(settings.metrics_listen, name)
    if settings.local_mode and settings.clock_file is not None:
        clock.follow(settings.clock_file)

    async def live() -> None:
        process = await build()
        # What is there by now stays: without it each collection walks all modules, and a list of 20 rows begins one.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE)
        await serve(process)

    try:
        uvloop.run(live())
    finally:
        # Before the log: it tells there what it lost.
        if collector is not None:
            collector.close()
        if graylog is not None:
            graylog.close()
