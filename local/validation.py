"""Envoy's own opinion of its configuration, without a mesh: as it is by default, and with all that can be asked for."""

import tempfile
from pathlib import Path
from typing import Any

from local.certificates import ensure_certificates
from local.env_file import random_secret
from local.home import Home
from local.preparation import render_envoy
from local.settings import SECRETS, build_settings


def validate_envoy() -> None:
    """Renders the configuration into a folder that is thrown away, and lets Envoy read it; MeshError if it refuses."""
    with tempfile.TemporaryDirectory(prefix="matinee-") as folder:
        secrets: dict[str, Any] = {name.lower(): random_secret() for name in SECRETS}
        plain = build_settings(matinee_home=Path(folder), **secrets)
        plain.home.create()
        ensure_certificates(plain.home.certificates)
        for door in ({}, everything(plain.home)):
            render_envoy(plain.model_copy(update=door), "--validate")


def everything(home: Home) -> dict[str, Any]:
    """The settings of a door that leaves nothing out. Any certificate will do."""
    pair = home.certificates / "envoy"
    tls = {"edge_tls_certificate": pair / "tls.crt", "edge_tls_key": pair / "tls.key"}
    return {**tls, "trusted_hops": 1, "cors_origins": ("https://app.example", "*"), "matinee_bench": True}
