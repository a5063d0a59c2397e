"""What the protos say, read from the committed stubs: no protoc is needed to start the edge."""

from collections.abc import Iterator
from types import ModuleType

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.rpc import error_details_pb2, status_pb2
from matinee.auth.v1 import auth_pb2, client_pb2
from matinee.bench.v1 import ceiling_pb2
from matinee.booking.v1 import block_pb2, booking_pb2, rating_pb2
from matinee.link.v1 import link_pb2
from matinee.movie.v1 import movie_pb2
from matinee.notify.v1 import notify_pb2
from matinee.ugc.v1 import people_pb2, ugc_pb2

# Which service's processes answer the RPCs of a file. The busiest come first: routes are tried in this order.
SERVED_BY: dict[str, tuple[ModuleType, ...]] = {
    "booking": (booking_pb2, rating_pb2, block_pb2),
    "movie": (movie_pb2,),
    "auth": (auth_pb2, client_pb2),
    "ugc": (ugc_pb2, people_pb2),
    "notify": (notify_pb2, link_pb2),
}
# Without these Envoy cannot write a refusal's details, and the caller gets an empty body.
REFUSALS = (error_details_pb2, status_pb2)


def served_files(*, bench: bool) -> dict[str, list[FileDescriptor]]:
    """The proto files by the cluster that serves them."""
    served = {cluster: [module.DESCRIPTOR for module in modules] for cluster, modules in SERVED_BY.items()}
    if bench:
        served["bench"] = [ceiling_pb2.DESCRIPTOR]
    return served


def descriptor_set(files: Iterator[FileDescriptor]) -> FileDescriptorSet:
    """The files and all that they import, each after what it needs."""
    ordered: dict[str, FileDescriptor] = {}
    for file in (*files, *(module.DESCRIPTOR for module in REFUSALS)):
        _add(file, ordered)
    result = FileDescriptorSet()
    for file in ordered.values():
        file.CopyToProto(result.file.add())
    return result


def _add(file: FileDescriptor, ordered: dict[str, FileDescriptor]) -> None:
    if file.name in ordered:
        return
    for needed in file.dependencies:
        _add(needed, ordered)
    ordered[file.name] = file


def services(files: list[FileDescriptor]) -> Iterator[ServiceDescriptor]:
    """The services of some files, in the order of the protos."""
    for file in files:
        yield from file.services_by_name.values()


def is_read(method: MethodDescriptor) -> bool:
    """Whether calling it twice is the same as calling it once, because it changes nothing."""
    options = method.GetOptions()
    return bool(options.idempotency_level == options.NO_SIDE_EFFECTS)
