"""`python -m local COMMAND`: the mesh on this machine."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from local.env_file import complete_env_file
from local.errors import MeshError
from local.services import get_service
from local.settings import CONTAINER_SECRETS, ENV_FILE, SECRETS, load_home, load_settings
from local.steps import Steps, print_error

if TYPE_CHECKING:
    from local.mesh import Mesh

# Imported where they are used: gRPC and the database driver take longer to load than `--help` to print.
app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console()
error_console = Console(stderr=True)


@contextmanager
def _errors_shown() -> Iterator[None]:
    try:
        yield
    except MeshError as error:
        print_error(error_console, error)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def up() -> None:
    """Start everything, or whatever of it is down, and apply changed settings and code."""
    from local.mesh import Mesh
    from local.status import print_addresses

    with _errors_shown():
        steps = Steps(console)
        with steps.step("settings"):
            settings = load_settings(create=True)
        Mesh(settings).up(steps)
        print_addresses(console, settings)


@app.command()
def env() -> None:
    """Write .env with random secrets, for docker compose too; nothing is started, and what is there stays."""
    with _errors_shown():
        added = complete_env_file(ENV_FILE, [*SECRETS, *CONTAINER_SECRETS])
        load_settings()
        done = f"added {', '.join(added)} to {ENV_FILE}" if added else f"{ENV_FILE} has all secrets"
        console.print(f"{done}; what was there stays", markup=False, highlight=False, soft_wrap=True)


@app.command()
def down() -> None:
    """Stop everything; the data stays."""
    from local.mesh import take_down

    with _errors_shown():
        stopped = take_down(load_home())
        console.print("stopped" if stopped else "nothing was running")


@app.command()
def status() -> None:
    """Show every process, and why it does not serve; exit code 1 if there is one."""
    from local.status import print_status

    with _errors_shown():
        if not print_status(console, _started_mesh()):
            raise MeshError("not everything serves", "Run `make up`; see `make logs S=<process>`.")


@app.command()
def top(
    seconds: Annotated[float, typer.Option(min=0.2, help="Between two looks.")] = 2.0,
    once: Annotated[bool, typer.Option(help="Look twice, print one table and end.")] = False,
) -> None:
    """Watch what every process does: calls, how long they take, errors, queues, memory; until Ctrl-C."""
    from local.top import show_top

    with _errors_shown():
        show_top(console, _started_mesh(), seconds, once=once)


@app.command()
def logs(
    process: Annotated[str, typer.Argument(help="A process or a service; all of them if not given.")] = "",
    follow: Annotated[bool, typer.Option(help="Go on with what comes, until Ctrl-C.")] = True,
) -> None:
    """Show the last 100 lines of the logs, then what comes."""
    from local.logs import show_logs

    with _errors_shown():
        show_logs(load_home(), process, sys.stdout, follow=follow)


@app.command()
def certificates(
    authority: Annotated[
        bool, typer.Option(help="Also make a new authority; the old one is trusted no longer.")
    ] = False,
) -> None:
    """Give every process a new certificate; a mesh that runs takes them without a failed call."""
    from local.certificates import renew_certificates, replace_authority, settle
    from local.mesh import locked

    with _errors_shown():
        home = load_home()
        home.create()
        with locked(home):
            replace_authority(home.certificates, settle) if authority else renew_certificates(home.certificates)
        console.print("the new authority is the only one that is trusted" if authority else "all certificates are new")


@app.command()
def restart(
    service: Annotated[str, typer.Argument(help="A service; all of them if not given.")] = "",
) -> None:
    """Replace the services' processes one by one, with the code as it is now; with two of each no call fails."""
    from local.restart import restart as replace_one_by_one
    from local.services import SERVICES

    with _errors_shown():
        chosen = [get_service(service)] if service else SERVICES
        replace_one_by_one(_started_mesh(), chosen, Steps(console))


@app.command()
def backup(
    to: Annotated[
        str, typer.Argument(help="The folder that gets a new one; backups in MATINEE_HOME if not given.")
    ] = "",
) -> None:
    """Copy all databases as of one moment, while everything works, with the secrets that belong to them."""
    from local.backup import back_up

    with _errors_shown():
        settings = _started_mesh().settings
        written = back_up(settings, Path(to).resolve() if to else settings.home.backups)
        console.print(f"{written}\nWhoever reads it knows everything: keep it like .env.", markup=False, soft_wrap=True)


@app.command()
def restore(
    source: Annotated[str, typer.Argument(help="A folder that `make backup` wrote.")],
) -> None:
    """Put a backup in the place of the databases, which are set aside; the mesh must be down."""
    from local.backup import restore as put_back
    from local.env_file import set_in_env_file
    from local.mesh import locked

    with _errors_shown():
        home = load_home()
        home.create()
        with locked(home):
            secrets = put_back(home, Path(source).resolve())
        set_in_env_file(ENV_FILE, {name.upper(): value for name, value in secrets.items()})
        console.print("restored, with its secrets in .env; `make up` starts it", highlight=False)


@app.command()
def mail(
    number: Annotated[int, typer.Argument(help="Which to show, 1 is the newest; a list of them if not given.")] = 0,
) -> None:
    """Look at the mails that were sent."""
    from local.mail import print_mail, print_mails

    with _errors_shown():
        home = load_home()
        print_mail(console, home, number) if number else print_mails(console, home)


@app.command()
def clock(
    offset: Annotated[str, typer.Argument(help="How far ahead of the real time: +23h, -30m, +1d12h, or 0.")] = "",
) -> None:
    """Show the mesh's clock, or move it; a mesh that runs follows within a second."""
    from local.clock import describe, move_clock, parse_offset, read_offset

    with _errors_shown():
        home = load_home()
        if offset:
            wanted = parse_offset(offset)
            home.create()
            move_clock(home, wanted)
        console.print(describe(read_offset(home)), highlight=False)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(
    service: Annotated[str, typer.Argument(help="A service, for example booking.")],
    context: typer.Context,
) -> None:
    """Run `python ARGUMENTS` with the environment of a service, for example: run auth -m auth_svc.tokens."""
    from local.processes import service_environment

    with _errors_shown():
        environment = {**os.environ, **service_environment(_started_mesh().settings, get_service(service))}
        os.execve(sys.executable, [sys.executable, *context.args], environment)


@app.command()
def migration(
    service: Annotated[str, typer.Argument(help="A service, for example booking.")],
    words: Annotated[str, typer.Argument(help="What it changes, in a few words.")],
) -> None:
    """Write a service's next migration, from its schema.py and its database as it is now."""
    from local.preparation import write_migration

    with _errors_shown():
        console.print(write_migration(_started_mesh().settings, service, words), end="", markup=False, highlight=False)


@app.command()
def validate() -> None:
    """Let Envoy check its configuration; needs nothing running."""
    from local.validation import validate_envoy

    with _errors_shown():
        validate_envoy()
        console.print("Envoy accepts its configuration")


def _started_mesh() -> "Mesh":
    """With the settings it was started with: what .env says since then applies from the next `make up` on."""
    from local.mesh import Mesh

    return Mesh.attach(load_home().path)


if __name__ == "__main__":
    app()
