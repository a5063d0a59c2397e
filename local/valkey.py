"""Who may do what in Valkey: a user for each service, `python -m local.valkey FILE` where `make up` is not used.

A service reads and writes keys of its own and hears what all are told. It cannot list keys, look at another's, nor
change the server. Who rings where others listen is said here, too: Valkey's channels do not tell the two apart, its
selectors do.
"""

import argparse
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from local.home import Home
from local.services import SERVICES, Service

USERS = "users.acl"
ADMIN = "admin"
"""May do everything, for people and tests; no service knows its password."""
HEARD_BY_ALL = "revocations"
RINGS = {"auth": (HEARD_BY_ALL,), "notify": ("notify:*",)}
"""The channels that a service publishes in."""
CONNECTION = "auth hello ping select client|id client|setinfo client|setname subscribe unsubscribe multi exec discard"
KEYS = "get mget set del exists expire pexpire ttl pttl incr incrby hget hmget hgetall hset hincrby hdel"
SCRIPTS = "eval evalsha script|load script|exists time"
SCRIPTED = ("auth",)
"""Who counts attempts, which takes a script. One that never ends would stop the server, so the others may not."""


def users(passwords: Mapping[str, str]) -> str:
    """The file with all users; `passwords` are by user. The file has hashes of them only."""
    lines = ["user default off", f"user {ADMIN} on {_password(passwords[ADMIN])} ~* &* +@all"]
    lines += [_user(service, passwords[service.name]) for service in SERVICES]
    return "\n".join(lines) + "\n"


def _user(service: Service, password: str) -> str:
    name, rings = service.name, RINGS.get(service.name, ())
    heard = sorted({HEARD_BY_ALL, *rings})
    commands = f"{CONNECTION} {KEYS}" + (f" {SCRIPTS}" if name in SCRIPTED else "")
    allowed = [
        *(f"~{keys}" for keys in (f"{name}:*", f"throttle:{name}:*")),
        *(f"&{channel}" for channel in heard),
        *(f"+{command}" for command in commands.split()),
        *(f"(+publish &{channel})" for channel in rings),
    ]
    return " ".join(["user", name, "on", _password(password), *allowed])


def _password(password: str) -> str:
    return "#" + hashlib.sha256(password.encode()).hexdigest()


def users_file(home: Home) -> Path:
    return home.valkey / USERS


def main() -> None:
    """The command line: the passwords are in the environment."""
    parser = argparse.ArgumentParser(prog="python -m local.valkey", description="Writes the users of Valkey.")
    parser.add_argument("file", type=Path, help="the file that valkey-server's option --aclfile names")
    file: Path = parser.parse_args().file
    try:
        passwords = {service.name: os.environ[service.valkey_setting.upper()] for service in SERVICES}
        text = users({ADMIN: os.environ["VALKEY_PASSWORD"], **passwords})
    except KeyError as missing:
        raise SystemExit(f"setting {missing.args[0]}: missing") from None
    # For the server to read, which runs as another user; nobody else gets this volume.
    file.write_text(text)
    file.chmod(0o644)


if __name__ == "__main__":
    main()
