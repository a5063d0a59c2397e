"""The certificates that Envoy shows and believes: it reads them again whenever something is renamed in their folder."""

import json
from pathlib import Path
from typing import Any

from envoy.settings import Settings


def write_secrets(settings: Settings, folder: Path) -> dict[str, str]:
    """Writes where each secret's files are; returns the paths of what was written by the secrets' names."""
    secrets = {
        "identity": {"tls_certificate": _pair(settings.tls_certificate, settings.tls_key)},
        "authorities": {"validation_context": {"trusted_ca": _watched(settings.tls_ca)}},
    }
    if settings.edge_tls_certificate and settings.edge_tls_key:
        secrets["edge"] = {"tls_certificate": _pair(settings.edge_tls_certificate, settings.edge_tls_key)}
    return {name: _write(name, secret, folder) for name, secret in secrets.items()}


def _pair(certificate: Path, key: Path) -> dict[str, Any]:
    return {
        "certificate_chain": {"filename": str(certificate)},
        "private_key": {"filename": str(key)},
        "watched_directory": {"path": str(certificate.parent)},
    }


def _watched(file: Path) -> dict[str, Any]:
    return {"filename": str(file), "watched_directory": {"path": str(file.parent)}}


def _write(name: str, secret: dict[str, Any], folder: Path) -> str:
    kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    path = (folder / f"{name}.json").resolve()
    path.write_text(json.dumps({"resources": [{"@type": kind, "name": name, **secret}]}), encoding="utf-8")
    return str(path)
