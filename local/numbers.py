"""What processes tell of themselves to Prometheus, read twice: how much happened in between."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from local.processes import Process
from mesh.errors import FAULTS

PATIENCE = 2.0
WANTED = ("rpc_seconds_bucket", "rpcs_under_way", "refusals_total", "queue_waiting", "queue_oldest_seconds")
EDGE_WANTED = "http.public.downstream_rq_(time|active|xx)|http.public.downstream_rq_5xx"
EDGE_PREFIX = ("envoy_http_conn_manager_prefix", "public")


@dataclass(frozen=True)
class Numbers:
    """What a process told at one moment; counts are from its start on."""

    moment: float
    calls: Mapping[float, float]
    """How many took at most so many seconds; infinity stands for all."""
    faults: float = 0.0
    refusals: float = 0.0
    under_way: float = 0.0
    waiting: float = 0.0
    oldest: float = 0.0


@dataclass(frozen=True)
class Rates:
    """What happened between two moments, a second; times in seconds, None without a call."""

    calls: float
    faults: float
    refusals: float
    p50: float | None
    p99: float | None


def look(process: Process) -> Numbers | None:
    """What a process tells right now; None if it has nothing to tell or does not answer."""
    try:
        if process.metrics_port and process.name == "envoy":
            return of_edge(_samples(process.metrics_port, {"filter": EDGE_WANTED}))
        if process.metrics_port:
            return of_member(_samples(process.metrics_port, {"name[]": [f"matinee_{name}" for name in WANTED]}))
    except httpx.HTTPError:
        pass
    return None


def _samples(port: int, query: Mapping[str, str | list[str]]) -> Iterator[Sample]:
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", params=query, timeout=PATIENCE, trust_env=False)
    for family in text_string_to_metric_families(answer.raise_for_status().text):
        yield from family.samples


def of_member(samples: Iterable[Sample]) -> Numbers:
    """The numbers of one of our processes."""
    calls: dict[float, float] = defaultdict(float)
    sums: dict[str, float] = defaultdict(float)
    oldest = 0.0
    for sample in samples:
        name, bound = sample.name.removeprefix("matinee_"), float(sample.labels.get("le", "inf"))
        sums[name] += sample.value
        if name == "rpc_seconds_bucket":
            calls[bound] += sample.value
            if bound == float("inf") and sample.labels["code"] in FAULTS:
                sums["faults"] += sample.value
        elif name == "queue_oldest_seconds":
            oldest = max(oldest, sample.value)
    return Numbers(
        time.monotonic(),
        calls,
        sums["faults"],
        sums["refusals_total"],
        sums["rpcs_under_way"],
        sums["queue_waiting"],
        oldest,
    )


def of_edge(samples: Iterable[Sample]) -> Numbers:
    """The numbers of Envoy, which counts in milliseconds; the parser calls every counter a total."""
    calls: dict[float, float] = {}
    classes: dict[str, float] = {}
    under_way = 0.0
    for sample in samples:
        if EDGE_PREFIX not in sample.labels.items():
            continue
        if sample.name == "envoy_http_downstream_rq_time_bucket":
            calls[float(sample.labels["le"]) / 1000] = sample.value
        elif sample.name == "envoy_http_downstream_rq_xx_total":
            classes[sample.labels["envoy_response_code_class"]] = sample.value
        elif sample.name == "envoy_http_downstream_rq_active":
            under_way = sample.value
    return Numbers(time.monotonic(), calls, classes.get("5", 0), classes.get("4", 0), under_way)


def between(before: Numbers, after: Numbers) -> Rates:
    """What happened between two looks; a process that began anew in between began with nothing."""
    seconds = max(after.moment - before.moment, 1e-3)
    anew = after.calls.get(float("inf"), 0) < before.calls.get(float("inf"), 0)
    first = Numbers(before.moment, {}) if anew else before
    calls = {bound: count - first.calls.get(bound, 0) for bound, count in after.calls.items()}
    return Rates(
        calls.get(float("inf"), 0) / seconds,
        (after.faults - first.faults) / seconds,
        (after.refusals - first.refusals) / seconds,
        quantile(calls, 0.5),
        quantile(calls, 0.99),
    )


def quantile(calls: Mapping[float, float], share: float) -> float | None:
    """How long at most this share of the calls took, as Prometheus reckons it: evenly spread within a bucket."""
    total = calls.get(float("inf"), 0)
    if not total:
        return None
    for (low, below), (high, up_to) in pairwise([(0.0, 0.0), *sorted(calls.items())]):
        if up_to >= share * total:
            return low if high == float("inf") else low + (high - low) * (share * total - below) / (up_to - below)
    return None


def processor_seconds(pid: int) -> float:
    """What a process and its children have worked so far; 0 if it is gone."""
    try:
        process = psutil.Process(pid)
        times = [member.cpu_times() for member in (process, *process.children(recursive=True))]
        return sum(each.user + each.system for each in times)
    except psutil.Error:
        return 0.0
