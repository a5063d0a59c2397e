"""The limits that protovalidate enforces, in the words of JSON Schema."""

from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from protovalidate import Validator

Schema = dict[str, Any]

KEYWORDS = {"min_len": "minLength", "max_len": "maxLength", "pattern": "pattern", "gte": "minimum", "lte": "maximum"}
"""Rules of one value. Those of timestamps have no counterpart: comments tell them."""
FORMATS = ("email", "uuid")
CLASSES = {
    r"\p{Z}": r"\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\p{C}": r"\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff",
}
"""Classes of characters that not every engine knows, such as Python's, with those of their members that are in use."""

_validator = Validator()


def rules_of(field: FieldDescriptor) -> validate_pb2.FieldRules:
    """What is written beside the field."""
    rules: validate_pb2.FieldRules = field.GetOptions().Extensions[validate_pb2.field]
    return rules


def required_fields(message: Descriptor) -> set[str]:
    """The fields without which a message is refused: those that protovalidate complains of when nothing is given."""
    violations = _validator.collect_violations(GetMessageClass(message)())
    paths = [violation.proto.field for violation in violations]
    return {path.elements[0].field_name for path in paths if path is not None}


def limits(rules: validate_pb2.FieldRules) -> Schema:
    """The keywords for the rules of a single value; those of an enum are its values()."""
    kind = rules.WhichOneof("type")
    if kind not in ("string", "int32"):
        return {}
    own = getattr(rules, kind)
    schema: Schema = {KEYWORDS[rule.name]: value for rule, value in own.ListFields() if rule.name in KEYWORDS}
    for name in FORMATS:
        if kind == "string" and getattr(own, name):
            schema["format"] = name
    if "pattern" in schema:
        schema["pattern"] = _portable(schema["pattern"])
    allowed = getattr(own, "in")
    return schema | ({"enum": list(allowed)} if allowed else {})


def _portable(pattern: str) -> str:
    for name, members in CLASSES.items():
        pattern = pattern.replace(name, members)
    return pattern


def item_limits(rules: validate_pb2.FieldRules) -> Schema:
    """The keywords for a list as a whole."""
    own = rules.repeated
    counts = {"minItems": own.min_items, "maxItems": own.max_items}
    return {keyword: count for keyword, count in counts.items() if count}


def allowed_names(enum: EnumDescriptor, rules: validate_pb2.FieldRules) -> list[str]:
    """The names of an enum that a request may hold. The zero value that says nothing is not worth sending."""
    own = rules.enum
    allowed = set(getattr(own, "in"))
    return [
        value.name
        for value in enum.values
        if not value.name.endswith("_UNSPECIFIED")
        and value.number not in own.not_in
        and (not allowed or value.number in allowed)
    ]
