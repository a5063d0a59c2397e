"""Short links lead to our own pages, and nowhere else."""

import asyncio
import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from local.mesh import Mesh
from tests.e2e.faults import until
from tests.people import Person, reason

HERE = "http://localhost:{port}"
HOSTILE = [
    "javascript:alert(1)",
    "JAVASCRIPT://localhost:{port}/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "ftp://localhost:{port}/x",
    "//evil.example",
    "//localhost:{port}/x",
    "/app/v1/announcements",
    "localhost:{port}/x",
    "http:/localhost:{port}/x",
    "http:localhost:{port}/x",
    "http:///localhost:{port}/x",
    "http://evil.example/",
    "https://evil.example:{port}/",
    "http://localhost:{port}@evil.example/",
    "http://evil.example@localhost:{port}/",
    "http://user:password@localhost:{port}/",
    "http://@localhost:{port}/",
    "http://localhost:{port}.evil.example/",
    "http://localhost.:{port}/",
    "http://localhost/",
    "http://localhost:/",
    "http://localhost:0{port}1/",
    "http://localhost:+{port}/",
    "http://localhost:99999/",
    "http://127.0.0.1:{port}/",
    "http://[::1]:{port}/",
    "http://[localhost]:{port}/",
    "http://localhost:{port}\\@evil.example/",
    "http:\\\\localhost:{port}\\x",
    "http://evil.example\\.localhost:{port}/",
    "http://localhost%2eevil.example:{port}/",
    "http://loc\u0430lhost:{port}/",
    "http://localhost\uff0eevil.example:{port}/",
    "http://localhost:{port}\u2028/x",
    " http://localhost:{port}/",
    "http://localhost:{port}/ x",
    "ht\ttp://localhost:{port}/",
    "http://local\nhost:{port}/",
    "http://localhost:{port}/\r\nset-cookie: a=b",
    "http://localhost:{port}/%0d%0aset-cookie:%20a=b",
    "http://localhost:{port}/\x00",
    "http://localhost:{port}/\x7f",
    "http://localhost:{port}/%",
    "http://localhost:{port}/%zz",
    "http://localhost:{port}/" + "\u044f" * 1000,
]


BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "en-US,en"}
RUSSIAN = {**BROWSER, "accept-language": "ru-RU,ru;q=0.9"}
LEAKS = re.compile(r"127\.0\.0\.1|matinee\.local|[\"']reason[\"']|spiffe")


async def create(person: Person, url: str, **more: object) -> httpx.Response:
    return await person.post("/api/v1/shortener/", {"url": url, **more})


async def expired(mesh: Mesh, http: httpx.AsyncClient, person: Person) -> str:
    """The path of a link whose time is over."""
    expire_time = datetime.now(UTC) + timedelta(seconds=1)
    created = await create(person, page(mesh), expire_time=expire_time.isoformat())
    assert (await follow(mesh, http, created)).status_code == 302

    async def over() -> bool:
        return (await follow(mesh, http, created)).status_code != 302

    await until(over, "the link expires", 5)
    return str(created.json()["url"]).removeprefix(mesh.settings.public_url)


async def follow(mesh: Mesh, http: httpx.AsyncClient, created: httpx.Response) -> httpx.Response:
    assert created.status_code == 201, created.text
    return await http.get(created.json()["url"].removeprefix(mesh.settings.public_url))


def page(mesh: Mesh) -> str:
    """An address of ours that nobody has shortened yet."""
    return f"{mesh.settings.public_url}/app/v1/announcements?page_token={secrets.token_hex(8)}"


async def test_a_short_link_leads_to_its_target(mesh: Mesh, http: httpx.AsyncClient, guest: Person) -> None:
    target = page(mesh)
    created = await create(guest, target)
    assert re.fullmatch(re.escape(mesh.settings.public_url) + "/s/[A-Za-z0-9_-]{10,}", created.json()["url"])
    followed = await follow(mesh, http, created)
    assert (followed.status_code, followed.headers["location"]) == (302, target)
    assert followed.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("method", "added"), [("HEAD", ""), ("GET", "?utm_source=mail&fbclid=1"), ("HEAD", "?x")])
async def test_who_looks_ahead_or_adds_parameters_finds_the_target(
    mesh: Mesh, http: httpx.AsyncClient, guest: Person, method: str, added: str
) -> None:
    target = page(mesh)
    link = (await create(guest, target)).json()["url"].removeprefix(mesh.settings.public_url)
    for _ in range(2):
        answer = await http.request(method, link + added)
        assert (answer.status_code, answer.headers["location"]) == (302, target)


async def test_that_a_link_leads_nowhere_is_not_remembered(http: httpx.AsyncClient) -> None:
    for method in ("GET", "HEAD", "GET"):
        answer = await http.request(method, "/s/AAAAAAAAAAAA")
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


async def test_the_same_target_has_the_same_link_even_when_racing(mesh: Mesh, crowd: list[Person]) -> None:
    target = page(mesh)
    created = await asyncio.gather(*(create(person, target) for person in crowd))
    assert {answer.status_code for answer in created} == {201}
    assert len({answer.json()["url"] for answer in created}) == 1


