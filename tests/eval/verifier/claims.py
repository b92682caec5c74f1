"""Claims put to the verifier, as the readers of fields, of lists and of questions put them."""

from dataclasses import dataclass

from contracts_service.entries.spec import AttributeSpec, day, measure, money, period
from contracts_service.evidence import (
    Claim,
    DocumentText,
    Status,
    locate,
    verify_claim,
    verify_sentence,
    verify_stated,
)
from contracts_service.fields import AnswerState

_SHARES = ("%", "%/month", "%/year", "% LHV", "% HHV", "% NAMEPLATE")
_ATTRIBUTES: dict[str, AttributeSpec] = {
    "PERIOD": period("period", ""),
    "MONEY": money("amount", ""),
    "POWER": measure("amount", "", "kW", "MW", "kWh", "MWh", "V", "BTU/kWh"),
    "PERCENT": measure("share", "", *_SHARES),
    "DATE": day("day", ""),
}


@dataclass(frozen=True)
class Told:
    """A claim about a document, and the kind of lie or truth it is.

    With a `field` it is one of the catalogue's; else of an attribute of that `of`, which is taken to be near
    its entry; or, where there is a `sentence`, that sentence of an answer with its quote.
    """

    kind: str
    document: DocumentText
    field: str
    of: str
    value: str
    unit: str
    quote: str
    sentence: str = ""

    def verdict(self) -> tuple[bool, str]:
        """Whether the verifier believes it, and its reason where not."""
        if self.sentence:
            said = verify_sentence(self.document, self.sentence, [self.quote])
            return said.verified, said.doubt.code.value if said.doubt else ""
        if self.field:
            claim = Claim(self.field, AnswerState.FOUND, self.value, self.unit, self.quote)
            entry = verify_claim(self.document, claim)
        else:
            spec = _ATTRIBUTES[self.of].field(self.unit)
            places = locate(self.document, self.quote).places
            entry = verify_stated(self.document, spec, (self.value, self.unit, self.quote), places)
        return entry.status is Status.VERIFIED, entry.reason
