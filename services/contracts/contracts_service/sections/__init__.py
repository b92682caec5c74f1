"""Sections: a document of any length cut along its own headings into parts that fit one request."""

from contracts_service.sections.cut import Part, cut
from contracts_service.sections.tokens import most_tokens

__all__ = ["Part", "cut", "most_tokens"]
