"""Refusals: raised as facts by the domain, carried as google.rpc.Status, raised again as the same class elsewhere."""

from collections.abc import Mapping
from typing import ClassVar

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "matinee"
DETAILS_KEY = "grpc-status-details-bin"
BECAUSE_KEY = "x-because"
"""Metadata of what grpc.health answers the other members: why the process does not serve."""
FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Names of the codes that are the fault of who answers, and not of who asks."""


class MeshError(Exception):
    """A call that was refused or failed, with a reason that a program can compare.

    `fields` maps the path of a bad field to what is wrong with it; metadata values are sent as text.
    """

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    http_status: ClassVar[str] = ""
    """What the edge answers over HTTP where that is not what the code stands for; edge.lua knows those it may be."""

    def __init__(self, reason: str, message: str, *, fields: Mapping[str, str] | None = None, **metadata: object):
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.fields = dict(fields or {})
        self.metadata = {key: str(value) for key, value in metadata.items()}

    def to_status(self) -> bytes:
        """The serialized google.rpc.Status."""
        status = status_pb2.Status(code=self.code.value[0], message=self.message)
        info = error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=self.metadata)
        status.details.add().Pack(info)
        if self.fields:
            violations = [
                error_details_pb2.BadRequest.FieldViolation(field=field, description=description, reason=self.reason)
                for field, description in self.fields.items()
            ]
            status.details.add().Pack(error_details_pb2.BadRequest(field_violations=violations))
        return bytes(status.SerializeToString())


class InvalidArgument(MeshError):
    """The request is wrong whatever the state of the system."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class Unauthenticated(MeshError):
    """Who calls is not known."""

    code = grpc.StatusCode.UNAUTHENTICATED


class PermissionDenied(MeshError):
    """Who calls is known and may not."""

    code = grpc.StatusCode.PERMISSION_DENIED


class NotFound(MeshError):
    """It does not exist, or the caller may not know that it does."""

    code = grpc.StatusCode.NOT_FOUND


class Gone(NotFound):
    """It did exist, and never will again. A peer's arrives as NotFound."""

    http_status = "410"


class AlreadyExists(MeshError):
    """What should be made is there already."""

    code = grpc.StatusCode.ALREADY_EXISTS


class FailedPrecondition(MeshError):
    """The request is fine, the state does not allow it."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class Aborted(MeshError):
    """Somebody else was faster; read again and decide anew."""

    code = grpc.StatusCode.ABORTED


class ResourceExhausted(MeshError):
    """Too much, too large or too often."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(MeshError):
    """Something that the answer needs does not answer right now."""

    code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceeded(MeshError):
    """The time for the call is over; whether it took effect is not known."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Unimplemented(MeshError):
    """There is no such RPC."""

    code = grpc.StatusCode.UNIMPLEMENTED


class Internal(MeshError):
    """A defect of ours."""

    code = grpc.StatusCode.INTERNAL


CLASSES: dict[grpc.StatusCode, type[MeshError]] = {kind.code: kind for kind in MeshError.__subclasses__()}


def from_call(call: grpc.aio.AioRpcError) -> MeshError:
    """The error that a peer raised, as the same class; one without our details gets the code's plain reason."""
    kind = CLASSES.get(call.code(), Internal)
    reason, metadata, fields = plain_reason(kind), {}, {}
    status = details_of(call)
    for detail in status.details if status else ():
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(bad):
            fields = {violation.field: violation.description for violation in bad.field_violations}
    error = kind(reason, call.details() or reason, fields=fields)
    error.metadata = metadata
    return error


def plain_reason(kind: type[MeshError]) -> str:
    """The reason for an error that the transport made, not a peer's code."""
    return {Unavailable: "PEER_UNAVAILABLE", DeadlineExceeded: "DEADLINE_PASSED", ResourceExhausted: "TOO_LARGE"}.get(
        kind, "INTERNAL_ERROR"
    )


def details_of(call: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    """The google.rpc.Status in the call's trailing metadata, if there is a readable one."""
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None
