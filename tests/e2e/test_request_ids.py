"""One id leads through the logs of all who had to do with a request."""

import json
import re
import secrets
from typing import Any

import httpx
import pytest

from local.mesh import Mesh
from tests.e2e.faults import lines_of, logged, until
from tests.people import Person, evening, ok, register


async def test_one_id_is_in_the_answer_and_in_every_log(mesh: Mesh, http: httpx.AsyncClient, film: Any) -> None:
    mine = ""

    async def asked_under_it() -> bool:
        nonlocal mine
        # Nobody has asked for this host's name before, so the booking service has to ask the auth service: under this
        # id, unless somebody else's request asks at the same moment, whose id it is then.
        host = await register(http)
        answer = await host.post(f"/app/v1/announcement/{film['id']}", evening())
        ok(answer)
        mine = answer.headers["x-request-id"]
        told = await lines_of(mesh, booking_processes(mesh), re.escape(mine))
        announced = [row["method"] for rows in told.values() for row in rows]
        assert announced == ["/matinee.booking.v1.BookingService/CreateAnnouncement"]
        asked = [row["method"] for row in logged(mesh, "auth", re.escape(mine))]
        return asked == ["/matinee.auth.v1.AuthService/BatchGetUsers"]

    await until(asked_under_it, "auth is asked under the id of the request")

    async def at_the_edge() -> bool:
        return [row["status"] for row in logged(mesh, "envoy", re.escape(mine))] == [200]

    await until(at_the_edge, "Envoy writes its log")


@pytest.mark.parametrize("length", [1, 36, 128])
async def test_a_plain_id_of_the_caller_is_kept_on_every_hop(mesh: Mesh, host: Person, length: int) -> None:
    mine = (secrets.token_urlsafe(8) + ".0" + secrets.token_hex(64))[-length:]
    answer = await host.get("/app/v1/bookings", headers={"x-request-id": mine})
    assert answer.headers["x-request-id"] == mine
    await lines_of(mesh, booking_processes(mesh), re.escape(mine))


@pytest.mark.parametrize("given", ["", "two words", "line\ttab", '"},{"event":"forged"', "a" * 129, "ü"])
async def test_any_other_id_is_replaced_on_every_hop(mesh: Mesh, host: Person, given: str) -> None:
    answer = await host.get("/app/v1/bookings", headers={"x-request-id": given.encode()})
    ours = answer.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f-]{36}", ours)
    await lines_of(mesh, booking_processes(mesh), ours)
    assert "forged" not in json.dumps([logged(mesh, name, ".*forged.*") for name in booking_processes(mesh)])


def booking_processes(mesh: Mesh) -> list[str]:
    """The names of the processes of the booking service."""
    return [name for name in mesh.supervisor.processes() if re.fullmatch(r"booking(-\d)?", name)]
