"""Starts one process of the mesh: `python -I -S launch.py FILE` reads what to start from a JSON file and becomes it.

The standard library only and few imports: every process of the mesh passes through here. It makes the process die
with its parent, so that nothing survives a killed supervisor, and gives PostgreSQL a user that is not root.
"""

import ctypes
import json
import os
import pwd
import signal
import sys
from pathlib import Path
from typing import Any

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
# Who the process is to be: the caller, root in disguise, or nobody.
PLAIN, NAMESPACE, NOBODY = "plain", "namespace", "nobody"


def ordinary_user() -> tuple[int, int]:
    """An account that is not root; PostgreSQL insists on one that has a name."""
    accounts = [account for account in pwd.getpwall() if account.pw_uid != 0]
    account = min(accounts, key=lambda account: account.pw_name != "nobody")
    return account.pw_uid, account.pw_gid


def enter_user_namespace() -> None:
    """Makes root look like an ordinary user to this process, which keeps root's files. OSError if not allowed."""
    user, group = os.geteuid(), os.getegid()
    seen_user, seen_group = ordinary_user()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("gid_map", f"{seen_group} {group} 1"),
        ("uid_map", f"{seen_user} {user} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def become_nobody() -> None:
    """Gives up root for good."""
    user, group = ordinary_user()
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def die_with(parent: int, death_signal: int) -> None:
    """Asks the kernel for a signal when the parent dies; a change of identity would undo it, so it comes last."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def launch(specification: dict[str, Any], parent: int) -> None:
    """Becomes the process that the specification describes."""
    os.chdir(specification["directory"])
    if specification["identity"] == NAMESPACE:
        enter_user_namespace()
    elif specification["identity"] == NOBODY:
        become_nobody()
    if specification["death_signal"]:
        die_with(parent, specification["death_signal"])
    command = specification["command"]
    os.execve(command[0], command, specification["environment"])


if __name__ == "__main__":
    parent_at_start = os.getppid()
    launch(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), parent_at_start)
