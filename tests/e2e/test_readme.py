"""What the README shows is what the project has, and it runs."""

import asyncio
import re
from pathlib import Path
from typing import Any

from local.home import PYTHON
from local.mesh import Mesh
from tests.people import Person

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_python_client_is_the_example() -> None:
    assert (ROOT / "examples" / "book.py").read_text() in README


async def test_python_client_books(mesh: Mesh, host: Person, new_person: Any, film: Any) -> None:
    guest = await new_person()
    await host.announce(film["id"], tickets_count=50)
    address = f"127.0.0.1:{mesh.settings.edge_port}"
    command = [PYTHON, ROOT / "examples" / "book.py", guest.token, address]
    pipe = asyncio.subprocess.PIPE
    # Another test may end the evening that it finds before it has booked it.
    for _ in range(3):
        client = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
        printed, errors = await client.communicate()
        if client.returncode == 0:
            break
    assert client.returncode == 0, errors
    assert b"guest_name" in printed


def test_every_make_target_that_is_shown_exists() -> None:
    shown = set(re.findall(r"(?:`|^|\$\()make (?:-s )?([a-z]+)", README, re.MULTILINE))
    assert {"up", "test"} <= shown
    assert [target for target in shown if not re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)] == []


def test_every_link_leads_to_a_file() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)\)", page.read_text())]
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []
