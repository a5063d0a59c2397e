"""What the protos say in words: stubs do not carry comments, so protoc is asked for them."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from protos.generate import run_protoc, sources

PACKAGE_LINE = (2,)
"""Where a file's own comment stands, in the terms of SourceCodeInfo."""


class Comments:
    """The comments of all our protos, by full name; that of a file by its path."""

    def __init__(self) -> None:
        self.by_name = {name: text for file in _described() for name, text in _comments_of(file)}

    def of(self, name: str) -> str:
        """Paragraphs of the comment, each on one line; empty if there is none."""
        return self.by_name.get(name, "")


def first_sentence(comment: str) -> str:
    """What a comment says in short."""
    return comment.split("\n")[0].split(". ")[0].removesuffix(".")


def _described() -> Sequence[FileDescriptorProto]:
    with tempfile.TemporaryDirectory(prefix="matinee-") as folder:
        target = Path(folder, "described.binpb")
        run_protoc([f"--descriptor_set_out={target}", "--include_source_info", *sources()])
        return FileDescriptorSet.FromString(target.read_bytes()).file


def _comments_of(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    for location in file.source_code_info.location:
        text = location.leading_comments or location.trailing_comments
        if text:
            path = tuple(location.path)
            name = file.name if path == PACKAGE_LINE else _name_at(file, path)
            if name:
                yield name, _paragraphs(text)


def _name_at(file: FileDescriptorProto, path: tuple[int, ...]) -> str:
    """The full name of what a path of field numbers and indexes leads to; empty if it has no name."""
    node: Any = file
    names = [file.package]
    for number, index in zip(path[::2], path[1::2], strict=False):
        node = getattr(node, node.DESCRIPTOR.fields_by_number[number].name)[index]
        if not hasattr(node, "name"):
            return ""
        names.append(node.name)
    return ".".join(names) if len(path) % 2 == 0 else ""


def _paragraphs(text: str) -> str:
    lines = [line.strip() for line in text.strip().split("\n")]
    return "\n\n".join(" ".join(block.split("\n")) for block in "\n".join(lines).split("\n\n"))
