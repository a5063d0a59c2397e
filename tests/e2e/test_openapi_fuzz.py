"""Requests of every kind through the edge get what docs/openapi says: nothing else, and never an error of ours.

schemathesis makes the limits of every field and beyond, then random ones, always the same. More of them:
OPENAPI_EXAMPLES=1000 make test T=tests/e2e/test_openapi_fuzz.py
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks as openapi_checks

from local.mesh import Mesh
from tests.e2e.fuzzed_world import World, make_world

FOLDER = Path(__file__).parents[2] / "docs" / "openapi"
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "20"))
CONFIG = SchemathesisConfig.from_dict({"generation": {"deterministic": True, "database": "none"}})
SCHEMAS = {path.stem: schemathesis.openapi.from_path(path, config=CONFIG) for path in sorted(FOLDER.glob("*.json"))}
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
EVERY_TIME = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
# A stream does not end by itself.
STREAMS = ("GET /notify/v1/inbox/stream",)


def labels() -> Iterator[tuple[str, str]]:
    """Every operation of every service, by the name that schemathesis finds it by."""
    for service in SCHEMAS:
        for path, verbs in json.loads((FOLDER / f"{service}.json").read_text())["paths"].items():
            yield from ((service, f"{verb.upper()} {path}") for verb in verbs)


def told_reason(context: Any, response: Any, case: Any) -> None:
    """A check of schemathesis: a refusal has one of the reasons that are described for its status."""
    described = case.operation.responses.find_by_status_code(response.status_code)
    if response.status_code < 400 or described is None:
        return
    reasons = {detail["reason"] for detail in response.json()["details"] if "domain" in detail}
    undescribed = reasons - set(described.definition["x-reasons"])
    assert not undescribed, f"{response.status_code} with {undescribed} is not described"


CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    told_reason,
]


class Door:
    """Sends what schemathesis makes to the edge, and holds the answer against the description."""

    def __init__(self, mesh: Mesh, world: World) -> None:
        self.url = f"http://127.0.0.1:{mesh.settings.edge_port}"
        self.world = world
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, case: Any) -> None:
        seed = (case.path_parameters, case.query, case.body)
        for part in (case.path_parameters, case.query, case.body):
            self.world.make_real(part, seed)
        person = self.world.caller(seed)
        headers = {"authorization": f"Bearer {person.token}"} if person else {}
        case.call_and_validate(base_url=self.url, headers=headers, session=self.session, checks=CHECKS)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(mesh: Mesh, http: Any) -> Door:
    return Door(mesh, await make_world(mesh, http))


@pytest.mark.parametrize(("service", "label"), [each for each in labels() if each[1] not in STREAMS])
def test_an_operation_answers_as_described(service: str, label: str, door: Door) -> None:
    schema = SCHEMAS[service]
    operation = schema.find_operation_by_label(label)
    assert operation is not None
    config = schema.config.generation_for(operation=operation)
    for case in schema.iter_coverage_cases(operation, generation_modes=MODES, generation_config=config):
        door.call(case)

    @settings(EVERY_TIME)
    @given(st.one_of([operation.as_strategy(mode) for mode in MODES]))
    def random_cases(case: Any) -> None:
        door.call(case)

    random_cases()
