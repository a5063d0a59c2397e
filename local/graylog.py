"""Gives a Graylog the inputs that the mesh's lines come in by: `python -m local.graylog URL`.

GELF over UDP and over TCP, both on port 12201. What is there stays, so it may be run at every start. The password of
the user admin is GRAYLOG_PASSWORD.
"""

import argparse
import base64
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

PORT = 12201
PATIENCE_SECONDS = 300
"""How long Graylog's first start may take."""
WAIT_SECONDS = 2
INPUTS = {
    "org.graylog2.inputs.gelf.udp.GELFUDPInput": {"recv_buffer_size": 1_048_576},
    "org.graylog2.inputs.gelf.tcp.GELFTCPInput": {"use_null_delimiter": True, "max_message_size": 2_097_152},
}
"""Graylog's kinds of inputs, and what each is told beside address and port."""


def wanted(kind: str) -> dict[str, Any]:
    """An input as Graylog's API takes it."""
    configuration = {"bind_address": "0.0.0.0", "port": PORT, "decompress_size_limit": 8_388_608, **INPUTS[kind]}
    name = kind.rpartition(".")[2]
    return {"title": f"Matinee, {name}", "type": kind, "global": True, "configuration": configuration}


class Api:
    """Graylog's REST API, as its user admin."""

    def __init__(self, url: str, password: str) -> None:
        self.url = f"{url.rstrip('/')}/api/system/inputs"
        secret = base64.b64encode(f"admin:{password}".encode()).decode()
        # Graylog refuses whoever does not say that he is no form in somebody's browser.
        self.headers = {
            "Authorization": f"Basic {secret}",
            "X-Requested-By": "matinee",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }

    def call(self, body: dict[str, Any] | None = None) -> Any:
        """Lists the inputs, or adds one. Raises urllib.error.HTTPError, OSError."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url, data, self.headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def provide(api: Api) -> list[str]:
    """Adds the inputs that are missing; returns their kinds."""
    present = {each["type"] for each in api.call()["inputs"] if each["attributes"].get("port") == PORT}
    missing = [kind for kind in INPUTS if kind not in present]
    for kind in missing:
        api.call(wanted(kind))
    return missing


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m local.graylog", description="Gives Graylog its GELF inputs.")
    parser.add_argument("url", help="where Graylog is, such as http://graylog:9000")
    url = parser.parse_args().url
    api, until = Api(url, os.environ.get("GRAYLOG_PASSWORD", "")), time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            added = provide(api)
            break
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise SystemExit(f"Graylog refuses ({error.code}): is GRAYLOG_PASSWORD the one that it has?") from None
            problem = f"HTTP {error.code}"
        except (OSError, http.client.HTTPException) as error:
            problem = str(error)
        if time.monotonic() > until:
            raise SystemExit(f"Graylog does not answer at {url}: {problem}")
        time.sleep(WAIT_SECONDS)
    print(f"inputs on port {PORT}: {len(added)} added, {len(INPUTS) - len(added)} there already")


if __name__ == "__main__":
    main()
