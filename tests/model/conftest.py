"""Property tests: the real mesh against a model. HYPOTHESIS_PROFILE=long searches for longer.

A failure prints a blob; `@reproduce_failure` with it on the failing class or test plays the same again.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from local.mesh import Mesh
from tests.model.door import Visitor, register
from tests.model.model import Film
from tests.people import ok

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
# One bug at a time, and a call takes what it takes.
settings.register_profile(
    "slow", deadline=None, print_blob=True, report_multiple_bugs=False, suppress_health_check=[HealthCheck.too_slow]
)
SLOW = settings.get_profile("slow")
settings.register_profile("default", SLOW, max_examples=30, stateful_step_count=40)
settings.register_profile("long", SLOW, max_examples=1000, stateful_step_count=60)
settings.load_profile(PROFILE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long search is not cut short, nor is the search for the shortest history that fails, which takes minutes."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(600 if PROFILE == "default" else 0))


@pytest.fixture(scope="session")
def door(mesh: Mesh) -> Iterator[httpx.Client]:
    """A client at the public port that waits for every answer."""
    url = mesh.settings.edge_url
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def company(door: httpx.Client) -> list[Visitor]:
    """Six people: Ada and Ben host, everybody is somebody's guest; Cleo and Dan follow Ada and Ben."""
    people = [register(door, name) for name in ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn")]
    for follower in people[2:4]:
        for host in people[:2]:
            ok(follower.call("PUT", f"/ugc/v1/following/{host.id}"))
    return people


@pytest.fixture(scope="session")
def superuser(mesh: Mesh, door: httpx.Client) -> Visitor:
    """The sample identity that may do everything."""
    tokens = mesh.tokens()
    return Visitor("Super", tokens["sudo"], tokens["sudo_access_token"], door)


@pytest.fixture(scope="session")
def films(door: httpx.Client) -> list[Film]:
    """Bookable films, the shortest and the longest of the first hundred first."""
    rows = ok(door.get("/movie_api/v1/movies", params={"filter[bookable]": "true", "page_size": 100}))
    found = sorted((Film(row["id"], row["duration"]) for row in rows), key=lambda film: film.minutes)
    return [found[0], found[-1], *found[1:-1]]
