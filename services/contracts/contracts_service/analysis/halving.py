"""An answer that is longer than Claude may write: asked for about less at once, and put together."""

import json
from collections.abc import Sequence

from contracts_service.analysis.plan import Ask
from contracts_service.entries import ListSpec
from contracts_service.fields.answers import INSTRUCTIONS
from contracts_service.operations.model import GroupResult
from contracts_service.sections import Part, cut, most_tokens


def halves(one: Ask, text: str) -> list[Ask]:
    """The same question about smaller parts, cut at the document's own breaks."""
    piece = text[one.part.start : one.part.end]
    found = cut(piece, (), max(1, most_tokens(piece) * 2 // 3))
    start = one.part.start
    return [
        Ask(one.question, Part(start + part.start, start + part.end, part.number, part.count))
        for part in found
    ]


def together(one: Ask, spec: ListSpec, results: Sequence[GroupResult]) -> GroupResult:
    """Their entries as one answer to the question about the whole part."""
    answers = [json.loads(result.answer) for result in results]
    entries = [entry for answer in answers for entry in answer["entries"]]
    present = {entry["kind"] for entry in entries}
    told = dict.fromkeys(sentence for answer in answers for sentence in answer[INSTRUCTIONS])
    whole = {
        "answers": [],
        "entries": entries,
        "absent": [kind.code for kind in spec.kinds if kind.code not in present],
        INSTRUCTIONS: list(told),
    }
    last = results[-1]
    return GroupResult(
        group=one.key,
        answer=json.dumps(whole, ensure_ascii=False),
        model=last.model,
        simulated=last.simulated,
        cached=all(result.cached for result in results),
        cost_micro_usd=sum(result.cost_micro_usd for result in results),
        prompt_version=last.prompt_version,
    )
