"""Generates the typed stubs that lie beside each .proto: `python -m protos.generate [--check]`.

With --check nothing is written: it fails when a committed stub differs from what the protos say.
"""

import importlib.resources
import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).parent
VALIDATE = "buf/validate/validate.proto"
INCLUDES = (
    str(ROOT),
    str(importlib.resources.files(grpc_tools) / "_proto"),
    # google/api and google/rpc come with googleapis-common-protos, at the top of site-packages.
    str(Path(grpc_tools.__file__).parent.parent),
)


def sources() -> list[str]:
    """Our .proto files, relative to the include root."""
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("matinee/**/*.proto"))


def validate_descriptor(folder: Path) -> Path:
    """A descriptor set with the rules of protovalidate: its wheel holds the descriptor, not the .proto."""
    from google.protobuf import descriptor_pb2, duration_pb2, timestamp_pb2

    files = descriptor_pb2.FileDescriptorSet()
    for needed in (descriptor_pb2, duration_pb2, timestamp_pb2):
        needed.DESCRIPTOR.CopyToProto(files.file.add())
    files.file.add().ParseFromString(validate_pb._DESC.proto.to_binary())
    target = folder / "validate.binpb"
    target.write_bytes(files.SerializeToString())
    return target


def run_protoc(arguments: list[str]) -> None:
    """Runs protoc over our protos with everything they import in reach; raises SystemExit when it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        rules = validate_descriptor(Path(folder))
        # The descriptor set holds only what no include folder has, so both can be given together.
        includes = [f"-I{include}" for include in INCLUDES]
        if protoc.main(["protoc", f"--descriptor_set_in={rules}", *includes, *arguments]) != 0:
            raise SystemExit("protoc refused the protos: its message above names the line")


def generate(out: Path) -> None:
    """Writes all stubs below `out`."""
    bin_folder = Path(sys.executable).parent
    plugins = [f"--plugin={bin_folder / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")]
    messages = [f"--python_out={out}", f"--mypy_out=quiet:{out}"]
    services = [f"--grpc_python_out={out}", f"--mypy_grpc_out=only_async,quiet:{out}"]
    with_service = [name for name in sources() if "\nservice " in (ROOT / name).read_text()]
    run_protoc([*plugins, *messages, *sources(), VALIDATE])
    run_protoc([*plugins, *services, *with_service])
    for stub in out.glob("*/**/*_pb2.py"):
        for folder in stub.relative_to(out).parents[:-1]:
            (out / folder / "__init__.py").touch()


def stubs(base: Path) -> dict[Path, bytes]:
    """All generated files below `base`, by their path in it."""
    paths = (path for top in ("matinee", "buf") for path in base.glob(f"{top}/**/*.py*"))
    return {path.relative_to(base): path.read_bytes() for path in paths if path.suffix in (".py", ".pyi")}


def differences(fresh: Path) -> list[str]:
    """Stubs that are missing, left over or stale, relative to the root."""
    committed, wanted = stubs(ROOT), stubs(fresh)
    return sorted(str(path) for path in committed.keys() | wanted.keys() if committed.get(path) != wanted.get(path))


def main() -> None:
    """Writes the stubs, or checks them."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        stale = differences(fresh)
        if "--check" in sys.argv[1:]:
            if stale:
                raise SystemExit("stale stubs, run `make protos`:\n  " + "\n  ".join(stale))
            return
        for top in ("matinee", "buf"):
            shutil.copytree(fresh / top, ROOT / top, dirs_exist_ok=True)
        print(f"{len(stale)} stubs changed")


if __name__ == "__main__":
    main()
