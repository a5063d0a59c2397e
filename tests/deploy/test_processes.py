"""deploy/ starts the processes of the code, with the variables, ports, probes and secrets that they have."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from envoy.settings import Settings as EdgeSettings
from local.home import ROOT
from local.pairs import alternative_names
from local.postgres import INITDB, MAJOR
from local.services import NAMES, SERVICES, Service
from local.settings import SECRETS
from mesh import VERSION
from mesh.settings import MeshSettings
from tests.deploy.manifests import (
    OURS,
    Manifest,
    container,
    containers,
    get,
    of_kind,
    own_variables,
    pod,
    secrets_of,
    settings,
)
from tests.local.test_compose import COMPOSE

LIBPQ = {"PGSSLMODE", "PGSSLROOTCERT"}
"""Read by asyncpg, which knows them from libpq."""
AT_HOME = {"LOCAL_MODE", "CLOCK_FILE", "SAMPLE_PEOPLE"}
"""For a developer's machine."""
SUPERUSER = "postgres-superuser"
"""Made by CloudNativePG."""


def readers() -> list[tuple[str, type[BaseSettings]]]:
    """Each process with the class that reads its environment."""
    services = [(name, import_module(f"{name}_svc.settings").Settings) for name in NAMES]
    return [*services, ("edge", EdgeSettings)]


def main_container(name: str) -> Manifest:
    """The one that reads the settings."""
    return container(get("Deployment", name), "edge-config" if name == "edge" else "service")


@pytest.mark.parametrize(("name", "read"), readers())
def test_every_variable_is_one_that_the_process_reads(name: str, read: type[BaseSettings]) -> None:
    given = {variable.lower() for variable in own_variables(main_container(name))}
    known = {*read.model_fields, *(variable.lower() for variable in LIBPQ)}
    assert {variable for variable in given - known if not variable.endswith("_password")} == set()


@pytest.mark.parametrize(("name", "read"), readers())
def test_no_variable_that_the_process_needs_is_missing(name: str, read: type[BaseSettings]) -> None:
    needed = {field.upper() for field, info in read.model_fields.items() if info.is_required()}
    assert needed <= {*own_variables(main_container(name)), *settings()}


@pytest.mark.parametrize("name", [*NAMES, "edge"])
def test_what_compose_always_says_is_said_here(name: str) -> None:
    """What it takes from .env where somebody wrote it there, as ${NAME:-}, may be in settings.env or not."""
    there: dict[str, str] = COMPOSE["edge-config" if name == "edge" else name]["environment"]
    always = {variable for variable, value in there.items() if not str(value).endswith(":-}")}
    assert always - AT_HOME <= {*own_variables(main_container(name)), *settings()}


@pytest.mark.parametrize(("name", "read"), readers())
def test_no_secret_stands_in_the_manifests(name: str, read: type[BaseSettings]) -> None:
    secret = {field.upper() for field, info in read.model_fields.items() if info.annotation is SecretStr}
    assert secret.isdisjoint(settings())
    given = own_variables(main_container(name))
    assert all("$(" in given[variable] for variable in secret & given.keys())


def test_every_setting_of_all_is_one_that_some_process_reads() -> None:
    known = {field.upper() for _, read in readers() for field in read.model_fields}
    assert set(settings()) <= known


def test_every_process_gets_the_settings_of_all() -> None:
    for name in (*NAMES, "edge"):
        [source] = main_container(name)["envFrom"]
        assert source["configMapRef"]["name"].startswith("settings-")


@pytest.mark.parametrize("name", [*NAMES, "edge"])
def test_real_people_are_not_served_as_at_home(name: str) -> None:
    assert AT_HOME.isdisjoint({*settings(), *own_variables(main_container(name))})


