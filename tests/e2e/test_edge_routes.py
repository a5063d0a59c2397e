"""What the edge promises about its routes and its settings; nothing has to run."""

import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from envoy.descriptors import descriptor_set, is_read, served_files, services
from envoy.routes import grpc_routes, http_routes, http_rules, prefix_of

SERVED = served_files(bench=True)
METHODS = [
    (cluster, method) for cluster, files in SERVED.items() for service in services(files) for method in service.methods
]
RULES = [(cluster, method, verb, path) for cluster, method in METHODS for verb, path in http_rules(method)]


@pytest.mark.parametrize(("cluster", "method", "verb", "path"), RULES, ids=[f"{rule[2]} {rule[3]}" for rule in RULES])
def test_every_http_rule_has_a_route_to_its_service(
    cluster: str, method: MethodDescriptor, verb: str, path: str
) -> None:
    prefixes = [route for route in http_routes(SERVED) if f"{path}/".startswith(f"{route.prefix}/")]
    assert [route.cluster for route in prefixes] == [cluster]
    # Routes send a GET again when a service fails, so a GET must change nothing.
    assert verb != "GET" or is_read(method)


def test_every_rpc_has_a_route_to_its_service() -> None:
    routes = {route.service: route.cluster for route in grpc_routes(SERVED)}
    assert all(routes[method.containing_service.full_name] == cluster for cluster, method in METHODS)


def test_only_rpcs_that_change_nothing_are_repeated() -> None:
    repeated = {f"{route.service}.{name}" for route in grpc_routes(SERVED) for name in route.reads}
    assert repeated == {method.full_name for _, method in METHODS if is_read(method)}
    assert "matinee.booking.v1.BookingService.CreateBooking" not in repeated


def test_a_list_answer_holds_one_array_which_is_its_first_field() -> None:
    """What edge.lua relies on when it takes the array out of the answer."""
    for _, method in METHODS:
        if method.name.startswith("List"):
            first, *others = method.output_type.fields
            assert first.is_repeated
            assert all(not field.is_repeated and field.type != FieldDescriptor.TYPE_MESSAGE for field in others)


def test_a_path_that_begins_with_a_variable_is_refused() -> None:
    assert prefix_of("/s/{code}") == "/s"
    with pytest.raises(SystemExit, match="begins with a variable"):
        prefix_of("/{anything}")


def test_the_descriptor_set_is_complete_and_in_order() -> None:
    pool = DescriptorPool()
    for file in descriptor_set(chain.from_iterable(SERVED.values())).file:
        # Refuses a file whose imports were not added before.
        pool.AddSerializedFile(file.SerializeToString())
    assert pool.FindMessageTypeByName("google.rpc.ErrorInfo")


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({}, "EDGE_PORT is missing"),
        ({"BOOKING_TARGET": "nowhere"}, "BOOKING_TARGET=nowhere is wrong: 'nowhere' is not host:port"),
        ({"AUTH_TARGET": "a:1,b:99999"}, "AUTH_TARGET=a:1,b:99999 is wrong: 'b:99999' is not host:port"),
    ],
)
def test_a_bad_setting_is_named_in_one_line(tmp_path: Path, variables: dict[str, str], line: str) -> None:
    command = [sys.executable, "-m", "envoy.render", "--out", str(tmp_path)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert line in done.stderr.splitlines()
