"""The validation rules of a field as JSON Schema keywords."""

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from buf.validate import validate_pb2
from rest_gateway.config import Config, Value


def keywords(field: FieldDescriptor) -> Config:
    """What the rules of a field say that JSON Schema can say too."""
    rules: validate_pb2.FieldRules = field.GetOptions().Extensions[validate_pb2.field]
    found = item_keywords(rules)
    if field.is_repeated:
        return _list_keywords(rules.repeated)
    if found and rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE:
        return {"anyOf": [found, {"const": ""}]}
    return found


def item_keywords(rules: validate_pb2.FieldRules) -> Config:
    """The keywords for one value."""
    if rules.HasField("string"):
        return _string_keywords(rules.string)
    if rules.HasField("int32"):
        return _int_keywords(rules.int32)
    return {}


def items_of(field: FieldDescriptor) -> validate_pb2.FieldRules:
    """The rules for one value of a field, which for a list are those of its items."""
    rules: validate_pb2.FieldRules = field.GetOptions().Extensions[validate_pb2.field]
    return rules.repeated.items if field.is_repeated else rules


def enum_names(enum: EnumDescriptor, field: FieldDescriptor) -> list[Value]:
    """The names that a field may hold."""
    refused = set(items_of(field).enum.not_in)
    return [value.name for value in enum.values if value.number not in refused]


def _string_keywords(rules: validate_pb2.StringRules) -> Config:
    found: Config = {}
    if rules.min_len:
        found["minLength"] = rules.min_len
    if rules.max_len:
        found["maxLength"] = rules.max_len
    if rules.pattern:
        found["pattern"] = rules.pattern
    if rules.uuid:
        found["format"] = "uuid"
    if rules.email:
        found["format"] = "email"
    return found


def _int_keywords(rules: validate_pb2.Int32Rules) -> Config:
    found: Config = {}
    if rules.HasField("gte"):
        found["minimum"] = rules.gte
    if rules.HasField("lte"):
        found["maximum"] = rules.lte
    return found


def _list_keywords(rules: validate_pb2.RepeatedRules) -> Config:
    found: Config = {}
    if rules.min_items:
        found["minItems"] = rules.min_items
    if rules.max_items:
        found["maxItems"] = rules.max_items
    if rules.unique:
        found["uniqueItems"] = True
    return found
