"""How an operation can be refused: by the service for the reasons that its comment names, and by the edge."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from matinee.common.v1 import access_pb2

from envoy.errors import OWN_ERRORS
from mesh.idempotency import FIELD as IDEMPOTENCY_KEY
from openapi.examples import refusal_example

TABLE = Path(__file__).parents[1] / "docs" / "errors.md"
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \| (.+) \|$", re.MULTILINE)
WORD = re.compile(r"\b[A-Z][A-Z_]+\b")
ERROR: dict[str, Any] = {
    "type": "object",
    "description": "A refusal: google.rpc.Status.",
    "properties": {
        "code": {"type": "integer", "description": "The gRPC code."},
        "message": {"type": "string", "description": "For people who write programs."},
        "details": {"type": "array", "items": {"$ref": "#/components/schemas/ErrorDetail"}},
    },
    "required": ["code", "message", "details"],
}
ERROR_DETAIL: dict[str, Any] = {
    "type": "object",
    "description": "google.rpc.ErrorInfo, with the reason for programs, or google.rpc.BadRequest, with the bad fields.",
    "properties": {
        "@type": {"type": "string"},
        "reason": {"type": "string", "description": "What a program can compare; each status lists those it can be."},
        "domain": {"type": "string"},
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        "field_violations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "description": {"type": "string"},
                    "reason": {"type": "string"},
                },
                "required": ["field", "description"],
            },
        },
    },
    "required": ["@type"],
}
OF_OTHER_REQUESTS = (403, 404)
"""What the edge answers to what is no operation of ours."""
WITH_BODY = 413


@dataclass(frozen=True)
class Reason:
    """A row of docs/errors.md."""

    name: str
    code: str
    status: int
    when: str


def known_reasons() -> dict[str, Reason]:
    """The rows of docs/errors.md by name."""
    rows = ROW.findall(TABLE.read_text(encoding="utf-8"))
    return {name: Reason(name, code, int(status), when) for name, code, status, when in rows}


def refusals(method: MethodDescriptor, comment: str, reasons: dict[str, Reason], has_body: bool) -> dict[str, Any]:
    """The responses of an operation that are no success, by status."""
    own: dict[int, set[str]] = defaultdict(set)
    for name in (*WORD.findall(comment), *_implied(method)):
        if name in reasons:
            own[reasons[name].status].add(name)
    edge = {status: names for status, names in _of_edge().items() if has_body or status != WITH_BODY}
    return {
        str(status): _reference(status)
        if own[status] <= edge.get(status, set())
        else _response(own[status] | edge.get(status, set()), reasons)
        for status in sorted(own.keys() | edge.keys())
    }


def edge_responses(reasons: dict[str, Reason]) -> dict[str, Any]:
    """What every operation can be refused with, by status: the edge says it, or each service."""
    return {str(status): _response(names, reasons) for status, names in sorted(_of_edge().items())}


def _of_edge() -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for error in OWN_ERRORS:
        status = error.answered_as or error.status
        if status not in OF_OTHER_REQUESTS:
            found[status] |= {error.reason} if error.reason else set()
    # What each service says of any token, because only it knows.
    found[401].add("TOKEN_REVOKED")
    return found


def _implied(method: MethodDescriptor) -> Iterable[str]:
    """What no comment says, because it goes for all that are made alike."""
    access = set(method.GetOptions().Extensions[access_pb2.access])
    if access_pb2.PUBLIC not in access:
        yield "TOKEN_MISSING"
        # What every user may call, not every client may.
        yield "ACCESS_DENIED"
    if IDEMPOTENCY_KEY in method.input_type.fields_by_name:
        yield "IDEMPOTENCY_KEY_REUSED"


def _reference(status: int) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{status}"}


def _response(names: set[str], reasons: dict[str, Reason]) -> dict[str, Any]:
    """A refusal with the reasons that it can have; x-reasons is the same for programs."""
    lines = [f"- `{name}`: {reasons[name].when}" for name in sorted(names)]
    return {
        "description": "\n".join(lines) or "Refused by the edge.",
        "headers": {"x-request-id": {"$ref": "#/components/headers/x-request-id"}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, **_examples(names)}},
        "x-reasons": sorted(names),
    }


def _examples(names: set[str]) -> dict[str, Any]:
    found = {name: {"$ref": f"#/components/examples/{name}"} for name in sorted(names)}
    return {"examples": found} if found else {}


def examples(reasons: dict[str, Reason], used: Iterable[str]) -> dict[str, Any]:
    """How refusals for these reasons look, by the reason."""
    return {name: refusal_example(name, reasons[name].code, reasons[name].when) for name in sorted(used)}
