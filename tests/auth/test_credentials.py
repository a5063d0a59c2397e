"""Addresses are verified by mail, passwords are replaced by mail or by who knows them."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import asyncpg
import httpx
import pytest

from local.mesh import Mesh
from tests.auth.mailbox import link, subjects
from tests.auth.signing import refresh, sign_in
from tests.mails import mails
from tests.people import Person, ok, reason, register

NewPerson = Callable[..., Awaitable[Person]]
LINK_INVALID = (400, "MAILED_LINK_INVALID")


async def verify(http: httpx.AsyncClient, secret: str) -> httpx.Response:
    return await http.post("/auth/v1/verify/", json={"token": secret})


async def reset(http: httpx.AsyncClient, secret: str, password: str) -> httpx.Response:
    return await http.post("/auth/v1/password/reset/", json={"token": secret, "password": password})


async def forgotten(mesh: Mesh, person: Person, count: int = 2) -> str:
    """The secret that a person is mailed who forgot his password; with it he has so many mails."""
    ok(await person.http.post("/auth/v1/password/forgot/", json={"email": person.email}))
    return (await link(mesh, person, count, "/auth/v1/password/reset"))[1]


async def claim(person: Person) -> Person:
    """Somebody else who registers with a person's address."""
    password = secrets.token_hex(10)
    account = {"email": person.email, "password": password, "name": "Mallory"}
    user = ok(await person.http.post("/auth/v1/register/", json=account))
    tokens = ok(await sign_in(person, password))
    return Person(user["user_id"], person.email, password, tokens["access_token"], person.http)


async def is_verified(person: Person) -> bool:
    return bool(ok(await person.get("/auth/v1/profile"))["verified"])


async def test_who_registers_is_welcomed_with_a_link_that_verifies(mesh: Mesh, guest: Person) -> None:
    path, secret = await link(mesh, guest)
    assert (path, await is_verified(guest)) == ("/auth/v1/verify", False)
    assert ok(await verify(guest.http, secret)) == {}
    assert await is_verified(guest)


async def test_welcome_is_written_in_ones_language(mesh: Mesh, new_person: NewPerson) -> None:
    person = await new_person(language="ru")
    assert await subjects(mesh, person, 1) == ["Добро пожаловать в Matinee"]


async def test_link_works_once(mesh: Mesh, guest: Person) -> None:
    _, secret = await link(mesh, guest)
    ok(await verify(guest.http, secret))
    assert reason(await verify(guest.http, secret)) == LINK_INVALID


async def test_link_of_one_purpose_does_not_serve_another(mesh: Mesh, guest: Person) -> None:
    _, secret = await link(mesh, guest)
    assert reason(await reset(guest.http, secret, "another password")) == LINK_INVALID


async def test_old_link_does_not_work(mesh: Mesh, guest: Person, database: "asyncpg.Connection") -> None:
    _, secret = await link(mesh, guest)
    await database.execute("UPDATE mailed_secrets SET expire_time = now() WHERE user_id = $1", guest.id)
    assert reason(await verify(guest.http, secret)) == LINK_INVALID


async def test_secrets_are_not_in_the_database(mesh: Mesh, guest: Person, database: "asyncpg.Connection") -> None:
    _, secret = await link(mesh, guest)
    rows = [row[0] for row in await database.fetch("SELECT s::text FROM mailed_secrets s WHERE user_id = $1", guest.id)]
    rows += [row[0] for row in await database.fetch("SELECT q::text FROM pgqueuer q")]
    rows += [row[0] for row in await database.fetch("SELECT l::text FROM pgqueuer_log l")]
    assert not any(secret in row or secret.encode().hex() in row for row in rows)


async def test_link_does_not_verify_when_somebody_else_claims_the_address(mesh: Mesh, guest: Person) -> None:
    _, secret = await link(mesh, guest)
    await claim(guest)
    assert "You have an account at Matinee" in await subjects(mesh, guest, 2)
    assert reason(await verify(guest.http, secret)) == LINK_INVALID


async def test_of_those_who_claim_an_address_a_new_password_leaves_the_first(mesh: Mesh, guest: Person) -> None:
    await link(mesh, guest)
    other = await claim(guest)
    ok(await reset(guest.http, await forgotten(mesh, guest, 3), "another password"))
    assert reason(await sign_in(other)) == (401, "WRONG_CREDENTIALS")
    guest.token = ok(await sign_in(guest, "another password"))["access_token"]
    profile = ok(await guest.get("/auth/v1/profile"))
    assert (profile["user_id"], profile["verified"]) == (guest.id, True)


async def test_later_claims_do_not_lock_out_earlier_ones(guest: Person) -> None:
    others = [await claim(guest) for _ in range(3)]
    for person in (guest, *others):
        token = ok(await sign_in(person))["access_token"]
        assert ok(await Person(person.id, "", "", token, guest.http).get("/auth/v1/profile"))["user_id"] == person.id


