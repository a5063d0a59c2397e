"""What alerts and dashboards ask for is what a running mesh tells."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import pytest_asyncio
import yaml

from local.mesh import Mesh
from local.processes import all_processes
from local.services import NAMES
from tests.people import ok, reason, register

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "observability"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARDS = sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))
VARIABLES = {"$__rate_interval": "5m", "$service": ".*"}
SCRAPED = {"__name__", "job", "instance", "service", "le"}
"""Labels that Prometheus adds, and the bound of a bucket."""
OF_PROMETHEUS = {"up"}
SUFFIXES = {"histogram": ("_bucket", "_count", "_sum")}

Told = dict[str, set[str]]
"""Metrics with the labels that their samples have."""


def panels() -> Iterator[tuple[str, str]]:
    """The expressions of all dashboards, each with where it stands."""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                expression = target["expr"]
                for variable, value in VARIABLES.items():
                    expression = expression.replace(variable, value)
                yield f"{path.stem}: {panel['title']}", expression


EXPRESSIONS = [*((rule["alert"], rule["expr"]) for rule in RULES), *panels()]


def selected(expression: str) -> list[tuple[str, set[str]]]:
    """The metrics that an expression reads, each with the labels that it is selected by."""
    found: list[tuple[str, set[str]]] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            found.append((str(node.name), {matcher.name for matcher in node.matchers.matchers}))

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(mesh: Mesh, http: httpx.AsyncClient, film: dict[str, Any]) -> Told:
    """What all processes of the mesh tell after somebody booked the last place and somebody else could not."""
    found: Told = {}
    host, guest, late = [await register(http) for _ in range(3)]
    shown = await host.announce(film["id"], tickets_count=1)
    ok(await host.decide(await guest.apply(shown), True))
    assert reason(await late.post(f"/app/v1/booking/{shown['id']}")) == (400, "NO_PLACES_LEFT")
    async with httpx.AsyncClient(trust_env=False) as client:
        for process in all_processes(mesh.settings):
            if process.metrics_port:
                text = (await client.get(f"http://127.0.0.1:{process.metrics_port}/metrics")).text
                # The library's parser knows all counters by another name than Envoy's have.
                for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
                    for suffix in SUFFIXES.get(kind, ("",)):
                        found.setdefault(name + suffix, set())
                for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? ", text, re.MULTILINE):
                    found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
async def test_all_that_is_asked_for_is_told(told: Told, where: str, expression: str) -> None:
    metrics = selected(expression)
    assert metrics
    assert [name for name, _ in metrics if name not in told.keys() | OF_PROMETHEUS] == []


async def test_labels_that_are_selected_by_are_there(told: Told) -> None:
    wrong = [
        (where, name, label)
        for where, expression in EXPRESSIONS
        for name, labels in selected(expression)
        for label in labels - SCRAPED
        if told.get(name) and label not in told[name]
    ]
    assert wrong == []


def test_every_metric_of_ours_is_described() -> None:
    described = re.findall(r"matinee_\w+", (ROOT / "docs" / "metrics.md").read_text())
    asked = {name for _, expression in EXPRESSIONS for name, _ in selected(expression) if name.startswith("matinee_")}
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked} <= set(described)


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_alert_says_how_bad_it_is_and_where_it_is_written_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"


def test_prometheus_finds_every_process_of_compose() -> None:
    jobs = {job["job_name"]: job for job in yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]}
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for job, names, container in (("matinee", list(NAMES), "auth"), ("edge", ["edge"], "edge-config")):
        [found] = jobs[job]["dns_sd_configs"]
        assert found["names"] == names
        assert compose[container]["environment"]["METRICS_LISTEN"] == f"0.0.0.0:{found['port']}"


def test_each_dashboard_has_a_name_of_its_own_and_asks_the_source_that_is_provided() -> None:
    boards = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert len({board["uid"] for board in boards}) == len(boards) > 0
    sources = yaml.safe_load((FOLDER / "grafana" / "datasource.yml").read_text())["datasources"]
    used = {panel["datasource"]["uid"] for board in boards for panel in board["panels"]}
    assert used <= {source["uid"] for source in sources}