async def test_another_spelling_is_the_same_target(mesh: Mesh, guest: Person) -> None:
    target = page(mesh)
    shouted = target.replace("http://localhost", "HTTP://LOCALHOST")
    assert (await create(guest, target)).json() == (await create(guest, shouted)).json()


@pytest.mark.parametrize("url", HOSTILE)
async def test_a_link_leads_nowhere_else(mesh: Mesh, guest: Person, url: str) -> None:
    answer = await create(guest, url.replace("{port}", str(mesh.settings.edge_port)))
    assert reason(answer) == (400, "LINK_TARGET_NOT_ALLOWED")


async def test_text_that_is_not_ascii_is_percent_encoded(mesh: Mesh, http: httpx.AsyncClient, guest: Person) -> None:
    created = await create(guest, f"{mesh.settings.public_url}/кино?q=“x”&filter[a]=%D1%8F#ч")
    followed = await follow(mesh, http, created)
    path = "/%D0%BA%D0%B8%D0%BD%D0%BE?q=%E2%80%9Cx%E2%80%9D&filter%5Ba%5D=%D1%8F#%D1%87"
    assert followed.headers["location"] == mesh.settings.public_url + path


async def test_super_may_link_anywhere(mesh: Mesh, http: httpx.AsyncClient, sudo: Person) -> None:
    followed = await follow(mesh, http, await create(sudo, "https://Example.org/a?b=c"))
    assert followed.headers["location"] == "https://example.org/a?b=c"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://user@example.org/", "https://example.org/\r\nx: y"])
async def test_super_may_not_link_to_what_is_no_page(sudo: Person, url: str) -> None:
    assert reason(await create(sudo, url)) == (400, "LINK_TARGET_NOT_ALLOWED")


@pytest.mark.parametrize("url", ["", "x" * 2049])
async def test_what_is_no_url_at_all_is_refused(guest: Person, url: str) -> None:
    assert reason(await create(guest, url)) == (400, "INVALID_FIELDS")


@pytest.mark.parametrize("code", ["unknown-code", "x", "%D1%8F", "a.b"])
async def test_an_unknown_code_is_not_found(http: httpx.AsyncClient, code: str) -> None:
    assert reason(await http.get(f"/s/{code}")) == (404, "LINK_NOT_FOUND")


async def test_strangers_make_no_links(mesh: Mesh, http: httpx.AsyncClient) -> None:
    assert reason(await http.post("/api/v1/shortener/", json={"url": page(mesh)})) == (401, "TOKEN_MISSING")


async def test_the_same_target_has_one_link_for_each_expiry(mesh: Mesh, guest: Person, host: Person) -> None:
    target = page(mesh)
    times = [(datetime.now(UTC) + timedelta(days=days)).isoformat() for days in (1, 2)]
    links = {
        (await create(person, target, expire_time=time)).json()["url"] for person in (guest, host) for time in times
    }
    links.add((await create(guest, target)).json()["url"])
    assert len(links) == 3


async def test_a_link_that_would_have_expired_already_is_refused(mesh: Mesh, guest: Person) -> None:
    assert reason(await create(guest, page(mesh), expire_time="2020-01-01T00:00:00Z")) == (400, "INVALID_FIELDS")


async def test_an_expired_link_is_gone(mesh: Mesh, http: httpx.AsyncClient, guest: Person) -> None:
    path = await expired(mesh, http, guest)
    answer = await http.get(path)
    assert reason(answer) == (410, "LINK_EXPIRED")
    assert "x-http-status" not in answer.headers
    people = await http.get(path, headers=BROWSER)
    assert (people.status_code, "expired" in people.text) == (410, True)


@pytest.mark.parametrize(("headers", "words"), [(BROWSER, "Nothing here"), (RUSSIAN, "Здесь ничего нет")])
async def test_people_read_a_page_about_an_unknown_link(
    http: httpx.AsyncClient, headers: dict[str, str], words: str
) -> None:
    answer = await http.get("/s/unknown-code", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert words in answer.text
    assert not LEAKS.search(answer.text)


@pytest.mark.parametrize("path", ["announcement", "booking"])
async def test_a_link_opened_without_a_token_says_what_to_do(
    mesh: Mesh, http: httpx.AsyncClient, guest: Person, path: str
) -> None:
    target = f"{mesh.settings.public_url}/app/v1/{path}/{uuid.uuid4()}"
    followed = await follow(mesh, http, await create(guest, target))
    assert followed.headers["location"] == target
    answer = await http.get(target.removeprefix(mesh.settings.public_url), headers=BROWSER)
    assert (answer.status_code, answer.headers["cache-control"]) == (401, "no-store")
    assert "sign in" in answer.text
    assert not LEAKS.search(answer.text)
    assert reason(await http.get(target.removeprefix(mesh.settings.public_url))) == (401, "TOKEN_MISSING")


async def test_what_envoy_itself_refuses_is_a_page_for_people_too(http: httpx.AsyncClient) -> None:
    answer = await http.get("/nothing/at/all", headers=BROWSER)
    assert (answer.status_code, "Nothing here" in answer.text) == (404, True)
    answer = await http.get("/app/v1/bookings", headers={**BROWSER, "authorization": "Bearer garbage"})
    assert (answer.status_code, "sign in" in answer.text) == (401, True)
