"""What the tests of the catalogue share."""

import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from movie_svc.importer import Import, run

Importer = Callable[[list[dict[str, Any]]], Awaitable[Import]]


@pytest.fixture
def word() -> str:
    """A word that no other title has."""
    return f"q{secrets.token_hex(6)}"


@pytest.fixture
def importer(mesh: Mesh, tmp_path: Path) -> Importer:
    """Imports records into the running catalogue."""

    async def imported(records: list[dict[str, Any]]) -> Import:
        path = tmp_path / "films.json"
        path.write_text(json.dumps(records))
        return await run(database_url(mesh.settings, get_service("movie")), [path])

    return imported
