"""Evidence or nothing: proves what was claimed about a document from the document's own characters."""

from contracts_service.evidence.locate import Located, Place, locate
from contracts_service.evidence.model import Claim, DocumentText, Evidence, ExtractedValue, Status
from contracts_service.evidence.reasons import Doubt, Reason
from contracts_service.evidence.sentences import (
    QuoteEvidence,
    SentenceVerdict,
    locate_sentence_evidence,
    verify_sentence,
)
from contracts_service.evidence.stated import verify_stated
from contracts_service.evidence.values import Value, same
from contracts_service.evidence.verify import verify, verify_claim

__all__ = [
    "Claim",
    "DocumentText",
    "Doubt",
    "Evidence",
    "ExtractedValue",
    "Located",
    "Place",
    "QuoteEvidence",
    "Reason",
    "SentenceVerdict",
    "Status",
    "Value",
    "locate",
    "locate_sentence_evidence",
    "same",
    "verify",
    "verify_claim",
    "verify_sentence",
    "verify_stated",
]
