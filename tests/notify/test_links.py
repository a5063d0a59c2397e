"""Short links lead to our own pages, and nowhere else."""

import asyncio
import re
import secrets

import httpx
import pytest
from matinee.link.v1.link_pb2 import CreateLinkRequest
from matinee.link.v1.link_pb2_grpc import LinkServiceStub

from local.mesh import Mesh
from tests.channels import inner_channel
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


async def create(person: Person, url: str) -> httpx.Response:
    return await person.post("/api/v1/shortener/", {"url": url})


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


async def test_a_service_makes_links_without_a_token(mesh: Mesh, guest: Person) -> None:
    target = page(mesh)
    async with inner_channel(mesh, "notify", "booking") as channel:
        link = await LinkServiceStub(channel).CreateLink(CreateLinkRequest(url=target))
    assert link.url == (await create(guest, target)).json()["url"]
