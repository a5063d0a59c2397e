"""The templates of mails and pages, filled in."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

TEMPLATES = Environment(
    loader=PackageLoader("notify_svc"),
    # A mail's text is not HTML: what were escaped there, people would read.
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(name: str, shown: Mapping[str, Any]) -> str:
    """A template filled in."""
    return TEMPLATES.get_template(name).render(shown)
