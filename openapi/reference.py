"""The gRPC API as Markdown: docs/reference, a page for each service and one for what they share."""

from collections.abc import Iterator
from pathlib import Path

from google.protobuf import text_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor, MethodDescriptor
from matinee.common.v1 import access_pb2, error_reason_pb2

from envoy.descriptors import is_read, served_files, services
from envoy.routes import http_rules
from openapi.comments import Comments
from openapi.limits import allowed_names, rules_of
from openapi.operations import whom

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
SHARED = "common"
MADE = "<!-- Made from the protos by `make openapi`. -->"
SCALARS = {
    number: name.removeprefix("TYPE_").lower() for name, number in vars(FieldDescriptor).items() if name[:5] == "TYPE_"
}
FIELDS = ("| field | type | limits | |", "|---|---|---|---|")

Pages = dict[str, list[FileDescriptor]]


def pages() -> dict[str, str]:
    """The text of every page by its file's name."""
    files: Pages = served_files(bench=False)
    files[SHARED] = [access_pb2.DESCRIPTOR, error_reason_pb2.DESCRIPTOR]
    reference = Reference(Comments(), files)
    return {f"{name}.md": reference.page(name) for name in files}


class Reference:
    """Writes pages that lead to each other."""

    def __init__(self, comments: Comments, files: Pages) -> None:
        self.comments = comments
        self.files = files
        self.page_of = {file.name: name for name, page in files.items() for file in page}

    def page(self, name: str) -> str:
        """A page, whole."""
        lines = [f"# gRPC: {name}", "", MADE, ""]
        for file in self.files[name]:
            lines += [self.comments.of(file.name), ""] if self.comments.of(file.name) else []
            lines += self._services(file)
        for file in self.files[name]:
            for message in file.message_types_by_name.values():
                lines += self._message(message)
            for enum in file.enum_types_by_name.values():
                lines += self._enum(enum)
        return "\n".join(lines).rstrip() + "\n"

    def _services(self, file: FileDescriptor) -> Iterator[str]:
        for service in services([file]):
            yield from (f"## {service.name}", "", f"`{service.full_name}`", "", self.comments.of(service.full_name), "")
            for method in service.methods:
                yield from self._method(method)

    def _method(self, method: MethodDescriptor) -> Iterator[str]:
        asked, answered = self._link(method.input_type), self._link(method.output_type)
        streams = "stream of " if method.server_streaming else ""
        yield from (f"### {method.containing_service.name}.{method.name}", "", f"{asked} → {streams}{answered}", "")
        yield from (self.comments.of(method.full_name), "", whom(method))
        if is_read(method):
            yield "It changes nothing, so it may be sent again."
        spelled = ", ".join(f"`{verb} {path}`" for verb, path in http_rules(method))
        yield from (*(["", f"Over HTTP: {spelled}"] if spelled else []), "")

    def _message(self, message: Descriptor, within: str = "") -> Iterator[str]:
        name = f"{within}{message.name}"
        yield from (f"### {name}", "", *self._about(message.full_name))
        if message.fields:
            yield from (*FIELDS, *map(self._field, message.fields), "")
        for nested in message.nested_types:
            yield from self._message(nested, f"{name}.")
        for enum in message.enum_types:
            yield from self._enum(enum, f"{name}.")

    def _field(self, field: FieldDescriptor) -> str:
        kind = self._type(field)
        if field.is_repeated:
            kind = f"repeated {kind}"
        elif field.has_presence and field.message_type is None:
            kind = f"optional {kind}"
        return f"| `{field.name}` | {kind} | {_limits(field)} | {_cell(self.comments.of(field.full_name))} |"

    def _type(self, field: FieldDescriptor) -> str:
        described = field.message_type or field.enum_type
        return SCALARS[field.type] if described is None else self._link(described)

    def _link(self, described: Descriptor | EnumDescriptor) -> str:
        if described.file.name not in self.page_of:
            return f"`{described.full_name}`"
        name = described.full_name.removeprefix(f"{described.file.package}.")
        return f"[{name}]({self.page_of[described.file.name]}.md#{name.replace('.', '').lower()})"

    def _enum(self, enum: EnumDescriptor, within: str = "") -> Iterator[str]:
        yield from (f"### {within}{enum.name}", "", *self._about(enum.full_name), "| value | | |", "|---|---|---|")
        for value in enum.values:
            yield f"| `{value.name}` | {value.number} | {_cell(self.comments.of(f'{enum.full_name}.{value.name}'))} |"
        yield ""

    def _about(self, full_name: str) -> list[str]:
        text = self.comments.of(full_name)
        return [text, ""] if text else []


def _limits(field: FieldDescriptor) -> str:
    rules = rules_of(field)
    if field.enum_type is not None and rules.HasField("enum"):
        return ", ".join(f"`{name}`" for name in allowed_names(field.enum_type, rules))
    text = text_format.MessageToString(rules, as_one_line=True, as_utf8=True)
    return f"`{_cell(text)}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("\n\n", "<br>").replace("\n", " ").replace("|", "\\|")
