"""Schemas of answers: which ones Claude takes, and whether an answer conforms."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from jsonschema import Draft202012Validator, SchemaError
from referencing import Registry

from ai_gateway.generation.errors import schema_invalid

_ROOT = "prompt.output_schema"
# Refused by Claude; `pattern` also here, where a hostile expression would run over every answer.
_UNSUPPORTED = frozenset(
    {
        "$anchor", "$dynamicRef", "$dynamicAnchor", "$id", "$recursiveRef", "contains", "dependentRequired",
        "dependentSchemas", "else", "exclusiveMaximum", "exclusiveMinimum", "if", "maxContains", "maxItems",
        "maxLength", "maxProperties", "maximum", "minContains", "minLength", "minProperties", "minimum",
        "multipleOf", "not", "oneOf", "pattern", "patternProperties", "prefixItems", "propertyNames", "then",
        "unevaluatedItems", "unevaluatedProperties", "uniqueItems",
    }
)  # fmt: skip
_MOST_DEPTH = 50

Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AnswerSchema:
    """A schema that Claude takes."""

    schema: Schema
    _validator: Draft202012Validator = field(repr=False, compare=False)

    def problem(self, text: str) -> str | None:
        """What is wrong with an answer, in words for Claude; None when it conforms."""
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            return "it is not JSON"
        error = next(self._validator.iter_errors(answer), None)
        if error is None:
            return None
        return f"at {error.json_path} it breaks the schema's rule `{error.validator}`"


@lru_cache(maxsize=128)
def read_schema(text: str) -> AnswerSchema:
    """Raises DomainError AI_SCHEMA_INVALID with the path of what Claude does not take."""
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError):
        raise schema_invalid(_ROOT, "is not JSON") from None
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise schema_invalid(_ROOT, "must be a schema of type object")
    _Check(schema).visit(schema, _ROOT, ())
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        path = "".join(f".{step}" for step in error.path)
        raise schema_invalid(_ROOT + path, "is not valid JSON Schema") from None
    # With an empty registry no reference is ever fetched from anywhere.
    return AnswerSchema(schema, Draft202012Validator(schema, registry=Registry()))


class _Check:
    """One walk over a schema; a definition is visited once, however often it is referred to."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._fine: set[str] = set()

    def visit(self, schema: object, path: str, within: tuple[str, ...]) -> None:
        """`within` are the references that led here. Raises DomainError AI_SCHEMA_INVALID."""
        if not isinstance(schema, Mapping):
            raise schema_invalid(path, "must be an object")
        if path.count(".") > _MOST_DEPTH:
            raise schema_invalid(path, "is nested too deeply")
        unsupported = sorted(schema.keys() & _UNSUPPORTED)
        if unsupported:
            raise schema_invalid(f"{path}.{unsupported[0]}", "is not supported in a schema of an answer")
        if "$ref" in schema:
            self._follow(schema["$ref"], f"{path}.$ref", within)
        if schema.get("type") == "object" or "properties" in schema:
            _check_closed(schema, path)
        for step, part in _parts(schema, path):
            self.visit(part, step, within)

    def _follow(self, reference: object, path: str, within: tuple[str, ...]) -> None:
        if not isinstance(reference, str) or not reference.startswith("#/$defs/"):
            raise schema_invalid(path, "must name one of the schema's own $defs")
        if reference in within:
            raise schema_invalid(path, "is recursive")
        definitions, name = self._root.get("$defs"), reference.removeprefix("#/$defs/")
        if not isinstance(definitions, Mapping) or name not in definitions:
            raise schema_invalid(path, "leads nowhere")
        if reference not in self._fine:
            self.visit(definitions[name], f"{_ROOT}.$defs.{name}", (*within, reference))
            self._fine.add(reference)


def _check_closed(schema: Schema, path: str) -> None:
    if schema.get("additionalProperties") is not False:
        raise schema_invalid(f"{path}.additionalProperties", "must be false")
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        raise schema_invalid(path, "needs an object `properties` and a list `required`")
    odd = sorted(set(properties) ^ set(map(str, required)))
    if odd:
        raise schema_invalid(f"{path}.required", f"must name every property and no other: {', '.join(odd)}")


def _parts(schema: Schema, path: str) -> Iterator[tuple[str, object]]:
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        yield from ((f"{path}.properties.{name}", part) for name, part in properties.items())
    if "items" in schema:
        yield f"{path}.items", schema["items"]
    for word in ("anyOf", "allOf"):
        variants = schema.get(word, [])
        if not isinstance(variants, list):
            raise schema_invalid(f"{path}.{word}", "must be a list")
        yield from ((f"{path}.{word}.{index}", part) for index, part in enumerate(variants))
