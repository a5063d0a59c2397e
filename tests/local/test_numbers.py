"""What `make top` makes of two looks at a process."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from local.numbers import Numbers, between, of_edge, of_member, quantile

INFINITE = float("inf")


def test_calls_of_all_methods_are_added_and_faults_told_from_refusals() -> None:
    samples = [
        Sample("matinee_rpc_seconds_bucket", {"method": method, "code": code, "le": le}, count)
        for method, code, counts in (("A", "OK", (3, 4)), ("B", "NOT_FOUND", (1, 1)), ("B", "INTERNAL", (0, 2)))
        for le, count in zip(("0.1", "+Inf"), counts, strict=True)
    ]
    numbers = of_member(samples)
    assert (dict(numbers.calls), numbers.faults) == ({0.1: 4, INFINITE: 7}, 2)


def test_edge_is_read_in_seconds_and_only_its_public_door() -> None:
    samples = [
        Sample("envoy_http_downstream_rq_time_bucket", {"envoy_http_conn_manager_prefix": prefix, "le": le}, count)
        for prefix, le, count in (("public", "500", 3), ("public", "+Inf", 4), ("admin", "+Inf", 100))
    ]
    assert of_edge(samples).calls == {0.5: 3, INFINITE: 4}


def test_edge_tells_its_errors_from_the_callers() -> None:
    line = 'envoy_http_downstream_rq_xx{envoy_response_code_class="%s",envoy_http_conn_manager_prefix="public"} %d\n'
    text = "# TYPE envoy_http_downstream_rq_xx counter\n" + "".join(line % each for each in (("4", 3), ("5", 2)))
    numbers = of_edge(sample for family in text_string_to_metric_families(text) for sample in family.samples)
    assert (numbers.refusals, numbers.faults) == (3, 2)


def test_quantile_lies_within_its_bucket() -> None:
    assert quantile({0.1: 50, 0.2: 100, INFINITE: 100}, 0.75) == pytest.approx(0.15)


def test_quantile_above_all_bounds_is_the_highest_of_them() -> None:
    assert quantile({0.1: 1, INFINITE: 100}, 0.99) == 0.1


def test_without_a_call_there_is_no_quantile() -> None:
    assert quantile({0.1: 0, INFINITE: 0}, 0.5) is None


def test_rates_are_what_happened_between_two_looks() -> None:
    rates = between(Numbers(10, {0.1: 5, INFINITE: 5}, 1), Numbers(12, {0.1: 5, INFINITE: 9}, 3))
    assert (rates.calls, rates.faults) == (2, 1)


def test_process_that_began_anew_counts_from_nothing() -> None:
    rates = between(Numbers(10, {0.1: 500, INFINITE: 500}), Numbers(12, {0.1: 4, INFINITE: 4}))
    assert (rates.calls, rates.p50) == (2, 0.05)
