"""What Envoy itself answers when a request gets no further, in the words of our own refusals."""

import base64
from dataclasses import dataclass, field

from google.rpc import code_pb2, error_details_pb2, status_pb2
from matinee.common.v1.error_reason_pb2 import ErrorReason

# Envoy's own sentence.
AS_ENVOY_SAYS = "%LOCAL_REPLY_BODY%"
DOMAIN = "matinee"
INFO = "type.googleapis.com/google.rpc.ErrorInfo"


@dataclass(frozen=True)
class OwnError:
    """An answer of the edge itself. The first that fits is used."""

    # The HTTP status that Envoy has in mind; with `and_above` any from it on.
    status: int
    code: int
    message: str
    reason: str | None = None
    and_above: bool = False
    # What Envoy's account of the reply must contain, such as jwt_authn_access_denied{Jwt_is_expired}.
    because: str | None = None
    # What to answer instead of `status`.
    answered_as: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    # Whether gRPC callers get it too.
    to_grpc: bool = False

    @property
    def json_body(self) -> dict[str, object]:
        """The answer to a JSON caller."""
        info = {"@type": INFO, "reason": self.reason, "domain": DOMAIN, "metadata": self.metadata}
        return {"code": self.code, "message": self.message, "details": [info] if self.reason else []}

    @property
    def grpc_details(self) -> str:
        """The trailer in which gRPC callers find the reason."""
        status = status_pb2.Status(code=self.code, message=self.message)
        status.details.add().Pack(error_details_pb2.ErrorInfo(reason=self.reason or "", domain=DOMAIN))
        return base64.b64encode(status.SerializeToString(deterministic=True)).decode().rstrip("=")


def _reason(value: "ErrorReason.ValueType") -> str:
    return ErrorReason.Name(value)


_DEADLINE_PASSED = _reason(ErrorReason.DEADLINE_PASSED)

EXPIRED = OwnError(
    401,
    code_pb2.UNAUTHENTICATED,
    "the token has expired",
    _reason(ErrorReason.TOKEN_EXPIRED),
    because="Jwt_is_expired",
    to_grpc=True,
)
# Without the keys nothing can be said about a token: it may well be good.
NO_KEYS = OwnError(
    401,
    code_pb2.UNAVAILABLE,
    "tokens cannot be checked right now, try again",
    _reason(ErrorReason.PEER_UNAVAILABLE),
    because="Jwks_remote_fetch_is_failed",
    answered_as=503,
    to_grpc=True,
)
INVALID = OwnError(
    401,
    code_pb2.UNAUTHENTICATED,
    "the token is not one that is accepted here",
    _reason(ErrorReason.TOKEN_INVALID),
    to_grpc=True,
)
# Envoy finds a token for somebody else forbidden; to the services it is like any other bad one.
FOREIGN = OwnError(
    403, INVALID.code, INVALID.message, INVALID.reason, because="Audiences_in_Jwt", answered_as=401, to_grpc=True
)
AWAY = OwnError(
    503,
    code_pb2.UNAVAILABLE,
    "the service does not answer, try again",
    _reason(ErrorReason.PEER_UNAVAILABLE),
    to_grpc=True,
)
SLOW = OwnError(
    408,
    code_pb2.DEADLINE_EXCEEDED,
    "the service took too long",
    _DEADLINE_PASSED,
    because="max_duration_timeout",
    answered_as=504,
    to_grpc=True,
)
LARGE = OwnError(
    413, code_pb2.RESOURCE_EXHAUSTED, "the body is too large", _reason(ErrorReason.TOO_LARGE), to_grpc=True
)
OFTEN = OwnError(
    429,
    code_pb2.RESOURCE_EXHAUSTED,
    "too many requests, try again later",
    _reason(ErrorReason.TOO_MANY_REQUESTS),
    metadata={"retry_seconds": "%RESP(RETRY-AFTER)%"},
    to_grpc=True,
)
_INVALID_FIELDS = _reason(ErrorReason.INVALID_FIELDS)

NO_HTTP = OwnError(400, code_pb2.INVALID_ARGUMENT, "the request or its path is not valid HTTP", _INVALID_FIELDS)

OWN_ERRORS = (
    EXPIRED,
    NO_KEYS,
    INVALID,
    FOREIGN,
    OwnError(400, code_pb2.INVALID_ARGUMENT, AS_ENVOY_SAYS, _INVALID_FIELDS, because="transcode_failure"),
    NO_HTTP,
    OwnError(403, code_pb2.PERMISSION_DENIED, "the edge does not do this", _reason(ErrorReason.ACCESS_DENIED)),
    OwnError(404, code_pb2.NOT_FOUND, "nobody serves this method and path"),
    SLOW,
    OwnError(408, code_pb2.DEADLINE_EXCEEDED, "the request took too long to arrive", _DEADLINE_PASSED),
    LARGE,
    OFTEN,
    OwnError(431, LARGE.code, "the headers are too large", LARGE.reason),
    # A coding of the body other than chunks.
    OwnError(501, NO_HTTP.code, NO_HTTP.message, NO_HTTP.reason, answered_as=400),
    AWAY,
    OwnError(504, SLOW.code, SLOW.message, SLOW.reason),
    OwnError(500, code_pb2.INTERNAL, "internal error", _reason(ErrorReason.INTERNAL_ERROR), and_above=True),
    OwnError(400, code_pb2.INVALID_ARGUMENT, AS_ENVOY_SAYS, _INVALID_FIELDS, and_above=True),
)
