"""docs/access.md and the contract know the same RPCs."""

from envoy.descriptors import SERVED_BY, services
from local.services import NAMES
from tests.access.table import ABSENT, EVERYBODY, RPCS, TABLE


def test_every_rpc_has_a_row() -> None:
    missing = sorted(RPCS.keys() - TABLE.keys())
    assert not missing, "docs/access.md decides who may call what. " + " ".join(map(to_add, missing))


def to_add(name: str) -> str:
    """What to write where for an RPC without a row."""
    service, _, rpc = name.rpartition(".")
    return f"Add the row | `{rpc}` | who | services | data | to the section ## {service}."


def test_every_row_has_an_rpc() -> None:
    gone = sorted(TABLE.keys() - RPCS.keys())
    assert not gone, f"no .proto has {', '.join(gone)}: take the rows out of docs/access.md, or correct their names"


def test_what_everybody_may_call_all_services_may_call() -> None:
    rows = {name: row for name, row in TABLE.items() if row.who == EVERYBODY}
    assert {name for name, row in rows.items() if row.services != set(NAMES)} == set()


def test_absent_is_what_no_service_of_the_mesh_serves() -> None:
    files = [module.DESCRIPTOR for modules in SERVED_BY.values() for module in modules]
    served = {method.full_name for service in services(files) for method in service.methods}
    assert {name for name, row in TABLE.items() if row.who == ABSENT} == RPCS.keys() - served
