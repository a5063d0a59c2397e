"""Kubernetes, cert-manager and the house accept what deploy/ says."""

from typing import Any

import kubernetes_validate
import pytest
from cloudcoil.models.cert_manager.v1 import Certificate, Issuer
from pydantic import BaseModel

from tests.deploy.manifests import Manifest, manifests, of_kind

KUBERNETES = "1.35.0"
CERT_MANAGER: dict[str, type[BaseModel]] = {"Certificate": Certificate, "Issuer": Issuer}
POSTGRES = {"Cluster", "ScheduledBackup"}
"""Of CloudNativePG, whose schemas no package has; docs/cluster.md says so."""


def called(manifest: Manifest) -> str:
    """How a test about an object is called."""
    return f"{manifest['kind']}-{manifest['metadata']['name']}"


def builtin() -> list[Manifest]:
    """What Kubernetes knows by itself."""
    return [manifest for manifest in manifests() if manifest["kind"] not in {*CERT_MANAGER, *POSTGRES}]


@pytest.mark.parametrize("manifest", builtin(), ids=called)
def test_kubernetes_accepts_it(manifest: Manifest) -> None:
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


@pytest.mark.parametrize("manifest", of_kind(*CERT_MANAGER), ids=called)
def test_cert_manager_accepts_it_and_knows_every_field(manifest: Manifest) -> None:
    read = CERT_MANAGER[manifest["kind"]].model_validate(manifest)
    known: dict[str, Any] = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert known == manifest


def test_a_field_that_nobody_knows_would_be_found() -> None:
    [issuer, *_] = of_kind("Issuer")
    wrong = {**issuer, "spec": {**issuer["spec"], "selfsigned": {}}}
    with pytest.raises(AssertionError):
        test_cert_manager_accepts_it_and_knows_every_field(wrong)


def test_everything_is_in_one_namespace_that_refuses_pods_with_privileges() -> None:
    [namespace] = of_kind("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    inside = [manifest for manifest in manifests() if manifest is not namespace]
    assert {manifest["metadata"]["namespace"] for manifest in inside} == {namespace["metadata"]["name"]}
