"""Which path leads to which service, derived from the protos."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor

from envoy.descriptors import is_read, services

# Mostly enough to tell the services apart; more would only be more routes to try.
PREFIX_SEGMENTS = 2


@dataclass(frozen=True)
class HttpRoute:
    """Paths of the HTTP API that begin with whole segments."""

    prefix: str
    cluster: str


@dataclass(frozen=True)
class GrpcRoute:
    """A gRPC service, and the names of its RPCs that change nothing."""

    service: str
    cluster: str
    reads: tuple[str, ...]
    streams: tuple[str, ...]
    """Names of its RPCs that answer with a stream, which has no end to wait for."""


@dataclass(frozen=True)
class StreamRoute:
    """A path of the HTTP API whose answer is a stream of events."""

    path: str
    cluster: str


def http_rules(method: MethodDescriptor) -> Iterator[tuple[str, str]]:
    """Verb and path of every HTTP binding of an RPC."""
    options = method.GetOptions()
    if not options.HasExtension(annotations_pb2.http):
        return
    rule = options.Extensions[annotations_pb2.http]
    for binding in (rule, *rule.additional_bindings):
        yield _verb_and_path(binding)


def _verb_and_path(rule: HttpRule) -> tuple[str, str]:
    kind = rule.WhichOneof("pattern")
    if kind is None or kind == "custom":
        raise SystemExit(f"an HTTP rule names no verb that the edge knows: {rule}")
    return kind.upper(), str(getattr(rule, kind))


def prefix_of(path: str, length: int = PREFIX_SEGMENTS) -> str:
    """The first literal segments of a path template: /app/v1 for /app/v1/booking/{booking_id}."""
    literal: list[str] = []
    for segment in path.strip("/").split("/")[:length]:
        if "{" in segment or "*" in segment:
            break
        literal.append(segment)
    if not literal:
        raise SystemExit(f"the path {path} begins with a variable: no route can tell whose it is")
    return "/" + "/".join(literal)


def http_routes(served: dict[str, list[FileDescriptor]]) -> list[HttpRoute]:
    """One route for each prefix; SystemExit if two services claim the same."""
    owners = {path: cluster for cluster, files in served.items() for path in _paths(files)}
    routes = {_own_prefix(path, owners): cluster for path, cluster in owners.items()}
    return [HttpRoute(prefix, cluster) for prefix, cluster in routes.items()]


def _paths(files: list[FileDescriptor]) -> Iterator[str]:
    for service in services(files):
        for method in service.methods:
            yield from (path for _, path in http_rules(method))


def _own_prefix(path: str, owners: dict[str, str]) -> str:
    """The shortest prefix below which only the path's own service has paths; /notify/v1 is shared by two."""
    for length in range(PREFIX_SEGMENTS, path.count("/") + PREFIX_SEGMENTS):
        prefix = prefix_of(path, length)
        clusters = {cluster for other, cluster in owners.items() if f"{other}/".startswith(f"{prefix}/")}
        if clusters == {owners[path]}:
            return prefix
    raise SystemExit(f"{' and '.join(sorted(clusters))} have paths below {prefix}: no route can tell whose {path} is")


def stream_routes(served: dict[str, list[FileDescriptor]]) -> list[StreamRoute]:
    """One route for each path that streams; SystemExit if it holds a variable or changes something."""
    routes = [
        (StreamRoute(path, cluster), verb)
        for cluster, files in served.items()
        for service in services(files)
        for method in service.methods
        for verb, path in http_rules(method)
        if method.server_streaming
    ]
    for route, verb in routes:
        if "{" in route.path or verb != "GET":
            raise SystemExit(f"{verb} {route.path} streams: only GET of a plain path can")
    return [route for route, _ in routes]


def grpc_routes(served: dict[str, list[FileDescriptor]]) -> list[GrpcRoute]:
    """One route for each gRPC service."""
    return [
        GrpcRoute(
            service.full_name,
            cluster,
            tuple(method.name for method in service.methods if is_read(method)),
            tuple(method.name for method in service.methods if method.server_streaming),
        )
        for cluster, files in served.items()
        for service in services(files)
    ]
