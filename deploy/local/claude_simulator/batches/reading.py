"""Reads what a batch is created from; what its items ask is looked at only when they are answered."""

import re
from collections import Counter
from collections.abc import Mapping

from claude_simulator.batches.batch import Item
from claude_simulator.problems import invalid

_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_LONGEST_ID = 64


def read_items(body: Mapping[str, object], most: int) -> tuple[Item, ...]:
    """The items; a 400 RefusalError unless there are 1 to `most` of them with ids of their own."""
    requests = body.get("requests")
    if requests is None:
        raise invalid("requests: Field required")
    if not isinstance(requests, list):
        raise invalid("requests: Input should be a valid list")
    if not requests:
        raise invalid("requests: List should have at least 1 item after validation, not 0")
    if len(requests) > most:
        raise invalid(
            f"requests: List should have at most {most} items after validation, not {len(requests)}"
        )
    items = tuple(_item(index, request) for index, request in enumerate(requests))
    custom_id, times = Counter(item.custom_id for item in items).most_common(1)[0]
    if times > 1:
        raise invalid(f"requests: custom_id must be unique within a batch, found {times} times: {custom_id}")
    return items


def _item(index: int, request: object) -> Item:
    where = f"requests.{index}"
    if not isinstance(request, Mapping):
        raise invalid(f"{where}: Input should be a valid dictionary")
    if unknown := request.keys() - {"custom_id", "params"}:
        raise invalid(f"{where}.{min(unknown)}: Extra inputs are not permitted")
    for name in ("custom_id", "params"):
        if name not in request:
            raise invalid(f"{where}.{name}: Field required")
    if not isinstance(request["params"], Mapping):
        raise invalid(f"{where}.params: Input should be a valid dictionary")
    return Item(_custom_id(where, request["custom_id"]), request["params"])


def _custom_id(where: str, value: object) -> str:
    if not isinstance(value, str):
        raise invalid(f"{where}.custom_id: Input should be a valid string")
    if len(value) > _LONGEST_ID:
        raise invalid(f"{where}.custom_id: String should have at most {_LONGEST_ID} characters")
    if not _CUSTOM_ID.fullmatch(value):
        raise invalid(f"{where}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
    return value
