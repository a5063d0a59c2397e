"""The mesh's own certificate authority, and a certificate per member: `python -m local.certificates FOLDER`.

Each member has a folder of its own with tls.crt, tls.key and ca.crt, whom it trusts; the authority has another one.
The processes notice new files by themselves.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from local.authority import Authority
from local.pairs import Pair, issue
from local.services import NAMES
from local.swap import swap_files

IDENTITIES = (*NAMES, "envoy", "developer", "bench")
SETTLE_SECONDS = 5.0
"""Within one second every process knows new files; the rest is for a machine that is busy."""


def ensure_certificates(folder: Path) -> list[str]:
    """Makes what is missing, broken or about to expire, and returns the names of what was made."""
    made = []
    authority = Authority.read(folder / "authority")
    if authority is None:
        authority = Authority.make()
        authority.write(folder / "authority")
        _forget_flat_files(folder)
        made.append("authority")
    for name in IDENTITIES:
        pair = Pair.read(folder / name / "tls.crt", folder / name / "tls.key")
        if pair is None or pair.is_stale or not pair.is_issued_by(authority.issuing) or not pair.has_names_of(name):
            _hand_out(folder / name, issue(authority.issuing, name), authority)
            made.append(name)
        elif _trusted(folder / name) != authority.trusted:
            _hand_out(folder / name, pair, authority)
    return made


def renew_certificates(folder: Path) -> None:
    """A new certificate with a new key for every member."""
    ensure_certificates(folder)
    authority = Authority.read(folder / "authority")
    assert authority is not None
    for name in IDENTITIES:
        _hand_out(folder / name, issue(authority.issuing, name), authority)


def replace_authority(folder: Path, settle: Callable[[str], None]) -> None:
    """A new authority, and certificates by it, in three steps after which every process has to be given time (settle).

    One that was interrupted goes on where it was.
    """
    ensure_certificates(folder)
    authority = Authority.read(folder / "authority")
    assert authority is not None
    if authority.previous is None:
        authority = authority.with_successor()
        _take_over(folder, authority)
        settle("both authorities are trusted")
        authority = authority.succeeded()
    _take_over(folder, authority)
    settle("all certificates are the new authority's")
    _take_over(folder, authority.without_previous())


def _take_over(folder: Path, authority: Authority) -> None:
    # First, so that an interrupted step is finished by the next ensure_certificates().
    authority.write(folder / "authority")
    ensure_certificates(folder)


def _hand_out(folder: Path, pair: Pair, authority: Authority) -> None:
    swap_files(folder, {"tls.crt": pair.certificate_pem, "tls.key": pair.key_pem, "ca.crt": authority.trusted})


def _trusted(folder: Path) -> bytes:
    try:
        return (folder / "ca.crt").read_bytes()
    except OSError:
        return b""


def _forget_flat_files(folder: Path) -> None:
    """Keys that earlier versions wrote side by side; nobody trusts them any more."""
    for path in (*folder.glob("*.key"), *folder.glob("*.crt")):
        path.unlink()


def settle(news: str) -> None:
    """Waits until every process has noticed."""
    print(news, flush=True)
    time.sleep(SETTLE_SECONDS)


def main() -> None:
    """The command line: `make certificates`, and where `make up` is not used."""
    parser = argparse.ArgumentParser(
        prog="python -m local.certificates",
        description="Makes the mesh's certificates: what is missing, broken or about to expire; the others stay.",
    )
    parser.add_argument("folder", type=Path, help="where a folder for each member lies, and the authority's")
    parser.add_argument("--renew", action="store_true", help="a new certificate for every member, good ones too")
    parser.add_argument("--authority", action="store_true", help="a new authority and its certificates; takes seconds")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if arguments.authority:
            replace_authority(folder, settle)
            print("the old authority is no longer trusted")
        elif arguments.renew:
            renew_certificates(folder)
            print("all certificates are new")
        else:
            made = ensure_certificates(folder)
            print(f"made: {', '.join(made)}" if made else "all certificates are good")
    except OSError as error:
        raise SystemExit(f"cannot write the certificates: {error}") from None


if __name__ == "__main__":
    main()