@pytest.mark.parametrize(("name", "read"), readers())
def test_what_is_given_is_accepted(
    name: str, read: type[BaseSettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process's own class reads it; only the files are elsewhere."""
    file = tmp_path / "file"
    file.touch()
    for variable, value in {**settings(), **own_variables(main_container(name))}.items():
        monkeypatch.setenv(variable, str(file) if value.startswith("/") else value)
    read()


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_a_service_listens_where_its_peers_the_edge_and_kubernetes_look(service: Service) -> None:
    own = main_container(service.name)
    port = int(own_variables(own)["LISTEN"].rpartition(":")[2])
    assert {"name": "grpc", "containerPort": port} in own["ports"]
    described = get("Service", service.name)["spec"]
    assert described["ports"] == [{"name": "grpc", "port": port, "targetPort": "grpc"}]
    assert described["clusterIP"] == "None"
    callers = ["edge", *(each.name for each in SERVICES if service.name in each.peers)]
    target = f"{service.name.upper()}_TARGET"
    assert {own_variables(main_container(name))[target] for name in callers} == {f"{service.name}:{port}"}


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_only_the_edge_and_those_who_ask_a_service_reach_it(service: Service) -> None:
    spec = get("NetworkPolicy", service.name)["spec"]
    port = int(own_variables(main_container(service.name))["LISTEN"].rpartition(":")[2])

    def names(key: str) -> set[str]:
        [rule] = [rule for rule in spec[key] if rule["ports"] == [{"port": port}]]
        [side] = {"from", "to"} & rule.keys()
        return {peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in rule[side]}

    assert names("ingress") == {"edge", *(each.name for each in SERVICES if service.name in each.peers)}
    assert names("egress") == set(service.peers)


@pytest.mark.parametrize("name", [*NAMES, "edge"])
def test_prometheus_reaches_the_numbers_and_nobody_else_does(name: str) -> None:
    port = int(own_variables(main_container(name))["METRICS_LISTEN"].rpartition(":")[2])
    served = container(get("Deployment", name), "envoy" if name == "edge" else "service")
    assert {"name": "metrics", "containerPort": port} in served["ports"]
    rules = get("NetworkPolicy", "edge" if name == "edge" else "services")["spec"]["ingress"]
    [rule] = [rule for rule in rules if {"port": port} in rule["ports"]]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "observability"}}}]


@pytest.mark.parametrize("name", NAMES)
def test_a_service_runs_the_command_and_waits_for_the_migrations_of_compose(name: str) -> None:
    deployment = get("Deployment", name)
    assert container(deployment, "service")["command"] == COMPOSE[name]["command"]
    assert container(deployment, "migrated")["command"] == ["python", "-m", "mesh.migrate", f"{name}_svc", "wait"]
    migration = container(get("Job", f"migrate-{name}"), "job")
    assert migration["command"] == COMPOSE[f"migrate-{name}"]["command"]


def test_the_databases_are_made_as_by_compose() -> None:
    job = container(get("Job", "databases"), "job")
    assert job["command"] == COMPOSE["databases"]["command"]
    assert own_variables(job).keys() - LIBPQ == COMPOSE["databases"]["environment"].keys()


@pytest.mark.parametrize("name", NAMES)
def test_health_is_asked_for_as_in_compose_but_a_waiting_process_is_not_started_again(name: str) -> None:
    own = main_container(name)
    asked = COMPOSE[name]["healthcheck"]["test"][1:]
    assert own["startupProbe"]["exec"]["command"] == own["readinessProbe"]["exec"]["command"] == asked
    assert own["livenessProbe"]["exec"]["command"] == [*asked, "--alive"]


@pytest.mark.parametrize("name", NAMES)
def test_a_process_may_stop_for_as_long_as_it_needs(name: str) -> None:
    fields = MeshSettings.model_fields
    longest = fields["drain_seconds"].default + 2 * fields["stop_seconds"].default
    assert pod(get("Deployment", name))["terminationGracePeriodSeconds"] > longest
    assert int(COMPOSE[name]["stop_grace_period"].removesuffix("s")) > longest


def test_images_are_ours_of_this_version_or_those_of_compose() -> None:
    ours = {f"{OURS}:{VERSION}"}
    images = {each["image"] for manifest in of_kind("Deployment", "Job") for each in containers(manifest)}
    assert images == ours | {COMPOSE["edge"]["image"], COMPOSE["valkey"]["image"]}
    assert f":{MAJOR}-" in get("Cluster", "postgres")["spec"]["imageName"]


def test_postgres_is_initialised_as_by_make_up() -> None:
    made = get("Cluster", "postgres")["spec"]["bootstrap"]["initdb"]
    locale = made["builtinLocale"]
    assert made["localeCollate"] == made["localeCType"] == locale
    assert made["dataChecksums"] is True
    ours = {f"--encoding={made['encoding']}", f"--locale-provider={made['localeProvider']}"}
    ours |= {f"--builtin-locale={locale}", f"--locale={locale}", "--data-checksums"}
    assert ours == set(INITDB) - {"--username=postgres", "--auth=scram-sha-256"}


