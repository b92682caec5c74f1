"""Which list a question asks for: its name, its kinds, and the attributes and grades of its entries."""

import re
from dataclasses import dataclass

_NAME = re.compile(r'make the list "(\w+)"')
_KIND = re.compile(r"^\* ([^:\n]+): ", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^\+ (\w+): (.*)$", re.MULTILINE)
_GRADES = re.compile(r"In grade give your judgement, one of ([A-Z_, ]+)\.")
_TEXT = re.compile(r"In text say, in one sentence")


@dataclass(frozen=True)
class AskedList:
    """A list as the question describes it; `attributes` are names with the wording that describes each."""

    name: str
    kinds: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    grades: tuple[str, ...]
    with_text: bool


def asked_list(question: str) -> AskedList | None:
    """None for a question that asks for none."""
    name = _NAME.search(question)
    if name is None:
        return None
    grades = _GRADES.search(question)
    return AskedList(
        name[1],
        tuple(_KIND.findall(question)),
        tuple((one[0], one[1]) for one in _ATTRIBUTE.findall(question)),
        tuple(grades[1].split(", ")) if grades else (),
        _TEXT.search(question) is not None,
    )
