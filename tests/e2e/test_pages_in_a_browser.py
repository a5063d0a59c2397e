"""A person reads the API pages in a real Chromium, signs in as one of the sample people and tries a call."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.mesh import Mesh
from local.previews import BROWSERS
from local.processes import SAMPLE_PEOPLE
from tests.npm import TESTS, installed

VISITOR = TESTS / "browser" / "visit.js"
SECONDS = 100
REFUSED = "Failed to load resource: the server responded with a status of 401"
"""What a browser says of every refusal."""


@pytest.fixture(scope="module")
def browser() -> str:
    """The path of this machine's browser; empty where the one of the package is used. Installed as the lock says."""
    found = next(filter(None, map(shutil.which, BROWSERS)), "")
    if found:
        installed("browser", "puppeteer-core", "--omit=optional")
    else:
        installed("browser", "@sparticuz/chromium")
    return found


@pytest.fixture(scope="module")
def visit(mesh: Mesh, browser: str) -> Any:
    """What an author saw who first mistyped his address."""
    command = ["node", str(VISITOR), origin(mesh), "author@example.com", mesh.settings.sample_password]
    environment = {**os.environ, "BROWSER": browser}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def origin(mesh: Mesh) -> str:
    return f"http://127.0.0.1:{mesh.settings.edge_port}"


def test_every_operation_is_shown(visit: Any) -> None:
    paths = json.loads((Path(__file__).parents[2] / "docs" / "openapi" / "booking.json").read_text())["paths"]
    assert visit["operations"] == sum(len(verbs) for verbs in paths.values())


def test_the_sample_people_are_offered(visit: Any) -> None:
    assert visit["people"] == ["", *SAMPLE_PEOPLE]


def test_who_cannot_sign_in_is_told(visit: Any) -> None:
    assert "password" in visit["trouble"]


def test_a_call_is_made_in_the_name_of_who_signed_in(visit: Any) -> None:
    assert visit["tried"]["status"] == "200"
    assert isinstance(json.loads(visit["tried"]["body"]), list)


def test_who_signed_in_is_so_on_every_page(visit: Any) -> None:
    assert visit["elsewhere"] == "Signed in as author@example.com"


def test_who_signed_out_calls_without_a_token(visit: Any) -> None:
    assert visit["afterwards"]["status"] == "401"
    assert "TOKEN_MISSING" in visit["afterwards"]["body"]


def test_nothing_comes_from_anywhere_else(mesh: Mesh, visit: Any) -> None:
    assert visit["hosts"] == [origin(mesh)]


def test_the_browser_has_nothing_to_complain_of(visit: Any) -> None:
    assert [complaint for complaint in visit["complaints"] if not complaint.startswith(REFUSED)] == []
