"""Random messages of any type: mostly right, so that they get past the limits, with something hostile in them."""

from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from openapi.limits import allowed_names, limits, rules_of

Known = dict[str, list[str]]
Draw = Any

INT32 = (-(2**31), -1, 0, 1, 2**31 - 1)
TEXTS = (
    "",
    "\x00",
    " ",
    "%",
    "_",
    "'; --",
    "\\",
    "{}",
    "null",
    "NaN",
    "1e999",
    "9" * 400,
    "0000-00-00",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "2031-02-30",
    "../../etc/passwd",
    "javascript:alert(1)",
    "http://[::1",
    "\u202e\u0000\ufffe",
    "\U0001f3ac" * 300,
    "I\u0307\u00df\u1e9e",
    "a@b" + "c" * 300 + ".example",
    "x" * 100_000,
)
SECONDS = (
    -(2**63),
    -62_135_596_801,
    -62_135_596_800,
    -1,
    0,
    4_102_444_800,
    253_402_300_799,
    253_402_300_800,
    2**63 - 1,
)
NANOS = (-(2**31), -1, 0, 999_999_999, 1_000_000_000, 2**31 - 1)
FUTURE = st.integers(1_900_000_000, 4_000_000_000)
"""In the years that evenings may be in."""
ALIASES = {
    "author": "user_id",
    "author_id": "user_id",
    "follower_id": "user_id",
    "recipient_id": "user_id",
    "movie": "movie_id",
    "accept": "booking_id",
    "decline": "booking_id",
    "attended": "booking_id",
    "no_show": "booking_id",
}
"""Fields that hold ids of what is elsewhere called otherwise."""


@st.composite
def messages(draw: Draw, described: Descriptor, known: Known) -> Message:
    """A message that keeps its limits but for a field or two."""
    names = [field.name for field in described.fields]
    hostile = set(draw(st.lists(st.sampled_from(names), max_size=2))) if names else set()
    values = {}
    for field in described.fields:
        single = _hostile(field, known) if field.name in hostile else _valid(field, known)
        strategy = st.lists(single, max_size=3) if field.is_repeated else single
        if not field.has_presence or field.name in hostile or draw(st.booleans()):
            values[field.name] = draw(strategy)
    return GetMessageClass(described)(**values)


def _valid(field: FieldDescriptor, known: Known) -> st.SearchStrategy[Any]:
    rules = rules_of(field).repeated.items if field.is_repeated else rules_of(field)
    if field.enum_type is not None:
        numbers = [field.enum_type.values_by_name[name].number for name in allowed_names(field.enum_type, rules)]
        return st.sampled_from(numbers)
    if field.message_type is not None:
        return _inner(field.message_type, known, FUTURE, st.just(0))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    if field.type == FieldDescriptor.TYPE_STRING:
        return _valid_text(field, rules, known)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=50)
    allowed = limits(rules)
    return st.integers(allowed.get("minimum", 0), allowed.get("maximum", 100))


def _valid_text(field: FieldDescriptor, rules: validate_pb2.FieldRules, known: Known) -> st.SearchStrategy[str]:
    allowed = limits(rules)
    name = ALIASES.get(field.name, field.name.removesuffix("s"))
    if known.get(name):
        return st.sampled_from(known[name])
    if "enum" in allowed:
        return st.sampled_from(allowed["enum"])
    if allowed.get("format") == "uuid":
        return st.sampled_from([value for values in known.values() for value in values if len(value) == 36])
    if allowed.get("format") == "email":
        return st.just("somebody@test.example.com")
    if str(allowed.get("pattern", "")).startswith("^([0-9]{4}"):
        return st.sampled_from(["", "2031-05-01"])
    return st.just("Ab" * ((allowed.get("minLength", 0) + 1) // 2 + 1))


def _hostile(field: FieldDescriptor, known: Known) -> st.SearchStrategy[Any]:
    if field.enum_type is not None or field.type == FieldDescriptor.TYPE_INT32:
        return st.sampled_from(INT32) | st.integers(INT32[0], INT32[-1])
    if field.message_type is not None:
        return _inner(field.message_type, known, st.sampled_from(SECONDS), st.sampled_from(NANOS))
    if field.type == FieldDescriptor.TYPE_STRING:
        return st.sampled_from(TEXTS) | st.text(max_size=50)
    return _valid(field, known)


def _inner(
    described: Descriptor, known: Known, seconds: st.SearchStrategy[int], nanos: st.SearchStrategy[int]
) -> st.SearchStrategy[Any]:
    if described.full_name == Timestamp.DESCRIPTOR.full_name:
        return st.builds(Timestamp, seconds=seconds, nanos=nanos)
    if described.full_name == Value.DESCRIPTOR.full_name:
        return st.builds(Value, bool_value=st.booleans())
    return messages(described, known)
