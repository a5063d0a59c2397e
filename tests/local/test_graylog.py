"""Graylog gets the inputs that our lines come in by; played by a server with the part of its API that is used."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.graylog import INPUTS, PORT
from local.home import PYTHON, ROOT

PASSWORD = "secret-of-the-test"


class Api(BaseHTTPRequestHandler):
    """Inputs as Graylog keeps them; the first question meets a server that is not up yet."""

    starting = True
    inputs: list[dict[str, Any]]

    def answer(self, code: int, body: object) -> None:
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self) -> None:
        if type(self).starting:
            type(self).starting = False
            return self.answer(503, {})
        if self.headers["Authorization"] != "Basic YWRtaW46c2VjcmV0LW9mLXRoZS10ZXN0":
            return self.answer(401, {})
        return self.answer(200, {"inputs": self.inputs, "total": len(self.inputs)})

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.inputs.append({"type": given["type"], "attributes": given["configuration"]})
        self.answer(201 if self.headers["X-Requested-By"] else 400, {"id": "1"})

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def graylog() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Where it is, and its inputs."""
    kind = type("Fresh", (Api,), {"inputs": [], "starting": True})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", kind.inputs  # type: ignore[attr-defined]
    server.shutdown()


def provide(url: str, password: str = PASSWORD) -> "subprocess.CompletedProcess[str]":
    """Runs the command."""
    environment = {**os.environ, "GRAYLOG_PASSWORD": password}
    command = [PYTHON, "-m", "local.graylog", url]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_graylog_that_is_starting_gets_both_inputs_once(graylog: tuple[str, list[dict[str, Any]]]) -> None:
    url, inputs = graylog
    assert [provide(url).returncode, provide(url).returncode] == [0, 0]
    assert [(each["type"], each["attributes"]["port"]) for each in inputs] == [(kind, PORT) for kind in INPUTS]


def test_wrong_password_is_told(graylog: tuple[str, list[dict[str, Any]]]) -> None:
    done = provide(graylog[0], "wrong")
    assert done.returncode == 1
    assert "GRAYLOG_PASSWORD" in done.stderr
