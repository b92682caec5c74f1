"""The sample agreement and its amendment as the reader's truthful answers, and true claims to lie about."""

import asyncio
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts_service.evidence import Claim, DocumentText
from contracts_service.evidence.locate import locate
from contracts_service.extraction.isolate import extract
from contracts_service.fields import FIELDS, AnswerState, FieldAnswer, Finding, Kind

from .lies import TrueClaim

FOLDER = Path(__file__).resolve().parents[4] / "deploy" / "local" / "sample"
_CODED = (Kind.ENUM, Kind.BOOLEAN)


@dataclass(frozen=True)
class Sample:
    """One document of the sample in one format, and the truth about each field of the catalogue."""

    document: DocumentText
    answers: dict[str, FieldAnswer]

    def true_claims(self) -> list[TrueClaim]:
        """Each finding with the figure in its quote; coded values have none."""
        return [
            _true_claim(self.document, Claim(name, answer.state, one.value, one.unit, one.quote))
            for name, answer in self.answers.items()
            if FIELDS[name].kind not in _CODED and answer.state is AnswerState.FOUND
            for one in answer.findings
        ]


@cache
def truth() -> dict[str, Any]:
    """The sample's truth file."""
    loaded: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text("utf-8"))
    return loaded


@cache
def load_sample(name: str, suffix: str) -> Sample:
    """Reads one of the sample's documents as an upload is read."""
    path = FOLDER / "documents" / f"{name}.{suffix}"
    read = asyncio.run(extract(path, filename=path.name, declared_type=""))
    document = DocumentText(read.text, read.pages, name, sha256(path.read_bytes()).hexdigest())
    fields = truth()["documents"][name]["fields"]
    return Sample(document, {field: _answer(entry) for field, entry in fields.items()})


def _answer(entry: dict[str, Any]) -> FieldAnswer:
    findings = (Finding(one["value"], one["unit"], one["quote"]) for one in entry["findings"])
    return FieldAnswer(AnswerState(entry["state"]), tuple(findings))


def _true_claim(document: DocumentText, claim: Claim) -> TrueClaim:
    (evidence,) = {place.evidence(document) for place in locate(document, claim.quote).places[:1]}
    stored = Claim(claim.field, claim.state, claim.value, claim.unit, evidence.quote)
    return TrueClaim(stored, evidence.char_start, _figure(claim, evidence.quote))


def _figure(claim: Claim, quote: str) -> str:
    kind = FIELDS[claim.field].kind
    if kind is Kind.DATE:
        return str(re.findall(r"[A-Z][a-z]+\s[0-9]{1,2},\s[0-9]{4}", quote)[-1])
    if kind in (Kind.TEXT, Kind.JURISDICTION):
        words = r"\s+".join(map(re.escape, claim.value.split()))
        return str(re.findall(words, quote, re.IGNORECASE)[0])
    amounts = (Decimal(claim.value), Decimal(claim.value) * 100)
    figures: list[str] = re.findall(r"(?<![\w.])[0-9][0-9,]*(?:\.[0-9]+)?", quote)
    return next(one for one in figures if Decimal(one.replace(",", "")) in amounts)
