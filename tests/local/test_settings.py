"""Settings: the environment wins, secrets are written once, and a bad value names its variable."""

import multiprocessing
import re
from pathlib import Path

import pytest

from local.env_file import complete_env_file
from local.errors import MeshError
from local.home import ROOT
from local.settings import SECRETS, Settings, load_home, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SECRETS, "MATINEE_HOME", "EDGE_PORT", "EDGE_HOST", "PORT_BASE", "BOOKING_PROCESSES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_first_start_writes_random_secrets_for_the_owner_only(env_file: Path) -> None:
    settings = load_settings(env_file, create=True)
    assert env_file.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"[A-Za-z0-9]{32}", settings.postgres_password)
    assert len({getattr(settings, name.lower()) for name in SECRETS}) == len(SECRETS)
    assert (settings.edge_port, settings.port_base) == (8080, 15000)


def test_second_start_keeps_them(env_file: Path) -> None:
    first = load_settings(env_file, create=True)
    before = env_file.read_bytes()
    assert load_settings(env_file, create=True) == first
    assert env_file.read_bytes() == before


def test_missing_secrets_are_added_to_what_is_there(env_file: Path) -> None:
    env_file.write_text("EDGE_PORT=9090\nVALKEY_PASSWORD=kept-as-it-is")
    settings = load_settings(env_file, create=True)
    assert (settings.edge_port, settings.valkey_password) == (9090, "kept-as-it-is")
    assert env_file.read_text().startswith("EDGE_PORT=9090\nVALKEY_PASSWORD=kept-as-it-is\nPOSTGRES_PASSWORD=")


def test_first_starts_at_once_agree_on_the_secrets(env_file: Path) -> None:
    with multiprocessing.get_context("fork").Pool(8) as pool:
        added = pool.starmap(complete_env_file, [(env_file, SECRETS)] * 16)
    assert sorted(map(len, added)) == [0] * 15 + [len(SECRETS)]


def test_environment_wins(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_settings(env_file, create=True)
    monkeypatch.setenv("EDGE_PORT", "9191")
    assert load_settings(env_file).edge_port == 9191


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EDGE_PORT", "eighty"),
        ("EDGE_PORT", "70000"),
        ("EDGE_PORT", "15020"),
        ("PORT_BASE", "65500"),
        ("BOOKING_PROCESSES", "0"),
        ("BOOKING_PROCESSES", "10"),
        ("POSTGRES_PASSWORD", "it's"),
    ],
)
def test_bad_value_names_its_variable_in_one_line(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    load_settings(env_file, create=True)
    monkeypatch.setenv(name, value)
    with pytest.raises(MeshError, match=name) as refusal:
        load_settings(env_file)
    assert "\n" not in refusal.value.message
    assert "it's" not in str(refusal.value)


def test_missing_secret_is_named(env_file: Path) -> None:
    with pytest.raises(MeshError, match="POSTGRES_PASSWORD is missing"):
        load_settings(env_file)


def test_home_is_found_without_secrets(env_file: Path, tmp_path: Path) -> None:
    env_file.write_text(f"MATINEE_HOME={tmp_path / 'state'}\n")
    assert load_home(env_file).path == tmp_path / "state"


def test_the_example_names_every_variable() -> None:
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields} - {"MATINEE_BENCH", "EXTRA_ENVIRONMENT"}
