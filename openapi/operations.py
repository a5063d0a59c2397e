"""An HTTP binding of an RPC as an operation of OpenAPI."""

import re
from collections.abc import Iterator
from typing import Any

from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from matinee.common.v1 import access_pb2

from mesh.idempotency import FIELD as IDEMPOTENCY_KEY
from mesh.interceptors import Method
from openapi.comments import Comments, first_sentence
from openapi.examples import path_example, request_example
from openapi.limits import required_fields
from openapi.refusals import Reason, refusals
from openapi.schemas import WELL_KNOWN, Schemas

Json = dict[str, Any]

VARIABLE = re.compile(r"{(\w+)}")
MEDIA_TYPE = re.compile(r"\b(?:application|text)/[\w+-]+")
STATUS = re.compile(r"\b([23]\d\d) (?:over HTTP|with the header)")
"""Of a success, in the comment, where it is not 200."""
HTTP_BODY = "google.api.HttpBody"


class Operations:
    """Makes operations of one document."""

    def __init__(self, comments: Comments, schemas: Schemas, reasons: dict[str, Reason]) -> None:
        self.comments = comments
        self.schemas = schemas
        self.reasons = reasons

    def of(self, method: MethodDescriptor) -> Iterator[tuple[str, str, Json]]:
        """Path, verb and operation of every HTTP binding; none for an RPC that has no HTTP rule."""
        if not method.GetOptions().HasExtension(annotations_pb2.http):
            return
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        for binding in (rule, *rule.additional_bindings):
            verb = binding.WhichOneof("pattern")
            name = method.name if binding is rule else f"{method.name}By{verb.title()}"
            yield getattr(binding, verb), verb, {"operationId": name, **self._operation(method, binding, verb)}

    def _operation(self, method: MethodDescriptor, rule: HttpRule, verb: str) -> Json:
        comment = self.comments.of(method.full_name)
        operation: Json = {
            "tags": [method.containing_service.name],
            "summary": first_sentence(comment),
            "description": f"{comment}\n\n{whom(method)}",
            "security": security(method),
        }
        if parameters := list(self._parameters(method, rule, getattr(rule, verb))):
            operation["parameters"] = parameters
        if rule.body:
            operation["requestBody"] = self._body(method, rule, getattr(rule, verb))
        status, success = self._success(method, comment)
        refused = refusals(method, comment, self.reasons, bool(rule.body))
        return operation | {"responses": {status: success, **refused}}

    # -- what is sent

    def _parameters(self, method: MethodDescriptor, rule: HttpRule, path: str) -> Iterator[Json]:
        fields = method.input_type.fields_by_name
        in_path = VARIABLE.findall(path)
        for name in in_path:
            example = path_example(fields[name])
            known = {} if example is None else {"example": example}
            yield self._parameter(name, fields[name], "path") | {"required": True, **known}
        if not rule.body:
            others = [field for field in method.input_type.fields if field.name not in in_path]
            yield from self._query(others)
        if IDEMPOTENCY_KEY in fields:
            yield {"$ref": "#/components/parameters/idempotency-key"}

    def _query(self, fields: list[FieldDescriptor], within: str = "") -> Iterator[Json]:
        """The fields as query parameters; those of a message in brackets, which the edge understands."""
        for field in fields:
            name = f"{within}[{field.name}]" if within else field.name
            if field.message_type is not None and field.message_type.full_name not in WELL_KNOWN:
                yield from self._query(list(field.message_type.fields), name)
            elif field.name != IDEMPOTENCY_KEY:
                yield self._parameter(name, field, "query")

    def _parameter(self, name: str, field: FieldDescriptor, place: str) -> Json:
        schema = self.schemas.request_field(field)
        text = schema.pop("description", None)
        # A page would fill in what may be left out, and a list filtered by everything is empty.
        schema.pop("examples", None)
        return {"name": name, "in": place, **({"description": text} if text else {}), "schema": schema}

    def _body(self, method: MethodDescriptor, rule: HttpRule, path: str) -> Json:
        if rule.body != "*":
            field = method.input_type.fields_by_name[rule.body]
            # Whatever it is, it reaches the service as it is.
            described = {"description": self.comments.of(field.full_name)}
            return described | {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}}
        in_path = VARIABLE.findall(path)
        schema = self.schemas.body(method.input_type, in_path)
        example = request_example(method.input_type, in_path)
        content = {"application/json": {"schema": schema, "example": example}}
        needed = required_fields(method.input_type) - {*in_path}
        return {"content": content, "required": bool(needed)}

    # -- what is answered

    def _success(self, method: MethodDescriptor, comment: str) -> tuple[str, Json]:
        found = STATUS.search(comment)
        status = found.group(1) if found else "200"
        headers: Json = {name: {"$ref": f"#/components/headers/{name}"} for name in ("x-request-id", "x-degraded")}
        headers |= {name: {"schema": schema, "required": needed} for name, schema, needed in _headers(method)}
        if status.startswith("3"):
            headers["location"] = {"schema": {"type": "string"}, "required": True}
        text = self.comments.of(method.output_type.full_name) or first_sentence(comment)
        return status, {"description": text, "headers": headers, "content": self._content(method, comment)}

    def _content(self, method: MethodDescriptor, comment: str) -> Json:
        described = Method.of(method)
        if method.output_type.full_name == HTTP_BODY:
            return {_media_type(method, comment): {"schema": {}}}
        if described.is_stream:
            event = self.schemas.answer(method.output_type)
            return {"text/event-stream": {"schema": {"type": "string"}, "x-event-schema": event}}
        if described.list_field:
            rows = self.schemas.rows(method.output_type.fields_by_name[described.list_field])
            return {"application/json": {"schema": rows}}
        return {"application/json": {"schema": self.schemas.answer(method.output_type)}}


def _headers(method: MethodDescriptor) -> Iterator[tuple[str, Json, bool]]:
    """What the edge takes out of the body: a list's token, absent on the last page, and its counts."""
    described = Method.of(method)
    for field in method.output_type.fields:
        if field.name == "next_page_token":
            yield "x-next-page-token", {"type": "string"}, False
        elif described.list_field and field.name != described.list_field:
            yield f"x-{field.name.replace('_', '-')}", {"type": "integer"}, True


def _media_type(method: MethodDescriptor, comment: str) -> str:
    """The type of an answer that is not JSON of a message: the comment names it, or ValueError."""
    found = MEDIA_TYPE.search(comment)
    if found is None:
        raise ValueError(f"the comment of {method.full_name} does not say what it answers with, such as text/html")
    return found.group()


def security(method: MethodDescriptor) -> list[Json]:
    """Whether a token is needed; where it is not, one that is sent must be good nevertheless."""
    needed: list[Json] = [{"bearer": []}]
    return [{}, *needed] if access_pb2.PUBLIC in method.GetOptions().Extensions[access_pb2.access] else needed


def whom(method: MethodDescriptor) -> str:
    """Who may call, in the words of access.proto."""
    options = method.GetOptions()
    names = [access_pb2.Access.Name(kind) for kind in options.Extensions[access_pb2.access]]
    members = ", ".join(options.Extensions[access_pb2.services])
    return f"Who may call it: {', '.join(names)}{f' ({members})' if members else ''}."
