"""docker-compose.yml sets what the processes read: no variable too many, none missing."""

import os
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from envoy.settings import Settings as EdgeSettings
from local.home import PYTHON
from local.services import NAMES
from local.settings import SECRETS

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def readers() -> list[tuple[str, type[BaseSettings]]]:
    """Each process with the class that reads its environment."""
    services = [(name, import_module(f"{name}_svc.settings").Settings) for name in NAMES]
    return [*services, ("edge-config", EdgeSettings)]


@pytest.mark.parametrize(("name", "settings"), readers())
def test_every_variable_is_one_that_the_process_reads(name: str, settings: type[BaseSettings]) -> None:
    assert {variable.lower() for variable in COMPOSE[name]["environment"]} <= settings.model_fields.keys()


@pytest.mark.parametrize(("name", "settings"), readers())
def test_no_variable_that_the_process_needs_is_missing(name: str, settings: type[BaseSettings]) -> None:
    needed = {field for field, info in settings.model_fields.items() if info.is_required()}
    assert needed <= {variable.lower() for variable in COMPOSE[name]["environment"]}


@pytest.mark.parametrize("name", NAMES)
def test_service_is_migrated_before_it_starts_and_runs_the_module_of_make_up(name: str) -> None:
    assert COMPOSE[name]["command"] == ["python", "-m", f"{name}_svc"]
    assert f"migrate-{name}" in COMPOSE[name]["depends_on"]
    assert COMPOSE[f"migrate-{name}"]["command"] == ["python", "-m", "mesh.migrate", f"{name}_svc", "upgrade"]


def test_compose_accepts_the_file() -> None:
    environment = {**os.environ, **dict.fromkeys(SECRETS, "x")}
    command: list[str | Path] = [
        Path(PYTHON).with_name("docker-compose"),
        "-f",
        ROOT / "docker-compose.yml",
        "config",
        "--quiet",
    ]
    subprocess.run(command, check=True, env=environment)


def test_hadolint_accepts_the_dockerfile() -> None:
    subprocess.run([Path(PYTHON).with_name("hadolint"), ROOT / "Dockerfile"], check=True)


def test_the_image_has_the_versions_that_are_tested() -> None:
    locked = set((ROOT / "requirements.lock").read_text().split())
    image = [word for word in (ROOT / "requirements.image.lock").read_text().split() if "==" in word]
    assert [word for word in image if word not in locked] == []
