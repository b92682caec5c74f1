"""The one answer schema of all questions about a document, whether they ask for fields or for a list.

Claude's prompt cache is keyed by the schema too: another schema would be another prefix, and the document would be
paid for once more (docs/decisions/0001 and 0026).
"""

import json
from collections.abc import Mapping

from contracts_service.entries import ENTRY_FORM
from contracts_service.fields import ANSWER_SCHEMA


def _whole() -> dict[str, object]:
    fields = ANSWER_SCHEMA["properties"]
    if not isinstance(fields, Mapping):
        raise TypeError("the schema of fields has no properties")
    properties = {**fields, **ENTRY_FORM}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SCHEMA = json.dumps(_whole(), sort_keys=True)
