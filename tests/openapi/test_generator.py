"""Another maker's generator takes the descriptions, and what it makes has the types that a program relies on."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.npm import installed

DOCUMENTS = sorted((Path(__file__).parents[2] / "docs" / "openapi").glob("*.json"))


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the types of every service, and a program that uses them."""
    tools, folder = installed("generator", "typescript"), tmp_path_factory.mktemp("types")
    for document in DOCUMENTS:
        generator = tools / "node_modules" / ".bin" / "openapi-typescript"
        subprocess.run([generator, document, "-o", folder / f"{document.stem}.ts"], check=True, capture_output=True)
    shutil.copy(tools / "calls.ts", folder)
    return folder


def test_a_typed_program_calls_the_api(types: Path) -> None:
    compiler = installed("generator", "typescript") / "node_modules" / ".bin" / "tsc"
    modules = ["--module", "nodenext", "--moduleDetection", "force"]
    command = [str(compiler), "--noEmit", "--strict", *modules]
    done = subprocess.run(
        [*command, *sorted(types.glob("*.ts"))], cwd=types, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
