"""Messages as JSON Schema, in the JSON that the edge makes of them and takes for them."""

from collections.abc import Collection

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from openapi.comments import Comments
from openapi.examples import example_of
from openapi.limits import Schema, allowed_names, item_limits, limits, required_fields, rules_of

PLAIN: dict[int, Schema] = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
}
"""Other types of numbers are text in JSON, so the contract has none."""
WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Empty": {"type": "object"},
    # Its one use here: only a Value can be printed as null.
    "google.protobuf.Value": {"type": ["boolean", "null"]},
}


class Schemas:
    """Schemas of messages; those of answers and of bodies are named and collected."""

    def __init__(self, comments: Comments) -> None:
        self.comments = comments
        self.named: dict[str, Schema] = {}
        self.full_names: dict[str, str] = {}

    # -- requests

    def body(self, message: Descriptor, in_path: Collection[str]) -> Schema:
        """A reference to what a request's body may hold. ValueError if another path leaves other fields to the body."""
        # A message that is answered, too, looks otherwise there: everything is in it.
        name = f"{self._name(message).removesuffix('Request')}Request"
        schema = self._request(message, in_path)
        if self.named.setdefault(name, schema) != schema:
            raise ValueError(f"{message.full_name} has another body on each of its paths: give it two messages")
        return _reference(name)

    def _request(self, message: Descriptor, without: Collection[str] = ()) -> Schema:
        """What a request may hold; what the path says is left out."""
        fields = [field for field in message.fields if field.name not in without]
        required = [field.name for field in fields if field.name in required_fields(message)]
        schema: Schema = {"type": "object"} | self._described(message.full_name)
        schema["properties"] = {field.name: self.request_field(field) for field in fields}
        return schema | ({"required": required} if required else {})

    def request_field(self, field: FieldDescriptor) -> Schema:
        """What one field of a request may hold."""
        rules = rules_of(field)
        if field.is_repeated:
            items = self._request_value(field, rules.repeated.items)
            return {"type": "array", "items": items, **item_limits(rules), **self._described(field.full_name)}
        return self._request_value(field, rules) | self._described(field.full_name) | _shown(field)

    def _request_value(self, field: FieldDescriptor, rules: validate_pb2.FieldRules) -> Schema:
        if field.enum_type is not None:
            return {"type": "string", "enum": allowed_names(field.enum_type, rules)}
        if field.message_type is not None and field.message_type.full_name not in WELL_KNOWN:
            return self._request(field.message_type)
        return _plain(field) | limits(rules)

    # -- answers

    def answer(self, message: Descriptor) -> Schema:
        """A reference to the schema of a message that is answered."""
        if message.full_name in WELL_KNOWN:
            return dict(WELL_KNOWN[message.full_name])
        name = self._name(message)
        if name not in self.named:
            self.named[name] = {}
            self.named[name] = self._answer(message)
        return _reference(name)

    def rows(self, field: FieldDescriptor) -> Schema:
        """What is left of a list when the edge has unwrapped it."""
        return {"type": "array", "items": self._answer_value(field)}

    def _answer(self, message: Descriptor) -> Schema:
        schema: Schema = {"type": "object"} | self._described(message.full_name)
        schema["properties"] = {field.name: self.answer_field(field) for field in message.fields}
        # Everything is printed but what can be unset.
        required = [field.name for field in message.fields if field.is_repeated or not field.has_presence]
        return schema | ({"required": required} if required else {})

    def answer_field(self, field: FieldDescriptor) -> Schema:
        """What one field of an answer holds."""
        value = self._answer_value(field)
        if field.is_repeated:
            value = {"type": "array", "items": value}
        return value | self._described(field.full_name) | _shown(field)

    def _answer_value(self, field: FieldDescriptor) -> Schema:
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        if field.message_type is not None:
            return self.answer(field.message_type)
        is_id = self.comments.of(field.full_name).startswith(("UUID.", "UUIDs."))
        return _plain(field) | ({"format": "uuid"} if is_id else {})

    def _enum(self, enum: EnumDescriptor) -> Schema:
        name = self._name(enum)
        names = [value.name for value in enum.values if not value.name.endswith("_UNSPECIFIED")]
        meanings = [f"- `{each}`: {self.comments.of(_value_name(enum, each))}" for each in names]
        text = "\n".join([self.comments.of(enum.full_name), "", *meanings])
        self.named[name] = {"type": "string", "enum": names, "description": text.strip()}
        return _reference(name)

    # -- both

    def _described(self, full_name: str) -> Schema:
        text = self.comments.of(full_name)
        return {"description": text} if text else {}

    def _name(self, described: Descriptor | EnumDescriptor) -> str:
        """A name within the document; ValueError if two packages have the same."""
        package = described.file.package
        name = str(described.full_name.removeprefix(f"{package}."))
        if self.full_names.setdefault(name, described.full_name) != described.full_name:
            raise ValueError(f"{described.full_name} and {self.full_names[name]} have the same name in one document")
        return name


def _shown(field: FieldDescriptor) -> Schema:
    """An example of a text: of the rest a type says enough."""
    example = example_of(field)
    return {"examples": [example]} if isinstance(example, str) and field.type == field.TYPE_STRING else {}


def _plain(field: FieldDescriptor) -> Schema:
    if field.message_type is not None:
        return dict(WELL_KNOWN[field.message_type.full_name])
    if field.type not in PLAIN:
        raise ValueError(f"{field.full_name} has a type whose JSON is not documented: openapi/schemas.py")
    return dict(PLAIN[field.type])


def _value_name(enum: EnumDescriptor, value: str) -> str:
    return f"{enum.full_name}.{value}"


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
