"""The API pages: for each service a page on which its HTTP API is read and tried, and what that page loads.

Envoy itself answers with these files: they come from this origin, and also while a service is away.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jinja2
from swagger_ui_bundle import swagger_ui_path

from envoy.descriptors import SERVED_BY
from envoy.rates import Rate, TightLimit

SOURCES = Path(__file__).parent / "pages"
DOCUMENTS = Path(__file__).parents[1] / "docs" / "openapi"
SHOWN_FIRST = "booking"
ASSETS = "/api/openapi"
# All of them, for a limit of their own: they are the largest answers that anybody can have for nothing.
ALL = r"(?:/\w+)?/api/openapi.*"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FRESH = {"cache-control": "no-cache", "vary": "accept-encoding"}
PAGE_HEADERS = {"content-security-policy": POLICY, "referrer-policy": "no-referrer", **FRESH}
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True)
class PageRoute:
    """A file at an address."""

    pattern: str
    """For the path, without its query."""
    file: str
    headers: dict[str, str]
    if_accepted: bool = False
    """Whether it is for those only who say that they understand what is compressed."""


@dataclass(frozen=True)
class _Content:
    pattern: str
    name: str
    data: bytes
    headers: dict[str, str]


def address(service: str) -> str:
    """Where a service's page is."""
    return "/api/openapi" if service == SHOWN_FIRST else f"/{service}/api/openapi"


def write_pages(folder: Path, people: tuple[str, ...]) -> list[PageRoute]:
    """Writes all files into a folder. The sample people, where there are such, are offered to sign in with."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    # Envoy holds all of a file for a slow reader, so the large ones, which only browsers load, are always compressed.
    assets = [_write(folder, content, zipped=True) for content in _assets()]
    others = [
        _write(folder, content, zipped=zipped)
        for content in (*_pages(people), *_documents())
        for zipped in (True, False)
    ]
    return assets + others


def page_limit(rate: Rate) -> list[TightLimit]:
    """How often one address may load any of them; nothing if that is not limited."""
    return [TightLimit("pages", rate, (ALL,))] if rate.requests else []


def largest(routes: list[PageRoute]) -> int:
    """The size of the largest file."""
    return max(Path(route.file).stat().st_size for route in routes)


def _write(folder: Path, content: _Content, *, zipped: bool) -> PageRoute:
    file = folder / (f"{content.name}.gz" if zipped else content.name)
    file.write_bytes(gzip.compress(content.data, mtime=0) if zipped else content.data)
    encoding = {"content-encoding": "gzip"} if zipped else {}
    return PageRoute(content.pattern, str(file), content.headers | encoding, zipped and "vary" in content.headers)


def _asset_sources() -> dict[str, Path]:
    bundle = Path(swagger_ui_path)
    return {
        "swagger-ui-bundle.js": bundle / "swagger-ui-bundle.js",
        "swagger-ui.css": bundle / "swagger-ui.css",
        "page.js": SOURCES / "page.js",
        "page.css": SOURCES / "page.css",
    }


def _asset_address(name: str, data: bytes) -> str:
    """Another one when the file changes, so that browsers may keep it for ever."""
    stem, _, suffix = name.rpartition(".")
    return f"{ASSETS}/{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{suffix}"


def _assets() -> Iterator[_Content]:
    for name, source in _asset_sources().items():
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        data = source.read_bytes()
        headers = {"content-type": f"{kind}; charset=utf-8", **FOR_EVER}
        yield _Content(_exactly(_asset_address(name, data)), name, data, headers)


def _pages(people: tuple[str, ...]) -> Iterator[_Content]:
    loader = jinja2.FileSystemLoader(SOURCES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("page.html")
    assets = {name: _asset_address(name, source.read_bytes()) for name, source in _asset_sources().items()}
    pages = {service: address(service) for service in sorted(SERVED_BY, key=lambda name: name != SHOWN_FIRST)}
    for service, path in pages.items():
        html = template.render(service=service, pages=pages, assets=assets, people=people)
        headers = {"content-type": "text/html; charset=utf-8", **PAGE_HEADERS}
        yield _Content(f"{_exactly(path)}/?", f"{service}.html", html.encode(), headers)


def _documents() -> Iterator[_Content]:
    for service in SERVED_BY:
        # Without the spaces: they are for those who read the committed file.
        document = json.loads((DOCUMENTS / f"{service}.json").read_bytes())
        data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"content-type": "application/json", **FRESH}
        yield _Content(_exactly(f"{address(service)}.json"), f"{service}.json", data, headers)


def _exactly(path: str) -> str:
    return path.replace(".", r"\.")
