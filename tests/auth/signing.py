"""Signing in and staying signed in, as tests do it."""

from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from tests.e2e.faults import until
from tests.people import Person, ok, reason


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives."""

    access: str
    refresh: str

    @classmethod
    def of(cls, answer: httpx.Response) -> "Tokens":
        """From an answer that has to be 200."""
        given = ok(answer)
        return cls(given["access_token"], given["refresh_token"])

    @property
    def claims(self) -> dict[str, Any]:
        """What the access token says."""
        return dict(jwt.decode(self.access, options={"verify_signature": False}))

    @property
    def session(self) -> str:
        """The session's id."""
        return str(self.claims["sid"])


async def sign_in(person: Person, password: str = "", email: str = "", **headers: str) -> httpx.Response:
    """The answer to address and password, this person's own unless told."""
    credentials = {"email": email or person.email, "password": password or person.password}
    return await person.http.post("/auth/v1/login/", json=credentials, headers=headers)


async def login(person: Person, **headers: str) -> Tokens:
    """Another session of this person."""
    return Tokens.of(await sign_in(person, **headers))


async def refresh(person: Person, token: str, **headers: str) -> httpx.Response:
    """The answer to a refresh token."""
    return await person.http.post("/auth/v1/refresh/", json={"refresh_token": token}, headers=headers)


async def refreshed(person: Person, token: str) -> str:
    """The next refresh token."""
    return Tokens.of(await refresh(person, token)).refresh


async def until_revoked(person: Person, path: str = "/auth/v1/sessions", seconds: float = 10) -> None:
    """Waits until the person's token is refused; anything but that or success is wrong."""

    async def refused() -> bool:
        answer = await person.get(path)
        return answer.status_code != 200 and reason(answer) == (401, "TOKEN_REVOKED")

    await until(refused, f"the token is refused at {path}", seconds)
