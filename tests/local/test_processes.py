"""The processes: each gets what it needs, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from local import postgres
from local.env_file import random_secret
from local.processes import all_processes, needed_ports
from local.settings import SECRETS, Settings, build_settings


def settings(home: Path, **values: Any) -> Settings:
    secrets: dict[str, Any] = {name.lower(): random_secret() for name in SECRETS}
    return build_settings(**secrets, matinee_home=home, port_base=15000, edge_port=8080, **values)


def test_a_service_knows_only_the_peers_it_calls(tmp_path: Path) -> None:
    environments = {process.name: process.environment for process in all_processes(settings(tmp_path))}
    known = {
        name: {key.removesuffix("_TARGET").lower() for key in environment if key.endswith("_TARGET")}
        for name, environment in environments.items()
    }
    assert known["booking"] == {"auth", "movie", "ugc", "notify"}
    assert known["ugc"] == {"auth", "movie", "booking"}
    assert known["notify"] == known["movie"] == {"auth"}
    assert known["auth"] == {"notify"}


def test_nothing_of_the_callers_environment_gets_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEBODYS_TOKEN", "secret")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy")
    names = {name for process in all_processes(settings(tmp_path)) for name in process.environment}
    assert not names & {"SOMEBODYS_TOKEN", "HTTP_PROXY"}


def test_more_processes_of_a_service_are_named_and_found(tmp_path: Path) -> None:
    chosen = settings(tmp_path, booking_processes=3)
    processes = {process.name: process for process in all_processes(chosen)}
    assert [processes[name].port for name in ("booking", "booking-2", "booking-3")] == [15040, 15041, 15042]
    assert needed_ports(chosen)["booking-3"] == 15042


def test_no_secret_is_on_a_command_line(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    commands = " ".join(" ".join(process.command) for process in all_processes(chosen))
    assert not [name for name in SECRETS if getattr(chosen, name.lower()) in commands]


def test_a_changed_secret_restarts_those_who_use_it(tmp_path: Path) -> None:
    before, after = (settings(tmp_path) for _ in range(2))
    changed = {
        old.name
        for old, new in zip(all_processes(before), all_processes(after), strict=True)
        if old.fingerprint(before) != new.fingerprint(after)
    }
    assert changed == {"auth", "movie", "ugc", "booking", "notify", "valkey"}


def test_an_interrupted_initialisation_is_done_again(tmp_path: Path) -> None:
    home = settings(tmp_path / "home").home
    home.create()
    half_made = home.postgres / "data.new" / "base"
    half_made.mkdir(parents=True)
    postgres.prepare(home, "first-password")
    assert (home.postgres / "data" / "PG_VERSION").read_text().strip() == "18"
    assert not half_made.exists()


def test_a_lost_password_is_set_anew(tmp_path: Path) -> None:
    home = settings(tmp_path / "home").home
    home.create()
    postgres.prepare(home, "first-password")
    assert not postgres.password_is_current(home, "second-password")
    postgres.prepare(home, "second-password")
    assert postgres.password_is_current(home, "second-password")
