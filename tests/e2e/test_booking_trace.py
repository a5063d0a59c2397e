"""One trace leads from the edge through all that a request causes, out to its mails."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from local.mesh import Mesh, running_mesh
from local.ports import reserved_block
from tests.channels import public_client
from tests.conftest import BUSY
from tests.e2e.faults import lines_of, until
from tests.otlp import Receiver, Span, receiving
from tests.people import Person, evening, ok, register

# A mesh of its own has to start.
pytestmark = pytest.mark.timeout(300)

ASKED = 20
APPLY = "INSERT engagements, INSERT bookings, UPDATE announcements, INSERT booking_events"
Ask = Callable[[], Awaitable[httpx.Response]]


class Recorded(NamedTuple):
    """A mesh that records half of what it is asked, and its collector."""

    mesh: Mesh
    http: httpx.AsyncClient
    receiver: Receiver

    async def trace(self, ask: Ask, service: str, awaited: Collection[str]) -> list[Span]:
        """The trace of a request to a service, asked until one is recorded, when it has spans of these names."""
        trace_id = ""

        async def begun() -> bool:
            nonlocal trace_id
            answer = await ask()
            ok(answer)
            told = await lines_of(self.mesh, [service], re.escape(answer.headers["x-request-id"]))
            trace_id = next((line["trace_id"] for line in told[service] if "trace_id" in line), "")
            return bool(trace_id)

        await until(begun, "a request that is recorded")

        trace: list[Span] = []

        async def whole() -> bool:
            trace[:] = self.receiver.trace(trace_id)
            # Each process sends its spans on its own, those that end first before those around them.
            return {span.name for span in trace} >= set(awaited) and len(roots(trace)) == 1

        await until(whole, f"the spans {awaited}, and those that they are part of")
        return trace


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def recorded() -> AsyncIterator[Recorded]:
    """A mesh of its own."""
    with reserved_block() as port:
        settings = {**BUSY, "OTLP_URL": f"http://127.0.0.1:{port}", "TRACE_SHARE": "0.5"}
        async with receiving(port) as receiver:
            own = running_mesh(extra_env=settings)
            mesh = await asyncio.to_thread(own.__enter__)
            try:
                async with public_client(mesh) as http:
                    yield Recorded(mesh, http, receiver)
            finally:
                await asyncio.to_thread(own.__exit__, None, None, None)


@pytest_asyncio.fixture(loop_scope="session")
async def person(recorded: Recorded) -> Person:
    """Somebody in that mesh."""
    return await register(recorded.http, name="Leocadia")


@pytest_asyncio.fixture(loop_scope="session")
async def film(recorded: Recorded) -> Any:
    """A film that evenings may be announced for."""
    return ok(await recorded.http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=1"))[0]


async def test_booking_is_one_trace_from_the_edge_to_its_mail(recorded: Recorded, film: Any) -> None:
    async def apply() -> httpx.Response:
        # Nobody's name is known yet.
        host, guest = await register(recorded.http), await register(recorded.http)
        announcement = await host.announce(film["id"])
        return await guest.post(f"/app/v1/booking/{announcement['id']}")

    trace = await recorded.trace(apply, "booking", {"/app/v1", "SMTP", "UPDATE deliveries"})
    paths = {str(span.attributes.get("http.url")) for span in trace if span.service == "envoy"}
    assert [path for path in paths if re.fullmatch("/app/v1/booking/[0-9a-f-]{36}", path)]
    assert {(span.service, span.kind, span.name) for span in trace} >= {
        ("envoy", "SERVER", "/app/v1"),
        ("envoy", "CLIENT", "router booking egress"),
        ("booking", "SERVER", "matinee.booking.v1.BookingService/CreateBooking"),
        ("booking", "INTERNAL", "Applications.book_together"),
        ("booking", "CLIENT", APPLY),
        ("booking", "CLIENT", "MGET"),
        ("booking", "CLIENT", "matinee.auth.v1.AuthService/BatchGetUsers"),
        ("auth", "SERVER", "matinee.auth.v1.AuthService/BatchGetUsers"),
        ("auth", "CLIENT", "SELECT users"),
        ("booking", "CONSUMER", "process tell"),
        ("booking", "CLIENT", "matinee.notify.v1.NotifyService/BatchPublish"),
        ("notify", "SERVER", "matinee.notify.v1.NotifyService/BatchPublish"),
        ("notify", "CLIENT", "INSERT links, INSERT notices, INSERT deliveries"),
        ("notify", "CONSUMER", "mail booking_created"),
        ("notify", "CLIENT", "SMTP"),
    }
    assert roots(trace) == [("envoy", "/app/v1")]


async def test_announcement_asks_the_catalogue_in_the_same_trace(recorded: Recorded, person: Person, film: Any) -> None:
    async def announce() -> httpx.Response:
        return await person.post(f"/app/v1/announcement/{film['id']}", evening())

    awaited = {"/app/v1", "matinee.booking.v1.BookingService/CreateAnnouncement", "SELECT movies"}
    trace = await recorded.trace(announce, "booking", awaited)
    assert {span.service for span in trace} >= {"envoy", "booking", "movie"}
    assert roots(trace) == [("envoy", "/app/v1")]


async def test_registration_is_one_trace_to_its_mail(recorded: Recorded) -> None:
    async def begin() -> httpx.Response:
        account = {"email": f"{secrets.token_hex(8)}@test.example.com", "password": "long enough", "name": "Robin"}
        return await recorded.http.post("/auth/v1/register/", json=account)

    trace = await recorded.trace(begin, "auth", {"/auth/v1", "SMTP"})
    assert {("auth", "process tell_of_account"), ("notify", "SMTP")} <= {(span.service, span.name) for span in trace}
    assert roots(trace) == [("envoy", "/auth/v1")]


async def test_request_is_recorded_everywhere_or_nowhere(recorded: Recorded, person: Person) -> None:
    name = "matinee.booking.v1.BookingService/ListBookings"
    known = len(recorded.receiver.named(name))
    for _ in range(ASKED):
        ok(await person.get("/app/v1/bookings"))
    # What ends last is sent last: a trace that comes whole has brought all before it.
    await recorded.trace(lambda: person.get("/app/v1/bookings"), "booking", {"/app/v1", name})
    spans = recorded.receiver.named(name)[known:]
    assert 0 < len(spans) < ASKED

    async def edge_told() -> bool:
        return all(roots(recorded.receiver.trace(span.trace_id)) == [("envoy", "/app/v1")] for span in spans)

    await until(edge_told, "the spans of the edge")


async def test_caller_cannot_choose_what_is_recorded(recorded: Recorded, person: Person) -> None:
    trace_id = secrets.token_hex(16)
    told = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01", "tracestate": "a=b"}
    for _ in range(ASKED):
        ok(await person.get("/app/v1/bookings", headers=told))
    await recorded.trace(lambda: person.get("/app/v1/bookings", headers=told), "booking", {"/app/v1"})
    assert recorded.receiver.trace(trace_id) == []


async def test_spans_tell_nothing_of_people(recorded: Recorded, person: Person, film: Any) -> None:
    host, place = await register(recorded.http), f"Kino {secrets.token_hex(8)}"

    async def ask() -> httpx.Response:
        announcement = await host.announce(film["id"], event_location=place, title=f"{place} again")
        ok(await person.post(f"/app/v1/booking/{announcement['id']}"))
        refused = await person.get(f"/app/v1/announcements?filter[location]={place}&page_token={place}")
        assert refused.status_code == 400
        assert (await person.get(f"/nowhere/{person.email}/{person.token}?q={place}")).status_code == 404
        return await person.get(f"/app/v1/announcements?filter[location]={place}")

    for _ in range(5):
        ok(await ask())
    await recorded.trace(ask, "booking", {"/app/v1"})
    secret = (person.email, person.password, person.token, "Leocadia", place, place.replace(" ", "%20"), "python-httpx")
    assert [each for each in secret if each in recorded.receiver.text] == []


async def test_traces_of_those_who_are_served_together_are_linked(recorded: Recorded, film: Any) -> None:
    host = await register(recorded.http)
    crowd = [await register(recorded.http) for _ in range(8)]

    async def linked() -> bool:
        announcement = await host.announce(film["id"])
        await asyncio.gather(*(guest.post(f"/app/v1/booking/{announcement['id']}") for guest in crowd))
        together = recorded.receiver.named("Applications.book_together")
        answered = {
            span.trace_id for span in recorded.receiver.named("matinee.booking.v1.BookingService/CreateBooking")
        }
        return any(span.linked & answered - {span.trace_id} for span in together)

    await until(linked, "a batch of several")


async def test_requests_do_not_notice_a_collector_that_hangs(recorded: Recorded, person: Person) -> None:
    recorded.receiver.hangs = True
    try:
        for _ in range(ASKED):
            ok(await person.get("/app/v1/bookings", timeout=5))
    finally:
        recorded.receiver.hangs = False


def roots(trace: Collection[Span]) -> list[tuple[str, str]]:
    """The services and names of the spans of a trace that are part of no other."""
    known = {span.span_id for span in trace}
    return [(span.service, span.name) for span in trace if span.parent_id not in known]
