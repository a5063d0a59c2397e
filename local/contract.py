"""buf's opinion of the protos: their style, and whether they keep what the committed baseline promises clients."""

import json
import subprocess
import sys
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


# What clients may rely on. Committed, so that a change that would break them shows up in review, whoever makes it.
BASELINE = ROOT / "protos" / "baseline.binpb"


def check_contract() -> str:
    """Lints the protos and compares them with the baseline; a MeshError lists what buf found."""
    with tempfile.TemporaryDirectory(prefix="matinee-") as folder:
        _buf("lint", str(_describe(Path(folder, "now.binpb"), "--include_source_info")))
        now = _describe(Path(folder, "plain.binpb"))
        _buf("breaking", str(now), "--against", str(BASELINE))
        if now.read_bytes() != BASELINE.read_bytes():
            raise MeshError("protos/baseline.binpb does not know the newest protos", "Run `make protos`.")
    return "buf accepts the protos; they keep what the baseline promises"


def extend_baseline() -> str:
    """Adds what is new to the baseline; a MeshError if something that clients rely on is broken."""
    with tempfile.TemporaryDirectory(prefix="matinee-") as folder:
        now = _describe(Path(folder, "now.binpb"))
        if BASELINE.exists():
            _buf("breaking", str(now), "--against", str(BASELINE))
        BASELINE.write_bytes(now.read_bytes())
    return "the baseline knows the newest protos"


def _describe(target: Path, *options: str) -> Path:
    """Writes what protoc understands; buf reads that, so no third-party proto needs to be at hand."""
    program = (
        "import sys; from protos.generate import run_protoc, sources; "
        "run_protoc(['--include_imports', '--descriptor_set_out=' + sys.argv[1], *sys.argv[2:], *sources()])"
    )
    command = [PYTHON, "-c", program, str(target), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MeshError("protoc refuses the protos", done.stderr.strip())
    return target


def _buf(command: str, *arguments: str) -> None:
    # Without the path it would judge Google's protos, too.
    line = [str(BUF), command, *arguments, "--config", json.dumps(STYLE), "--path", "matinee"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MeshError(f"buf {command} found:", (done.stdout + done.stderr).strip())


if __name__ == "__main__":
    try:
        print(extend_baseline() if sys.argv[1:] == ["--extend"] else check_contract())
    except MeshError as error:
        sys.exit(str(error))