async def test_owner_hears_of_who_registers_with_his_address_and_gets_no_link(mesh: Mesh, guest: Person) -> None:
    _, secret = await link(mesh, guest)
    ok(await verify(guest.http, secret))
    other = await claim(guest)
    assert (await subjects(mesh, guest, 2))[-1] == "You have an account at Matinee"
    content = mails(mesh, guest, about_account=True)[-1].as_string()
    assert "/auth/v1/" not in content
    assert "Mallory" not in content
    assert (await sign_in(other)).status_code == (await sign_in(guest)).status_code == 200


async def test_mailbox_is_not_flooded_by_registrations(mesh: Mesh, guest: Person) -> None:
    account = {"email": guest.email, "password": secrets.token_hex(10), "name": "Mallory"}
    for _ in range(9):
        ok(await guest.http.post("/auth/v1/register/", json=account))
    # A mail that is asked for later comes later.
    await guest.http.post("/auth/v1/password/forgot/", json={"email": guest.email})
    assert "A new password for Matinee" in await subjects(mesh, guest, 7)


async def test_forgotten_password_is_replaced(mesh: Mesh, guest: Person) -> None:
    ok(await reset(guest.http, await forgotten(mesh, guest), "another password"))
    assert reason(await sign_in(guest)) == (401, "WRONG_CREDENTIALS")
    assert (await sign_in(guest, "another password")).status_code == 200


async def test_reset_ends_all_sessions_and_tells(mesh: Mesh, guest: Person) -> None:
    refresh_token = ok(await sign_in(guest))["refresh_token"]
    ok(await reset(guest.http, await forgotten(mesh, guest), "another password"))
    assert reason(await refresh(guest, refresh_token)) == (401, "REFRESH_TOKEN_INVALID")
    assert "You have a new password" in await subjects(mesh, guest, 3)


async def test_reset_verifies_the_address(mesh: Mesh, guest: Person) -> None:
    ok(await reset(guest.http, await forgotten(mesh, guest), "another password"))
    guest.token = ok(await sign_in(guest, "another password"))["access_token"]
    assert await is_verified(guest)


async def test_reset_works_once_also_when_it_is_raced(mesh: Mesh, guest: Person) -> None:
    secret = await forgotten(mesh, guest)
    answers = await asyncio.gather(*(reset(guest.http, secret, f"another password {n}") for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 4]


async def test_forgetting_answers_the_same_for_nobody(guest: Person) -> None:
    answers = [
        await guest.http.post("/auth/v1/password/forgot/", json={"email": email})
        for email in (guest.email, "no" + guest.email)
    ]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"{}")] * 2


@pytest.mark.parametrize("known", [True, False])
async def test_forgetting_too_often_is_refused_for_anybody(guest: Person, known: bool) -> None:
    email = guest.email if known else "no" + guest.email
    answers = [await guest.http.post("/auth/v1/password/forgot/", json={"email": email}) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 6 + [429]
    assert reason(answers[-1]) == (429, "TOO_MANY_ATTEMPTS")


async def test_change_needs_the_old_password(guest: Person) -> None:
    answer = await guest.post("/auth/v1/password/change/", {"old": "wrong", "new": "another password"})
    assert reason(answer) == (401, "WRONG_CREDENTIALS")
    assert (await sign_in(guest)).status_code == 200


async def test_change_keeps_the_session_that_made_it_and_ends_the_others(mesh: Mesh, guest: Person) -> None:
    here, there = [ok(await sign_in(guest)) for _ in range(2)]
    guest.token = here["access_token"]
    ok(await guest.post("/auth/v1/password/change/", {"old": guest.password, "new": "another password"}))
    answers = [await refresh(guest, tokens["refresh_token"]) for tokens in (here, there)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert "Your password was changed" in await subjects(mesh, guest, 2)


async def test_guessing_the_old_password_has_to_wait(guest: Person) -> None:
    wrong = {"old": "wrong", "new": "another password"}
    answers = [await guest.post("/auth/v1/password/change/", wrong) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429]


@pytest.mark.parametrize("named", ["email", "id"])
async def test_guesses_of_strangers_do_not_make_who_is_signed_in_wait(guest: Person, host: Person, named: str) -> None:
    for _ in range(7):
        refused = await sign_in(host, "wrong", email=getattr(guest, named))
    assert refused.status_code == 429
    ok(await guest.post("/auth/v1/password/change/", {"old": guest.password, "new": "another password"}))


async def test_sign_in_that_races_a_reset_does_not_outlive_it(mesh: Mesh, http: httpx.AsyncClient) -> None:
    person = await register(http)
    secret = await forgotten(mesh, person)
    done, *begun = await asyncio.gather(reset(http, secret, "another password"), *(sign_in(person) for _ in range(8)))
    assert done.status_code == 200
    for answer in begun:
        if answer.status_code == 200:
            assert (await refresh(person, answer.json()["refresh_token"])).status_code == 401


@pytest.mark.parametrize("path", ["/auth/v1/verify", "/auth/v1/password/reset"])
async def test_page_runs_its_own_script_and_nothing_else(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'sha256-")
    assert answer.headers["cache-control"] == "no-store"
