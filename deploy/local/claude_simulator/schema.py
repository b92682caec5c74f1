"""JSON schemas of structured answers: which ones the API takes, what conforms, and the smallest instance."""

from collections.abc import Iterator, Mapping

from claude_simulator.problems import invalid

Schema = Mapping[str, object]

_UNSUPPORTED = (
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "prefixItems",
    "patternProperties",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
)
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_SMALLEST: dict[str, object] = {"string": "", "integer": 0, "number": 0, "boolean": False, "null": None}


def check_schema(schema: Schema) -> None:
    """Raise a 400 RefusalError unless the schema is closed, complete, not recursive, in supported words."""
    _check(schema, schema, "output_config.format.schema", ())


def properties_of(schema: Schema, root: Schema) -> dict[str, Schema]:
    """The properties of an object schema, references resolved; empty for anything else."""
    properties = resolve(schema, root).get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {str(name): resolve(part, root) for name, part in properties.items() if isinstance(part, Mapping)}


def resolve(schema: Schema, root: Schema) -> Schema:
    """Follow local references (`#/$defs/…`) to the schema they name."""
    while isinstance(reference := schema.get("$ref"), str):
        schema = _referenced(reference, root)
    return schema


def conforms(value: object, schema: Schema, root: Schema) -> bool:
    """Whether a JSON value conforms to a schema that passed `check_schema`."""
    schema = resolve(schema, root)
    if "const" in schema:
        return value == schema["const"]
    if isinstance(choices := schema.get("enum"), list):
        return value in choices
    if isinstance(variants := schema.get("anyOf"), list):
        return any(conforms(value, variant, root) for variant in variants)
    if not any(_is_of_type(value, name) for name in _type_names(schema)):
        return False
    return _members_conform(value, schema, root)


def smallest(schema: Schema, root: Schema) -> object:
    """The smallest instance: empty strings and lists, zeros, the first choice of each enumeration."""
    schema = resolve(schema, root)
    if "const" in schema:
        return schema["const"]
    if isinstance(choices := schema.get("enum"), list) and choices:
        return choices[0]
    if isinstance(variants := schema.get("anyOf"), list) and variants:
        return smallest(variants[0], root)
    name = next(iter(_type_names(schema)), "null")
    if name == "object":
        return {key: smallest(part, root) for key, part in properties_of(schema, root).items()}
    if name == "array":
        items = schema.get("items")
        return [smallest(items, root)] if schema.get("minItems") == 1 and isinstance(items, Mapping) else []
    return _SMALLEST[name]


def _check(schema: object, root: Schema, path: str, via: tuple[str, ...]) -> None:
    if not isinstance(schema, Mapping):
        raise invalid(f"{path}: a schema must be an object")
    if unsupported := schema.keys() & set(_UNSUPPORTED):
        raise invalid(f"{path}: not supported: {', '.join(sorted(unsupported))}")
    if (reference := schema.get("$ref")) is not None:
        if reference in via:
            raise invalid(f"{path}: recursive schemas are not supported")
        _check(_referenced(str(reference), root), root, path, (*via, str(reference)))
        return
    if not schema.keys() & {"type", "enum", "const", "anyOf", "allOf"}:
        raise invalid(f"{path}: a schema needs a type, enum, const or anyOf")
    if unknown := set(_type_names(schema)) - _TYPES.keys():
        raise invalid(f"{path}: unknown type {', '.join(sorted(unknown))}")
    if "object" in _type_names(schema):
        _check_closed(schema, path)
    for label, part in _parts(schema):
        _check(part, root, f"{path}.{label}", via)


def _check_closed(schema: Schema, path: str) -> None:
    if schema.get("additionalProperties") is not False:
        raise invalid(f"{path}: for 'object' type, 'additionalProperties' must be explicitly set to false")
    properties, required = schema.get("properties"), schema.get("required")
    names = set(properties) if isinstance(properties, Mapping) else set()
    listed = set(required) if isinstance(required, list) else set()
    if names != listed:
        raise invalid(f"{path}: every property must be required: {', '.join(sorted(names ^ listed))}")


def _parts(schema: Schema) -> Iterator[tuple[str, object]]:
    if isinstance(properties := schema.get("properties"), Mapping):
        yield from ((f"properties.{name}", part) for name, part in properties.items())
    if "items" in schema:
        yield "items", schema["items"]
    if schema.get("minItems") not in (None, 0, 1):
        raise invalid("For 'array' type, 'minItems' values other than 0 or 1 are not supported")
    for word in ("anyOf", "allOf"):
        if isinstance(variants := schema.get(word), list):
            yield from ((f"{word}.{index}", part) for index, part in enumerate(variants))


def _referenced(reference: str, root: Schema) -> Schema:
    node: object = root
    if not reference.startswith("#/"):
        raise invalid(f"external reference {reference!r} is not supported")
    for step in reference[2:].split("/"):
        node = node.get(step) if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping):
        raise invalid(f"reference {reference!r} leads nowhere")
    return node


def _type_names(schema: Schema) -> list[str]:
    named = schema.get("type")
    return (
        [str(name) for name in named]
        if isinstance(named, list)
        else [named]
        if isinstance(named, str)
        else []
    )


def _is_of_type(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _members_conform(value: object, schema: Schema, root: Schema) -> bool:
    if isinstance(value, dict):
        parts = properties_of(schema, root)
        return value.keys() == parts.keys() and all(conforms(value[key], parts[key], root) for key in parts)
    if isinstance(value, list):
        items = schema.get("items")
        enough = len(value) >= (1 if schema.get("minItems") == 1 else 0)
        return enough and (
            not isinstance(items, Mapping) or all(conforms(item, items, root) for item in value)
        )
    return True
