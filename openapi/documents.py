"""One OpenAPI document for each service whose RPCs have HTTP rules."""

from pathlib import Path
from typing import Any

from envoy.descriptors import served_files, services
from mesh.idempotency import LONGEST
from openapi.comments import Comments
from openapi.operations import Operations
from openapi.refusals import ERROR, ERROR_DETAIL, Reason, edge_responses, examples, known_reasons
from openapi.schemas import Schemas

FOLDER = Path(__file__).parents[1] / "docs" / "openapi"
VERSION = "3.1.0"
CONVENTIONS = """
Errors are `{code, message, details}`; the `google.rpc.ErrorInfo` among the details has the reason for programs, and
each status lists those it can have. Times are RFC 3339; answers end in `Z`; a time that is unset is left out. Lists are
paged: the token of the next page is in the header `x-next-page-token`, which the last page does not have. Objects may
get more fields at any time. Paths may end in a slash. Who accepts text/html gets refusals as a page.
""".strip()
HEADERS: dict[str, Any] = {
    "x-request-id": {"description": "The id of the call, as it was sent or made here.", "schema": {"type": "string"}},
    "x-degraded": {
        "description": "The service that did not answer in time: what it would have told is missing.",
        "schema": {"type": "string"},
    },
}
PARAMETERS: dict[str, Any] = {
    "idempotency-key": {
        "name": "idempotency-key",
        "in": "header",
        "description": "For 24 hours the same request with the same key is answered as the first one was.",
        "schema": {"type": "string", "maxLength": LONGEST},
    }
}
SECURITY: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of a login, or that of another team's program, which is for some RPCs only.",
    }
}


def documents() -> dict[str, dict[str, Any]]:
    """The documents by the name of their service."""
    comments = Comments()
    reasons = known_reasons()
    return {name: _document(name, comments, reasons) for name in served_files(bench=False)}


def _document(name: str, comments: Comments, reasons: dict[str, Reason]) -> dict[str, Any]:
    files = served_files(bench=False)[name]
    schemas = Schemas(comments)
    operations = Operations(comments, schemas, reasons)
    paths: dict[str, dict[str, Any]] = {}
    for service in services(files):
        for method in service.methods:
            for path, verb, operation in operations.of(method):
                paths.setdefault(path, {})[verb] = operation
    tags = [{"name": each.name, "description": comments.of(each.full_name)} for each in services(files)]
    about = " ".join(comments.of(file.name) for file in files)
    responses = edge_responses(reasons)
    return {
        "openapi": VERSION,
        "info": {"title": f"Matinee: {name}", "version": "1", "description": f"{about}\n\n{CONVENTIONS}"},
        "servers": [{"url": "/"}],
        "tags": [tag for tag in tags if any(tag["name"] in _tags(path) for path in paths.values())],
        "paths": paths,
        "components": {
            "schemas": {**dict(sorted(schemas.named.items())), "Error": ERROR, "ErrorDetail": ERROR_DETAIL},
            "responses": responses,
            "examples": examples(reasons, _reasons(paths, responses)),
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "securitySchemes": SECURITY,
        },
    }


def _reasons(paths: dict[str, dict[str, Any]], shared: dict[str, Any]) -> set[str]:
    """All that a document speaks of."""
    own = [response for path in paths.values() for each in path.values() for response in each["responses"].values()]
    return {name for response in (*own, *shared.values()) for name in response.get("x-reasons", ())}


def _tags(path: dict[str, Any]) -> set[str]:
    return {tag for operation in path.values() for tag in operation["tags"]}
