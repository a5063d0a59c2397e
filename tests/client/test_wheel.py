"""The wheel of the client has what a caller needs and nothing else, and works without the rest of the repository."""

import re
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from envoy.descriptors import served_files, services
from local.home import PYTHON

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "client" / "examples"
SERVICES = [each for files in served_files(bench=False).values() for each in services(files)]


@pytest.fixture(scope="module")
def contents(wheel: Path) -> list[str]:
    """The names of its files."""
    return ZipFile(wheel).namelist()


def test_it_has_the_client_and_the_stubs_alone(contents: list[str]) -> None:
    ours = [name for name in contents if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in ours} == {"matinee_client", "matinee", "buf"}
    assert {Path(name).suffix for name in ours} == {".py", ".pyi", ".typed"}
    assert [name for name in ours if "bench" in name] == []


@pytest.mark.parametrize("service", SERVICES, ids=[each.name for each in SERVICES])
def test_it_has_the_typed_stub_of_every_service(contents: list[str], service: object) -> None:
    stub = service.file.name.removesuffix(".proto")  # type: ignore[attr-defined]
    assert {f"{stub}_pb2{kind}" for kind in (".py", ".pyi", "_grpc.py", "_grpc.pyi")} <= {*contents}


def test_it_needs_nothing_but_grpc_and_protobuf(wheel: Path, python: Path) -> None:
    metadata = next(name for name in ZipFile(wheel).namelist() if name.endswith("METADATA"))
    needed = re.findall(r"^Requires-Dist: ([\w-]+)", ZipFile(wheel).read(metadata).decode(), re.MULTILINE)
    assert sorted(needed) == ["googleapis-common-protos", "grpcio", "protobuf"]
    subprocess.run([python, "-m", "pip", "check"], check=True, capture_output=True)


def test_every_example_is_typed_for_whoever_has_the_wheel(python: Path, tmp_path: Path) -> None:
    command = [PYTHON, "-m", "mypy", "--strict", "--config-file=", f"--python-executable={python}"]
    done = subprocess.run([*command, EXAMPLES], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
