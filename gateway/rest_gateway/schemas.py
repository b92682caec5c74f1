"""JSON Schemas of the messages, as the gateway writes and reads them: the schema's own field names."""

from dataclasses import dataclass, field

from google.api import field_behavior_pb2
from google.api.field_behavior_pb2 import FieldBehavior
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from bloom.options.v1 import policy_pb2
from rest_gateway.config import Config, Value
from rest_gateway.rules import enum_names, item_keywords, items_of, keywords

_WELL_KNOWN: dict[str, Config] = {
    "google.protobuf.Any": {
        "type": "object",
        "description": "A message of the type that `@type` names, with its fields beside it.",
        "properties": {"@type": {"type": "string"}},
        "required": ["@type"],
        "additionalProperties": True,
    },
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string", "description": "Field names, separated by commas."},
    "google.protobuf.ListValue": {"type": "array"},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Value": {},
}
_SCALARS: dict[int, Config] = {
    FieldDescriptor.CPPTYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.CPPTYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.CPPTYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.CPPTYPE_UINT32: {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    # JSON numbers carry 53 bits only.
    FieldDescriptor.CPPTYPE_INT64: {"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"},
    FieldDescriptor.CPPTYPE_UINT64: {"type": "string", "format": "uint64", "pattern": "^[0-9]{1,20}$"},
    FieldDescriptor.CPPTYPE_STRING: {"type": "string"},
}


@dataclass
class Schemas:
    """Schemas by component name; asking for a message adds it, and all it is made of."""

    comments: dict[str, str]
    components: dict[str, Config] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)

    def message(self, message: Descriptor) -> Config:
        """A reference to a message, or the schema itself of a well-known type."""
        if message.full_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[message.full_name])
        name = self._name(message.full_name, message.file.package)
        if name not in self.components:
            self.components[name] = {}  # a message may hold itself
            self.components[name] = self.inline(message)
        return {"$ref": f"#/components/schemas/{name}"}

    def inline(self, message: Descriptor, without: frozenset[str] = frozenset()) -> Config:
        """A message's schema itself, without some of its fields."""
        fields = [each for each in message.fields if each.name not in without]
        schema: Config = {"type": "object"}
        if message.full_name in self.comments:
            schema["description"] = self.comments[message.full_name]
        schema["properties"] = {each.name: self.field(each) for each in fields}
        required: list[Value] = [each.name for each in fields if is_required(each)]
        if required:
            schema["required"] = required
        return {**schema, "additionalProperties": False}

    def field(self, field: FieldDescriptor) -> Config:
        """A field's schema with its rules and its comment."""
        schema = self._shape(field) | keywords(field) | _behavior(field)
        said = self.comments.get(field.full_name)
        return {**schema, "description": said} if said else schema

    def _shape(self, field: FieldDescriptor) -> Config:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return {
                "type": "object",
                "additionalProperties": self._one(field.message_type.fields_by_name["value"]),
            }
        if field.is_repeated:
            return {"type": "array", "items": {**self._one(field), **item_keywords(items_of(field))}}
        return self._one(field)

    def _one(self, field: FieldDescriptor) -> Config:
        if field.message_type is not None:
            return self.message(field.message_type)
        if field.enum_type is not None:
            return self._enum(field.enum_type, field)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        return dict(_SCALARS[field.cpp_type])

    def _enum(self, enum: EnumDescriptor, field: FieldDescriptor) -> Config:
        names = enum_names(enum, field)
        if len(names) < len(enum.values):
            return {"type": "string", "enum": names}
        name = self._name(enum.full_name, enum.file.package)
        if name not in self.components:
            lines = [
                (value.name, self.comments.get(f"{enum.full_name}.{value.name}")) for value in enum.values
            ]
            said = [
                self.comments.get(enum.full_name),
                *(f"`{value}`: {line}" for value, line in lines if line),
            ]
            text: Config = {"description": "\n\n".join(filter(None, said))} if any(said) else {}
            self.components[name] = {"type": "string", "enum": names, **text}
        return {"$ref": f"#/components/schemas/{name}"}

    def _name(self, full_name: str, package: str) -> str:
        """The name within its package, as long as no other package has the same."""
        short = full_name.removeprefix(f"{package}.")
        owner = self._owners.setdefault(short, full_name)
        return short if owner == full_name else full_name


def is_required(field: FieldDescriptor) -> bool:
    """Whether a request must have the field."""
    return FieldBehavior.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def _behavior(field: FieldDescriptor) -> Config:
    options = field.GetOptions()
    found: Config = {}
    if FieldBehavior.OUTPUT_ONLY in options.Extensions[field_behavior_pb2.field_behavior]:
        found["readOnly"] = True
    if options.Extensions[policy_pb2.sensitive]:
        found["x-sensitive"] = True
    return found
