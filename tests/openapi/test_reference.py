"""The reference of the gRPC API: it has everything, and its links lead somewhere. Nothing has to run."""

import re
from pathlib import Path

import pytest

from envoy.descriptors import served_files, services

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
SERVED = served_files(bench=False)
PAGES = {path.name: path.read_text() for path in FOLDER.glob("*.md")}
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\((\w+\.md)#(\w+)\)")


@pytest.mark.parametrize("name", sorted(SERVED))
def test_every_rpc_and_every_message_has_a_heading_of_its_own(name: str) -> None:
    rpcs = [f"{each.name}.{method.name}" for each in services(SERVED[name]) for method in each.methods]
    messages = [message for file in SERVED[name] for message in file.message_types_by_name]
    headings = HEADING.findall(PAGES[f"{name}.md"])
    assert {*rpcs, *messages} <= {*headings}
    assert len(headings) == len({heading.lower() for heading in headings})


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_link_leads_to_a_heading(name: str) -> None:
    anchors = {page: {slug(heading) for heading in HEADING.findall(text)} for page, text in PAGES.items()}
    assert [link for link in LINK.findall(PAGES[name]) if link[1] not in anchors.get(link[0], ())] == []


def test_a_field_tells_its_limits() -> None:
    assert "| `tickets_count` | int32 | `int32 { lte: 1000 gte: 1 }` | 1 to 1000. |" in PAGES["booking.md"]


def test_a_refusal_is_told_in_the_words_of_the_proto() -> None:
    _, _, behind = PAGES["booking.md"].partition("### BookingService.CreateBooking\n")
    assert "NO_PLACES_LEFT" in behind.partition("\n### ")[0]


def test_what_is_for_services_names_them() -> None:
    assert "Who may call it: SERVICE (ugc)." in PAGES["booking.md"]


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
