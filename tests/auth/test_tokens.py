"""The token printer."""

import json
import subprocess
import sys
from typing import Any

import jwt
import pytest

from auth_svc.tokens import PEOPLE
from local.mesh import Mesh
from local.processes import service_environment
from local.services import get_service

WITHOUT = ("LISTEN", "TLS_CA", "TLS_CERTIFICATE", "TLS_KEY", "REDIS_URL", "NOTIFY_TARGET")


def printed(mesh: Mesh, *arguments: str, **changes: str | None) -> "subprocess.CompletedProcess[str]":
    """What the printer prints, with nothing in its environment that it does not need."""
    everything = {**service_environment(mesh.settings, get_service("auth")), **changes}
    environment = {name: value for name, value in everything.items() if name not in WITHOUT and value is not None}
    command = [sys.executable, "-m", "auth_svc.tokens", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def everybody(mesh: Mesh) -> dict[str, str]:
    """The object that is printed."""
    return dict(json.loads(printed(mesh).stdout))


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_everybody_is_printed_in_order(everybody: dict[str, str]) -> None:
    assert list(everybody) == [name for role in PEOPLE for name in (role, f"{role}_access_token")]
    assert [everybody[role] for role in PEOPLE] == [str(user_id) for user_id in PEOPLE.values()]


@pytest.mark.parametrize(
    ("role", "permissions", "is_super"),
    [
        ("user", [0], False),
        ("sudo", [0, 3], True),
        ("author", [0], False),
        ("guest_1", [0], False),
        ("guest_2", [0], False),
    ],
)
def test_token_says_who_it_is(everybody: dict[str, str], role: str, permissions: list[int], is_super: bool) -> None:
    claims = claims_of(everybody[f"{role}_access_token"])
    assert (claims["sub"], claims["permissions"], claims["is_super"]) == (str(PEOPLE[role]), permissions, is_super)


def test_token_is_good_for_a_day(everybody: dict[str, str]) -> None:
    claims = claims_of(everybody["user_access_token"])
    assert claims["exp"] - claims["iat"] == 24 * 3600


def test_one_token_alone_is_one_line(mesh: Mesh) -> None:
    token = printed(mesh, "--as", "guest_1").stdout
    assert token.count("\n") == 1
    assert claims_of(token.strip())["sub"] == str(PEOPLE["guest_1"])


@pytest.mark.parametrize(
    ("changes", "named"), [({"LOCAL_MODE": None}, "LOCAL_MODE"), ({"DATABASE_URL": None}, "DATABASE_URL")]
)
def test_missing_setting_is_named(mesh: Mesh, changes: dict[str, None], named: str) -> None:
    refused = printed(mesh, **changes)
    assert (refused.returncode != 0, refused.stdout) == (True, "")
    assert f"setting {named}" in refused.stderr
