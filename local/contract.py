"""buf's opinion of the protos: their style, and whether they still keep what the last commit promised."""

import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from local.errors import MeshError
from local.home import PYTHON, ROOT

BUF = Path(PYTHON).with_name("buf")
STYLE = {
    "version": "v2",
    "lint": {
        "use": ["STANDARD"],
        "except": [
            # As in Google's own APIs a resource is its own answer, and Empty says that there is none.
            "RPC_REQUEST_RESPONSE_UNIQUE",
            "RPC_REQUEST_STANDARD_NAME",
            "RPC_RESPONSE_STANDARD_NAME",
            # The documented JSON names of values stay as they are documented.
            "ENUM_VALUE_PREFIX",
            "ENUM_VALUE_UPPER_SNAKE_CASE",
            "ENUM_ZERO_VALUE_SUFFIX",
        ],
    },
    "breaking": {"use": ["WIRE_JSON"]},
}


def check_contract() -> str:
    """Lints the protos and compares them with the last commit; a MeshError lists what buf found."""
    with tempfile.TemporaryDirectory(prefix="matinee-") as folder:
        now = _describe(ROOT, Path(folder, "now.binpb"))
        _buf("lint", str(now))
        revision = _last_promise()
        if revision is None or not (before := _describe_revision(revision, Path(folder))):
            return "buf accepts the protos; there is no earlier commit to compare them with"
        _buf("breaking", str(now), "--against", str(before))
        return f"buf accepts the protos; they keep what {revision} promised"


def _describe(root: Path, target: Path) -> Path:
    """Writes what protoc understands; buf reads that, so no third-party proto needs to be at hand."""
    program = (
        "import sys; from protos.generate import run_protoc, sources; "
        "run_protoc(['--include_imports', '--include_source_info', '--descriptor_set_out=' + sys.argv[1], *sources()])"
    )
    done = subprocess.run([PYTHON, "-c", program, str(target)], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MeshError("protoc refuses the protos", done.stderr.strip())
    return target


def _last_promise() -> str | None:
    """What the protos are compared with: the last commit, or the one before if the protos are as in the last."""
    changed = _git("status", "--porcelain", "protos")
    revision = "HEAD" if changed else "HEAD^"
    return revision if _git("rev-parse", "--verify", "--quiet", revision) else None


def _describe_revision(revision: str, folder: Path) -> Path | None:
    archive = _git("archive", revision, "protos")
    if not archive:
        return None
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder / "before", filter="data")
    # The protos of then, but described as we do it today.
    shutil.copy(ROOT / "protos" / "generate.py", folder / "before" / "protos")
    return _describe(folder / "before", folder / "before.binpb")


def _git(*arguments: str) -> bytes:
    """What git prints; nothing where there is no git, no repository or no such commit."""
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False).stdout
    except FileNotFoundError:
        return b""


def _buf(command: str, *arguments: str) -> None:
    # Without the path it would judge Google's protos, too.
    line = [str(BUF), command, *arguments, "--config", json.dumps(STYLE), "--path", "matinee"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MeshError(f"buf {command} found:", (done.stdout + done.stderr).strip())


if __name__ == "__main__":
    try:
        print(check_contract())
    except MeshError as error:
        sys.exit(str(error))