@pytest.mark.parametrize("secret", sorted({*SECRETS} - {"SUPERVISOR_PASSWORD", "SAMPLE_PASSWORD", "POSTGRES_PASSWORD"}))
def test_a_secret_goes_only_to_those_who_use_it(secret: str) -> None:
    """As in Compose; there the first container of a service's pod and the second are two."""
    users = {name for name, each in COMPOSE.items() if f"${{{secret}" in str(each)}
    here = {
        manifest["metadata"]["name"]
        for manifest in of_kind("Deployment", "Job")
        for each in containers(manifest)
        if secrets_of(each).get(secret) == "matinee"
    }
    assert here == {"valkey" if name == "valkey-users" else name for name in users - {"sample-data"}}


def test_the_superuser_is_only_whoever_makes_the_databases() -> None:
    users = [
        manifest["metadata"]["name"]
        for manifest in of_kind("Deployment", "Job")
        for each in containers(manifest)
        if SUPERUSER in secrets_of(each).values()
    ]
    assert users == ["databases"]


@pytest.mark.parametrize("manifest", of_kind("Deployment", "Job"), ids=lambda each: each["metadata"]["name"])
def test_a_variable_is_made_of_what_stands_before_it(manifest: Manifest) -> None:
    """Kubernetes leaves $(NAME) as it is when NAME comes later."""
    for each in containers(manifest):
        before: set[str] = set()
        for variable in each.get("env", ()):
            assert set(re.findall(r"\$\((\w+)\)", variable.get("value", ""))) <= before
            before.add(variable["name"])


@pytest.mark.parametrize("member", [*NAMES, "envoy"])
def test_a_member_has_the_names_that_the_mesh_knows_it_by(member: str) -> None:
    spec = get("Certificate", member)["spec"]
    [spiffe, dns, *own_probe] = [str(name.value) for name in alternative_names(member)]
    assert spec["uris"] == [spiffe]
    # Nobody but a service itself calls it by the others.
    probed = [*spec["dnsNames"][1:], *spec.get("ipAddresses", ())]
    assert (spec["dnsNames"][0], probed) == (dns, [] if member == "envoy" else own_probe)


def test_a_key_is_in_its_owners_pod_only() -> None:
    keys = {each["spec"]["secretName"]: each["metadata"]["name"] for each in of_kind("Certificate")}
    mounted = {
        (manifest["metadata"]["name"], volume["secret"]["secretName"])
        for manifest in of_kind("Deployment", "Job")
        for volume in pod(manifest).get("volumes", ())
        if "secret" in volume and volume["secret"]["secretName"] in keys
    }
    assert mounted == {
        *((name, f"{name}-tls") for name in (*NAMES, "valkey")),
        ("edge", "envoy-tls"),
        ("edge", "public-tls"),
    }


@pytest.mark.parametrize("manifest", of_kind("Deployment", "Job"), ids=lambda each: each["metadata"]["name"])
def test_a_pod_runs_as_the_images_user_and_may_nothing(manifest: Manifest) -> None:
    spec = pod(manifest)
    user = int(re.findall(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0])
    assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["runAsNonRoot"]) == (user, True)
    assert spec["automountServiceAccountToken"] is False
    for each in containers(manifest):
        assert each["securityContext"]["readOnlyRootFilesystem"] is True
        assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in each["resources"]["limits"]


@pytest.mark.parametrize("name", [*NAMES, "edge"])
def test_there_are_two_at_least_and_one_goes_at_a_time(name: str) -> None:
    deployment, scaler = get("Deployment", name)["spec"], get("HorizontalPodAutoscaler", name)["spec"]
    assert scaler["scaleTargetRef"]["name"] == name
    assert scaler["minReplicas"] >= 2
    # Or each `apply` would take away what the scaler has added.
    assert "replicas" not in deployment
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    kept = get("PodDisruptionBudget", name)["spec"]
    assert (kept["maxUnavailable"], kept["selector"]) == (1, deployment["selector"])


def connections(service: Service) -> int:
    """How many connections to PostgreSQL a process of a service opens at most."""
    calls = [
        node.func.id
        for node in ast.walk(ast.parse((ROOT / service.module / "server.py").read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    pools = calls.count("Database")
    assert pools
    return pools * int(MeshSettings.model_fields["database_connections"].default) + calls.count("Worker")


def test_postgres_has_a_connection_for_everybody_at_the_most_of_all() -> None:
    allowed = int(get("Cluster", "postgres")["spec"]["postgresql"]["parameters"]["max_connections"])
    most = {each.name: get("HorizontalPodAutoscaler", each.name)["spec"]["maxReplicas"] for each in SERVICES}
    # One more of each while it is replaced; its migration, and what the operator and people need.
    assert sum((most[each.name] + 1) * connections(each) + 1 for each in SERVICES) + 20 <= allowed
