"""The public port, one call after the other: hypothesis knows no event loop."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.people import ok

# `| reason | gRPC code | HTTP | ...` in docs/errors.md.
ROWS = re.compile(r"^\| `([A-Z_]+)` \| `[A-Z_]+` \| (\d+) \|", re.MULTILINE)
HTTP_STATUS = {name: int(status) for name, status in ROWS.findall(Path("docs/errors.md").read_text(encoding="utf-8"))}


@dataclass(frozen=True)
class Visitor:
    """Somebody with an account and a token."""

    name: str
    id: str
    token: str
    http: httpx.Client

    def call(self, method: str, path: str, json: Any = None, **request: Any) -> httpx.Response:
        """A JSON call in this person's name."""
        headers = {"authorization": f"Bearer {self.token}", **request.pop("headers", {})}
        return self.http.request(method, path, json=json, headers=headers, **request)

    def get(self, path: str) -> Any:
        """The JSON of what must be there."""
        return ok(self.call("GET", path))

    def pages(self, path: str, page_size: int, query: dict[str, Any]) -> Iterator[list[Any]]:
        """A list, page by page; nothing is asked before it is wanted."""
        token = ""
        for number in count():
            assert number < 1000, f"{path} has no end"
            response = self.call("GET", path, params={**query, "page_size": page_size, "page_token": token})
            yield ok(response)
            if not (token := response.headers.get("x-next-page-token")):
                return

    def rows(self, path: str, query: dict[str, Any] | None = None, page_size: int = 100) -> list[Any]:
        """All pages of a list."""
        return [row for page in self.pages(path, page_size, query or {}) for row in page]


def register(http: httpx.Client, name: str) -> Visitor:
    """A new person."""
    email, password = f"{secrets.token_hex(10)}@test.example.com", secrets.token_hex(10)
    user = ok(http.post("/auth/v1/register/", json={"email": email, "password": password, "name": name}))
    tokens = ok(http.post("/auth/v1/login/", json={"email": email, "password": password}))
    return Visitor(name, user["user_id"], tokens["access_token"], http)


def answer(response: httpx.Response) -> tuple[int, str]:
    """The status, and the reason if it is a refusal."""
    if response.status_code == 200:
        return 200, ""
    details = response.json()["details"]
    return response.status_code, next((each["reason"] for each in details if "reason" in each), "")


def metadata(response: httpx.Response) -> dict[str, str]:
    """What a refusal says besides its reason."""
    return next((dict(each["metadata"]) for each in response.json()["details"] if "metadata" in each), {})
