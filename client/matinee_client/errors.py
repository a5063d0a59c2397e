"""Refusals as exceptions: a class for each status, a reason that a program can compare."""

from collections.abc import Iterator
from typing import Any, ClassVar

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

DETAILS = "grpc-status-details-bin"
REQUEST_ID = "x-request-id"


class MatineeError(Exception):
    """A call that was refused or failed.

    `reason` is one of matinee.common.v1.ErrorReason, or empty where nobody of ours answered; `metadata` goes with it;
    `fields` maps the path of a bad field to what is wrong with it; who asks for help names `request_id`.
    """

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNKNOWN

    def __init__(self, message: str, reason: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.request_id = request_id
        self.metadata: dict[str, str] = {}
        self.fields: dict[str, str] = {}

    def __str__(self) -> str:
        return f"{self.reason or self.code.name}: {self.message}"


class InvalidArgument(MatineeError):
    """The request is wrong whatever the state of the system."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class Unauthenticated(MatineeError):
    """Who calls is not known: no token, or none that is good."""

    code = grpc.StatusCode.UNAUTHENTICATED


class PermissionDenied(MatineeError):
    """Who calls is known and may not."""

    code = grpc.StatusCode.PERMISSION_DENIED


class NotFound(MatineeError):
    """It does not exist, or the caller may not know that it does."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(MatineeError):
    """What should be made is there already."""

    code = grpc.StatusCode.ALREADY_EXISTS


class FailedPrecondition(MatineeError):
    """The request is fine, the state does not allow it."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class Aborted(MatineeError):
    """Somebody else was faster; read again and decide anew."""

    code = grpc.StatusCode.ABORTED


class ResourceExhausted(MatineeError):
    """Too much, too large or too often; where it is too often, metadata has `retry_seconds`."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(MatineeError):
    """It does not answer right now."""

    code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceeded(MatineeError):
    """The time for the call is over; whether it took effect is not known."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Unimplemented(MatineeError):
    """There is no such RPC: the server is older than this client."""

    code = grpc.StatusCode.UNIMPLEMENTED


class Internal(MatineeError):
    """A defect of the server."""

    code = grpc.StatusCode.INTERNAL


CLASSES: dict[grpc.StatusCode, type[MatineeError]] = {kind.code: kind for kind in MatineeError.__subclasses__()}


def from_call(call: grpc.aio.AioRpcError) -> MatineeError:
    """The refusal that a call ended with."""
    headers = {**dict(call.initial_metadata() or ()), **dict(call.trailing_metadata() or ())}
    kind = CLASSES.get(call.code(), MatineeError)
    error = kind(call.details() or call.code().name, request_id=str(headers.get(REQUEST_ID, "")))
    for detail in _details(headers.get(DETAILS)):
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            error.reason, error.metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(bad):
            error.fields = {violation.field: violation.description for violation in bad.field_violations}
    return error


def _details(value: str | bytes | None) -> Iterator[Any]:
    if isinstance(value, bytes):
        try:
            yield from status_pb2.Status.FromString(value).details
        except DecodeError:
            return
