"""Writes docs/openapi, or checks that it is what the protos say: `python -m openapi [--check]`."""

import json
import sys

from openapi_spec_validator import validate

from openapi.documents import FOLDER, documents


def rendered() -> dict[str, str]:
    """The text of every document by its file's name. Raises OpenAPIValidationError if one is no OpenAPI."""
    texts = {}
    for name, document in documents().items():
        validate(document)
        texts[f"{name}.json"] = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return texts


def main() -> None:
    """Writes the documents, or checks them."""
    fresh = rendered()
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    stale = sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))
    if "--check" in sys.argv[1:]:
        if stale:
            raise SystemExit("stale in docs/openapi, run `make openapi`: " + ", ".join(stale))
        return
    for name in committed.keys() - fresh.keys():
        (FOLDER / name).unlink()
    for name, text in fresh.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(stale)} documents changed")


if __name__ == "__main__":
    main()
