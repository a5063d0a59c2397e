"""docs/errors.md says of every reason what the code does."""

import re
from pathlib import Path

import pytest
from matinee.common.v1 import error_reason_pb2

from mesh import errors

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \|", re.MULTILINE)
RAISED = re.compile(r"\b({})\(\s*\"([A-Z_]+)\"".format("|".join(kind.__name__ for kind in errors.CLASSES.values())))
TABLE = {reason: code for reason, code, _ in ROW.findall((ROOT / "docs" / "errors.md").read_text())}


def raised() -> set[tuple[str, str]]:
    """Every (code, reason) that the code raises."""
    found = set()
    for folder in ("mesh", "auth_svc", "movie_svc", "ugc_svc", "booking_svc", "notify_svc"):
        for path in (ROOT / folder).rglob("*.py"):
            for kind, reason in RAISED.findall(path.read_text()):
                found.add((getattr(errors, kind).code.name, reason))
    return found


def test_table_lists_every_reason_of_the_enum() -> None:
    assert set(TABLE) == set(error_reason_pb2.ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}


@pytest.mark.parametrize(("code", "reason"), sorted(raised()))
def test_reason_is_raised_with_the_code_in_the_table(code: str, reason: str) -> None:
    assert TABLE[reason] == code


def test_no_reason_is_listed_that_nothing_gives() -> None:
    sources = [path for folder in ("mesh", "envoy") for path in (ROOT / folder).iterdir() if path.is_file()]
    sources += [path for service in ROOT.glob("*_svc") for path in service.rglob("*.py")]
    text = "\n".join(path.read_text() for path in sources if path.suffix in (".py", ".lua", ".j2"))
    assert [reason for reason in TABLE if not re.search(rf'"{reason}"|ErrorReason\.{reason}\b', text)] == []
