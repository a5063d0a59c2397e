"""Writes docs/openapi and docs/reference, or checks that they say what the protos do: `python -m openapi [--check]`."""

import json
import sys
from pathlib import Path

from openapi_spec_validator import validate

from openapi import documents, reference


def rendered() -> dict[Path, str]:
    """The text of every file. Raises OpenAPIValidationError if a description is no OpenAPI."""
    texts = {}
    for name, document in documents.documents().items():
        validate(document)
        texts[documents.FOLDER / f"{name}.json"] = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return texts | {reference.FOLDER / name: text for name, text in reference.pages().items()}


def main() -> None:
    """Writes the files, or checks them."""
    fresh = rendered()
    files = [*documents.FOLDER.glob("*.json"), *reference.FOLDER.glob("*.md")]
    committed = {path: path.read_text(encoding="utf-8") for path in files}
    stale = sorted(path for path in fresh.keys() | committed.keys() if fresh.get(path) != committed.get(path))
    if "--check" in sys.argv[1:]:
        if stale:
            names = ", ".join(f"{path.parent.name}/{path.name}" for path in stale)
            raise SystemExit(f"stale in docs, run `make openapi`: {names}")
        return
    for path in committed.keys() - fresh.keys():
        path.unlink()
    for path, text in fresh.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{len(stale)} files changed")


if __name__ == "__main__":
    main()
