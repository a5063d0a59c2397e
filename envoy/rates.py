"""How often somebody may ask: a bucket of requests that fills again by and by."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from pydantic import BeforeValidator, PlainSerializer
from pydantic_settings import NoDecode

from envoy.descriptors import services
from envoy.routes import http_rules

# RPCs that make the mesh hash, send mail or keep something for whoever asks, by the setting that limits them.
TIGHT = {
    "register": ("matinee.auth.v1.AuthService.Register",),
    "login": (
        "matinee.auth.v1.AuthService.Login",
        "matinee.auth.v1.AuthService.ChangePassword",
        "matinee.auth.v1.ClientService.CreateToken",
    ),
    "forgot": ("matinee.auth.v1.AuthService.ForgotPassword", "matinee.auth.v1.AuthService.ResetPassword"),
    "refresh": ("matinee.auth.v1.AuthService.Refresh",),
    "shortener": ("matinee.link.v1.LinkService.CreateLink",),
}
QUERY = r"(?:[?#].*)?"
# Buckets that are kept; of more callers than that, the one who has been away longest begins anew.
REMEMBERED = 20_000


class Rate(NamedTuple):
    """So many requests at once, and as many again within so many seconds. None at all is no limit."""

    requests: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.requests}/{self.seconds}" if self.requests else "0"


def parse_rate(value: object) -> object:
    """Reads `requests/seconds`, or `0` for no limit."""
    if not isinstance(value, str):
        return value
    if value == "0":
        return Rate(0, 1)
    if not re.fullmatch(r"[1-9]\d{0,8}/[1-9]\d{0,5}", value):
        raise ValueError(f"{value!r} is not requests/seconds, such as 300/60, or 0 for no limit")
    requests, _, seconds = value.partition("/")
    return Rate(int(requests), int(seconds))


Limit = Annotated[Rate, NoDecode, BeforeValidator(parse_rate), PlainSerializer(str)]


@dataclass(frozen=True)
class TightLimit:
    """RPCs that one address may call only so often, however it reaches them."""

    name: str
    rate: Rate
    paths: tuple[str, ...]
    """Patterns for a whole path with its query; apart, because Envoy takes only short ones."""


def tight_limits(rates: dict[str, Rate], served: dict[str, list[FileDescriptor]]) -> list[TightLimit]:
    """The limits that are on; SystemExit if one is for an RPC that nobody serves."""
    methods = {
        method.full_name: method
        for files in served.values()
        for service in services(files)
        for method in service.methods
    }
    if missing := {name for names in TIGHT.values() for name in names} - methods.keys():
        raise SystemExit(f"a limit is for RPCs that do not exist: {', '.join(sorted(missing))}")
    return [
        TightLimit(name, rates[name], tuple(path for rpc in rpcs for path in _paths(methods[rpc])))
        for name, rpcs in TIGHT.items()
        if rates[name].requests
    ]


def _paths(method: MethodDescriptor) -> Iterator[str]:
    """As JSON, with and without a slash at the end, and as gRPC."""
    for _, template in http_rules(method):
        yield "/".join("[^/?#]+" if "{" in part else re.escape(part) for part in template.split("/")) + "/?" + QUERY
    yield re.escape(f"/{method.containing_service.full_name}/{method.name}") + QUERY
