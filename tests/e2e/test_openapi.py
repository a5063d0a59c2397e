"""The committed descriptions of the HTTP API: what they say of the contract, and that their examples can be sent."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from envoy.descriptors import served_files, services
from envoy.routes import http_rules
from openapi.examples import FILM, GUEST, SOME_ID
from tests.people import Person, reason

FOLDER = Path(__file__).parents[2] / "docs" / "openapi"
DOCUMENTS: dict[str, Any] = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}


DOCUMENTED_IDS = re.compile(r"{(\w+)}")
SCHEMAS = "#/components/schemas/"
EXAMPLE_IDS = {"movie_id": FILM, "user_id": GUEST}
BODIES = [
    (verb, path, content["application/json"])
    for document in DOCUMENTS.values()
    for path, verbs in document["paths"].items()
    for verb, each in verbs.items()
    if "application/json" in (content := each.get("requestBody", {}).get("content", {}))
]
SAMPLES = pytest.mark.parametrize(("verb", "path", "body"), BODIES, ids=[f"{body[0]} {body[1]}" for body in BODIES])


def operation(service: str, verb: str, path: str) -> Any:
    return DOCUMENTS[service]["paths"][path][verb]


def body_of(service: str, described: Any) -> Any:
    """The schema of a body, which has a name of its own."""
    reference = described["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return DOCUMENTS[service]["components"]["schemas"][reference.removeprefix(SCHEMAS)]


def answers(described: Any, status: str, kind: str = "application/json") -> Any:
    return described["responses"][status]["content"][kind]["schema"]


def reasons(described: Any, status: str) -> list[str]:
    return list(described["responses"][status]["x-reasons"])


@pytest.mark.parametrize("service", sorted(served_files(bench=False)))
def test_every_http_rule_is_described_where_it_is_served(service: str) -> None:
    methods = [method for each in services(served_files(bench=False)[service]) for method in each.methods]
    rules = {(verb, path) for method in methods for verb, path in http_rules(method)}
    described = {(verb.upper(), path) for path, verbs in DOCUMENTS[service]["paths"].items() for verb in verbs}
    assert described == rules


def test_a_list_is_described_as_the_array_that_callers_get() -> None:
    described = operation("booking", "get", "/app/v1/bookings")
    assert answers(described, "200") == {"type": "array", "items": {"$ref": "#/components/schemas/Booking"}}
    assert "x-next-page-token" in described["responses"]["200"]["headers"]


def test_what_a_list_counts_is_described_as_a_header() -> None:
    headers = operation("notify", "get", "/notify/v1/inbox")["responses"]["200"]["headers"]
    assert headers["x-unread-count"] == {"schema": {"type": "integer"}, "required": True}


def test_fields_that_must_be_given_are_required() -> None:
    described = operation("booking", "post", "/app/v1/announcement/{movie_id}")
    required = body_of("booking", described)["required"]
    assert (described["requestBody"]["required"], required) == (
        True,
        ["title", "tickets_count", "event_time", "event_location"],
    )


def test_a_field_of_the_path_is_none_of_the_body() -> None:
    described = operation("booking", "post", "/app/v1/announcement/{movie_id}")
    assert [each["name"] for each in described["parameters"] if each.get("in") == "path"] == ["movie_id"]
    assert "movie_id" not in body_of("booking", described)["properties"]


def test_filters_have_the_names_that_callers_use() -> None:
    names = {each["name"]: each["schema"] for each in operation("booking", "get", "/app/v1/bookings")["parameters"]}
    assert names["filter[self]"] == {"type": "string", "enum": ["author", "guest"]}


def test_limits_beside_a_field_are_described() -> None:
    body = body_of("auth", operation("auth", "post", "/auth/v1/register"))
    assert {"format": "email", "maxLength": 254}.items() <= body["properties"]["email"].items()
    assert {"minLength": 8, "maxLength": 128}.items() <= body["properties"]["password"].items()


def test_a_refusal_lists_the_reasons_of_the_comment() -> None:
    described = operation("booking", "post", "/app/v1/booking/{announcement_id}")
    assert reasons(described, "409") == ["BOOKING_EXISTS", "CONTENDED"]
    assert "NO_PLACES_LEFT" in reasons(described, "400")


def test_what_is_not_for_everybody_is_described_as_forbidden_because_clients_may_not_call_it() -> None:
    for path in ("/app/v1/_bookings", "/app/v1/bookings"):
        assert reasons(operation("booking", "get", path), "403") == ["ACCESS_DENIED"]
    assert "403" not in operation("booking", "post", "/app/v1/ping")["responses"]


def test_a_token_is_asked_for_where_the_rpc_wants_a_caller() -> None:
    assert operation("booking", "get", "/app/v1/bookings")["security"] == [{"bearer": []}]
    assert operation("booking", "post", "/app/v1/ping")["security"] == [{}, {"bearer": []}]


def test_a_short_link_is_made_with_201_and_followed_with_302() -> None:
    assert "201" in operation("notify", "post", "/api/v1/shortener")["responses"]
    followed = operation("notify", "get", "/s/{code}")["responses"]
    assert followed["302"]["headers"]["location"]["required"]
    assert followed["410"]["x-reasons"] == ["LINK_EXPIRED"]


def test_a_stream_is_described_as_events() -> None:
    described = operation("notify", "get", "/notify/v1/inbox/stream")["responses"]["200"]["content"]
    assert described["text/event-stream"]["x-event-schema"] == {"$ref": "#/components/schemas/Notice"}


def test_a_page_is_described_as_html() -> None:
    answer = operation("notify", "get", "/notify/v1/unsubscribe")["responses"]["200"]
    assert list(answer["content"]) == ["text/html"]


@SAMPLES
def test_the_example_of_a_body_is_as_described(verb: str, path: str, body: Any) -> None:
    (name,) = [name for name, each in DOCUMENTS.items() if path in each["paths"]]
    schema = body_of(name, DOCUMENTS[name]["paths"][path][verb])
    validator = Draft202012Validator(schema, validate_formats=True)
    assert [error.message for error in validator.iter_errors(body["example"])] == []


@SAMPLES
async def test_the_example_of_a_body_is_not_refused_for_how_it_is_made(
    verb: str, path: str, body: Any, host: Person
) -> None:
    told = DOCUMENTED_IDS.sub(lambda name: EXAMPLE_IDS.get(name[1], SOME_ID), path)
    answer = await host.call(verb.upper(), told, body["example"])
    assert answer.status_code == 200 or reason(answer)[1] not in ("", "INVALID_FIELDS")


def test_a_refusal_is_shown_as_it_is_answered() -> None:
    described = operation("booking", "post", "/app/v1/booking/{announcement_id}")["responses"]["400"]
    reference = described["content"]["application/json"]["examples"]["NO_PLACES_LEFT"]["$ref"]
    shown = DOCUMENTS["booking"]["components"]["examples"][reference.rpartition("/")[2]]["value"]
    assert (shown["code"], shown["details"][0]["reason"]) == (9, "NO_PLACES_LEFT")


def test_what_may_be_left_out_of_a_query_is_not_filled_in() -> None:
    parameters = operation("booking", "get", "/app/v1/announcements")["parameters"]
    assert [each["name"] for each in parameters if "example" in each or "examples" in each["schema"]] == []
