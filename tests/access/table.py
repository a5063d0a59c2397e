"""docs/access.md as the tests read it, and the RPCs that the descriptors know."""

import importlib
import re
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor

from envoy.descriptors import services
from local.services import NAMES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "access.md"
SECTION = re.compile(r"^## (matinee\.\S+)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
EVERYBODY, USERS, MODERATORS, SUPER, NOBODY = LADDER = ("everybody", "users", "moderators", "super", "nobody")
"""Who may call, each a part of those before it."""
CLIENTS = ", clients"
ABSENT = "absent"
"""Instead of who: not served at all."""


@dataclass(frozen=True)
class Row:
    """What the page says of an RPC."""

    who: str
    clients: bool
    """Whether other teams' programs can be granted it."""
    services: frozenset[str]


def read_page() -> dict[str, Row]:
    """The page's rows by the RPC's full name. Raises ValueError naming the row that says what nobody understands."""
    found: dict[str, Row] = {}
    for service, section in SECTION.findall(PAGE.read_text()):
        for rpc, who, names, data in ROW.findall(section):
            name = f"{service}.{rpc}"
            if name in found:
                raise ValueError(f"docs/access.md has two rows for {name}")
            clients = who.endswith(CLIENTS)
            who = who.removesuffix(CLIENTS)
            if who not in (*LADDER, ABSENT) or not data.strip():
                raise ValueError(f"docs/access.md, {name}: who is one of {', '.join(LADDER)}, and data says something")
            found[name] = Row(who, clients, named_services(name, names))
    return found


def named_services(rpc: str, cell: str) -> frozenset[str]:
    """The services of a cell. Raises ValueError for a name that is none."""
    if cell in ("-", ABSENT):
        return frozenset()
    if cell == "all":
        return frozenset(NAMES)
    names = frozenset(cell.split(", "))
    if unknown := names - set(NAMES):
        raise ValueError(f"docs/access.md, {rpc}: no service is called {', '.join(sorted(unknown))}")
    return names


def contract() -> dict[str, MethodDescriptor]:
    """Every RPC of every .proto, also of those that no service has taken up, by its full name."""
    protos = ROOT / "protos"
    stubs = sorted(path.relative_to(protos) for path in protos.glob("matinee/**/*_pb2.py"))
    files: list[FileDescriptor] = [
        importlib.import_module(".".join(stub.with_suffix("").parts)).DESCRIPTOR for stub in stubs
    ]
    return {method.full_name: method for service in services(files) for method in service.methods}


TABLE = read_page()
RPCS = contract()
KNOWN = sorted(TABLE.keys() & RPCS.keys())
"""RPCs with a row; the others fail by themselves."""
