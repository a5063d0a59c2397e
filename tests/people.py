"""Random people at the public port. Every test makes its own, so that tests never meet."""

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Person:
    """Somebody with an account and a token."""

    id: str
    email: str
    password: str
    token: str
    http: httpx.AsyncClient

    async def call(self, method: str, path: str, json: Any = None, **request: Any) -> httpx.Response:
        """A JSON call through Envoy in this person's name."""
        headers = {"authorization": f"Bearer {self.token}", **request.pop("headers", {})}
        return await self.http.request(method, path, json=json, headers=headers, **request)

    async def get(self, path: str, **request: Any) -> httpx.Response:
        return await self.call("GET", path, **request)

    async def post(self, path: str, json: Any = None, **request: Any) -> httpx.Response:
        return await self.call("POST", path, json, **request)

    async def put(self, path: str, json: Any = None, **request: Any) -> httpx.Response:
        return await self.call("PUT", path, json, **request)

    async def delete(self, path: str, **request: Any) -> httpx.Response:
        return await self.call("DELETE", path, **request)

    async def announce(self, movie_id: str, **changes: Any) -> Any:
        """A published evening of this person, at a time of its own unless told."""
        return ok(await self.post(f"/app/v1/announcement/{movie_id}", evening(**changes)))

    async def apply(self, announcement: Any, **body: Any) -> Any:
        """A booking of this person."""
        return ok(await self.post(f"/app/v1/booking/{announcement['id']}", body or None))

    async def decide(self, booking: Any, yes: bool) -> httpx.Response:
        """This person's word on a booking."""
        return await self.put(f"/app/v1/booking/{booking['id']}", {"my_status": yes})


async def register(http: httpx.AsyncClient, name: str = "Robin", **profile: Any) -> Person:
    """A new person."""
    email, password = f"{secrets.token_hex(10)}@test.example.com", secrets.token_hex(10)
    account = {"email": email, "password": password, "name": name, **profile}
    user = ok(await http.post("/auth/v1/register/", json=account))
    tokens = ok(await http.post("/auth/v1/login/", json={"email": email, "password": password}))
    return Person(user["user_id"], email, password, tokens["access_token"], http)


def some_time() -> datetime:
    """A moment in the years to come that hardly meets another."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=2, minutes=random.randrange(2_000_000))


def evening(**changes: Any) -> dict[str, Any]:
    """The body of a new announcement."""
    body: dict[str, Any] = {
        "status": "Alive",
        "title": f"Evening {secrets.token_hex(4)}",
        "description": "Bring a blanket.",
        "tickets_count": 2,
        "event_time": some_time().isoformat(),
        "event_location": f"Kino {secrets.token_hex(4)}, Berlin",
        "time_zone": "Europe/Berlin",
    }
    return {**body, **changes}


def ok(response: httpx.Response) -> Any:
    """The JSON of an answer that has to be 200."""
    assert response.status_code == 200, f"{response.request.method} {response.request.url}: {response.text}"
    return response.json()


def reason(response: httpx.Response) -> tuple[int, str]:
    """The status and the reason of a refusal."""
    body = response.json()
    reasons: Sequence[str] = [detail["reason"] for detail in body["details"] if "reason" in detail]
    return response.status_code, reasons[0] if reasons else ""
