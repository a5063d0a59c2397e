"""Envoy's own opinion of its configuration, without a mesh."""

import tempfile
from pathlib import Path
from typing import Any

from local.certificates import ensure_certificates
from local.env_file import random_secret
from local.preparation import render_envoy
from local.settings import SECRETS, build_settings


def validate_envoy() -> None:
    """Renders the configuration into a folder that is thrown away, and lets Envoy read it; MeshError if it refuses."""
    with tempfile.TemporaryDirectory(prefix="matinee-") as folder:
        secrets: dict[str, Any] = {name.lower(): random_secret() for name in SECRETS}
        settings = build_settings(matinee_home=Path(folder), **secrets)
        settings.home.create()
        ensure_certificates(settings.home.certificates)
        render_envoy(settings, "--validate")
