"""What is done before the services start: migrations, sample data and Envoy's configuration."""

import asyncio
import hashlib
import subprocess
from collections.abc import Mapping

from local.databases import Server, create_databases
from local.errors import MeshError
from local.fingerprint import of_contents
from local.home import PYTHON, ROOT, write_private
from local.processes import envoy_environment, owner_environment, sample_environment
from local.services import SERVICES, Service, get_service
from local.settings import SECRETS, Settings
from local.steps import Steps

SOURCES = (
    "*_svc/migrations/**/*.py",
    "*_svc/schema.py",
    "mesh/migrate.py",
    "mesh/privileges.py",
    "mesh/jobs.py",
    "local/databases.py",
    "local/sample_data.py",
    "movie_svc/importer.py",
    "movie_svc/records.py",
    "movie_svc/data/*",
)


def prepared_for(settings: Settings) -> str:
    """Changes when the databases have to be prepared anew."""
    secrets = "".join(str(getattr(settings, name.lower())) for name in SECRETS)
    return hashlib.sha256((of_contents(*SOURCES) + secrets).encode()).hexdigest()


def is_prepared(settings: Settings) -> bool:
    """Whether the last preparation was for the code and the secrets of today."""
    try:
        return settings.home.prepared.read_text() == prepared_for(settings)
    except OSError:
        return False


def prepare_databases(settings: Settings, steps: Steps) -> None:
    """Brings roles, tables and sample data to what the code expects; safe to repeat."""
    wanted = prepared_for(settings)
    with steps.step("databases"):
        asyncio.run(create_databases(Server.of(settings), settings.database_passwords))
    with steps.step("migrations"):
        asyncio.run(_migrate_all(settings))
    with steps.step("sample data"):
        asyncio.run(run([PYTHON, "-m", "local.sample_data"], sample_environment(settings), "the sample data"))
    write_private(settings.home.prepared, wanted)


def render_envoy(settings: Settings, *options: str) -> None:
    """Writes Envoy's configuration and the description of the API it translates."""
    command = [PYTHON, "-m", "envoy.render", "--out", str(settings.home.envoy), *options]
    asyncio.run(run(command, envoy_environment(settings), "Envoy's configuration"))


def write_migration(settings: Settings, name: str, words: str) -> str:
    """Writes the next migration of a service, from the difference between its schema.py and its database."""
    service = get_service(name)
    command = [PYTHON, "-m", "mesh.migrate", service.module, "revision", words]
    return asyncio.run(run(command, owner_environment(settings, service), f"writing a migration of {service.module}"))


async def _migrate_all(settings: Settings) -> None:
    results = await asyncio.gather(*(_migrate(settings, service) for service in SERVICES), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _migrate(settings: Settings, service: Service) -> None:
    command = [PYTHON, "-m", "mesh.migrate", service.module, "upgrade"]
    await run(command, owner_environment(settings, service), f"the migration of {service.module}")


async def run(command: list[str], environment: Mapping[str, str], title: str) -> str:
    """Runs a program of the project to its end and returns what it printed; a MeshError shows why it failed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        raise
    if process.returncode != 0:
        text = (errors or output).decode(errors="replace").strip()
        raise MeshError(f"{title} failed", "\n".join(text.splitlines()[-20:]))
    return output.decode()
