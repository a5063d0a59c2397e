"""Writes Envoy's configuration: `python -m envoy.render --out FOLDER [--validate]`.

FOLDER gets envoy.yaml, api.binpb, the description of the API that JSON is translated by, the API pages, and a file for
each of Envoy's certificates that says where it lies.
"""

import argparse
import subprocess
from dataclasses import replace
from pathlib import Path

import jinja2

from envoy.binary import envoy_binary
from envoy.descriptors import descriptor_set, served_files, services
from envoy.errors import LARGE, OWN_ERRORS
from envoy.pages import largest, page_limit, write_pages
from envoy.rates import REMEMBERED, tight_limits
from envoy.routes import grpc_routes, http_routes, stream_routes
from envoy.secrets import write_secrets
from envoy.settings import Settings, load_settings

SOURCES = Path(__file__).parent
# edge.lua has the same number.
LARGEST_BODY = 65536
# What proxies write of a caller; Envoy may need it to find his address, the services hear that from nobody else.
UNTOLD = (
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "forwarded",
    "x-real-ip",
    "via",
)
KEYS = "/.well-known/jwks.json"
# Every service knows them: while the auth service is away they come from the others.
ANYBODY = "anybody"
# What a page of another origin may send beyond the usual, and what it may read.
CORS = {
    "heard": (
        *("authorization", "content-type", "idempotency-key", "last-event-id", "x-request-id"),
        *("x-grpc-web", "x-user-agent", "grpc-timeout"),
    ),
    "shown": (
        *("x-next-page-token", "x-unread-count", "x-degraded", "retry-after", "x-request-id", "location"),
        *("grpc-status", "grpc-message", "grpc-status-details-bin"),
    ),
}


def render(settings: Settings, folder: Path) -> Path:
    """Writes the files and returns the path of envoy.yaml."""
    served = served_files(bench=settings.bench_target is not None)
    files = [file for cluster in served.values() for file in cluster]
    api = (folder / "api.binpb").resolve()
    routes = [replace(each, cluster=ANYBODY) if each.prefix == KEYS else each for each in http_routes(served)]
    folder.mkdir(parents=True, exist_ok=True)
    pages = write_pages(folder / "pages", settings.sample_people)
    text = _template().render(
        settings=settings,
        api=str(api),
        services=[service.full_name for service in services(files)],
        http_routes=routes,
        grpc_routes=grpc_routes(served),
        stream_routes=stream_routes(served),
        # The benchmark's empty service is no part of what the edge promises.
        members=[name for name in settings.targets if name != "bench"],
        untold=UNTOLD,
        largest_body=LARGEST_BODY,
        own_errors=OWN_ERRORS,
        large=LARGE.json_body,
        anybody=ANYBODY,
        keys=next(route for route in routes if route.prefix == KEYS),
        limits=[*tight_limits(settings.tight_rates, served), *page_limit(settings.edge_limit_pages)],
        pages=pages,
        largest_page=largest(pages),
        remembered=REMEMBERED,
        cors=CORS,
        secrets=write_secrets(settings, folder),
    )
    api.write_bytes(descriptor_set(iter(files)).SerializeToString(deterministic=True))
    target = folder / "envoy.yaml"
    target.write_text(text, encoding="utf-8")
    return target


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SOURCES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # YAML, not HTML: every value goes through tojson.
        autoescape=False,
    )
    environment.globals["source"] = lambda name: (SOURCES / name).read_text(encoding="utf-8")
    return environment.get_template("envoy.yaml.j2")


def validate(config: Path) -> None:
    """Lets Envoy itself read the file; SystemExit with its words if it refuses."""
    command = [str(envoy_binary()), "--mode", "validate", "--log-level", "error", "-c", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"Envoy refuses {config}:\n{done.stderr or done.stdout}")


def main() -> None:
    """Renders for the settings in the environment."""
    parser = argparse.ArgumentParser(prog="python -m envoy.render", description="Writes Envoy's configuration.")
    parser.add_argument("--out", type=Path, required=True, help="the folder for envoy.yaml and api.binpb")
    parser.add_argument("--validate", action="store_true", help="let Envoy check what was written")
    arguments = parser.parse_args()
    config = render(load_settings(), arguments.out)
    if arguments.validate:
        validate(config)


if __name__ == "__main__":
    main()
