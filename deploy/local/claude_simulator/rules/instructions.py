"""Sentences in a document that address the AI reading it: reported word for word, never obeyed."""

import re

_READER = (
    r"(?:\bA\.?I\.?\b|artificial\s+intelligence|language\s+models?|\bLLMs?\b|chat\s?bots?|\bassistants?\b"
    r"|automated\s+(?:reader|reviewer|agent|tool|system)s?|machine\s+readers?)"
)
_READING = r"(?:read|review|process|analy[sz]|summari[sz]|extract|pars|interpret|evaluat|ingest)\w*"
_ADDRESS = re.compile(
    rf"\b(?:ignore|disregard|forget|override)\b[^.]{{0,60}}\b(?:previous|prior|earlier|above|preceding|your)\b"
    r"[^.]{0,40}\b(?:instructions?|prompts?|rules|directions)"
    rf"|{_READER}[^.]{{0,80}}\b{_READING}[^.]{{0,40}}\b(?:this|the)\s+(?:document|agreement|contract|text|file)"
    rf"|{_READER}[^.]{{0,60}}\b(?:must|should|shall|are\s+(?:instructed|directed|requested)|is\s+(?:instructed|to))\b"
    r"[^.]{0,60}\b(?:report|answer|respond|output|return|state|treat|ignore|conclude|mark|reply)"
    r"|\bas\s+an?\s+(?:AI|artificial\s+intelligence|large\s+language|language)\s*(?:model|assistant|system)?"
    r"|\byou\s+are\s+(?:now\s+)?an?\s+(?:AI|artificial|language|helpful)\b"
    r"|\b(?:your\s+)?system\s+prompt\b",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(r"[.!?][\"”’')\]]*\s+|\n\s*\n|\f")


def instructions_to_reader(document: str) -> list[str]:
    """Each such sentence, verbatim and in order."""
    found: dict[str, None] = {}
    for sentence in _sentences(document):
        if _ADDRESS.search(sentence):
            found.setdefault(sentence)
    return list(found)


def _sentences(document: str) -> list[str]:
    start, sentences = 0, []
    for boundary in _BOUNDARY.finditer(document):
        sentences.append(document[start : boundary.end()].strip())
        start = boundary.end()
    return [*sentences, document[start:].strip()]
