"""A process takes renewed certificates from its files, and never a certificate with another one's key."""

import threading
from pathlib import Path

import pytest
from cryptography import x509

from local.certificates import ensure_certificates, renew_certificates
from mesh.identity import Identity, IdentityFiles
from mesh.settings import ProcessSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ensure_certificates(tmp_path)
    return tmp_path


def settings(folder: Path, name: str = "booking") -> ProcessSettings:
    """Those of a process with this member's certificate."""
    return ProcessSettings(
        listen="127.0.0.1:1",
        tls_ca=folder / name / "ca.crt",
        tls_certificate=folder / name / "tls.crt",
        tls_key=folder / name / "tls.key",
    )


def serial(identity: Identity) -> int:
    return x509.load_pem_x509_certificate(identity.certificate).serial_number


def break_file(file: Path, content: bytes) -> None:
    """Replaces what other software would have written there."""
    file.unlink()
    file.write_bytes(content)


def test_a_renewed_certificate_is_taken(folder: Path) -> None:
    files = IdentityFiles(settings(folder))
    before = serial(files.current())
    renew_certificates(folder)
    assert serial(files.current()) != before


def test_files_that_stay_are_not_read_again(folder: Path) -> None:
    files = IdentityFiles(settings(folder))
    assert files.current() is files.current()


@pytest.mark.parametrize("name", ["tls.crt", "tls.key", "ca.crt"])
@pytest.mark.parametrize("damage", ["missing", "nonsense", "another's"])
def test_the_last_good_one_stays_while_a_file_is_broken(folder: Path, name: str, damage: str) -> None:
    files = IdentityFiles(settings(folder))
    before, good = files.current(), (folder / "booking" / name).read_bytes()
    if damage == "missing":
        (folder / "booking" / name).unlink()
    else:
        break_file(folder / "booking" / name, b"nonsense" if damage == "nonsense" else other(folder, name))
    assert files.current().key == before.key
    assert files.current().certificate == before.certificate
    (folder / "booking" / name).unlink(missing_ok=True)
    (folder / "booking" / name).write_bytes(good)
    assert files.current() == before


def other(folder: Path, name: str) -> bytes:
    """The same file of another member."""
    return (folder / "ugc" / name).read_bytes()


@pytest.mark.parametrize("name", ["tls.crt", "tls.key"])
def test_who_begins_with_anothers_key_or_certificate_does_not_start(folder: Path, name: str) -> None:
    break_file(folder / "booking" / name, other(folder, name))
    with pytest.raises(ValueError, match="is not the key of"):
        IdentityFiles(settings(folder))


def test_a_reader_never_finds_a_key_that_is_not_the_certificates(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, seen, done = IdentityFiles(settings(folder)), set(), threading.Event()

    def renew() -> None:
        for _ in range(30):
            renew_certificates(folder)
        done.set()

    writer = threading.Thread(target=renew)
    writer.start()
    while not done.is_set():
        seen.add(serial(files.current()))
    writer.join()
    seen.add(serial(files.current()))
    assert len(seen) > 10
    assert "not the key of" not in capsys.readouterr().out
