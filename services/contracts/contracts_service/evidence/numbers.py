"""Numbers as contracts write them, in figures and in words, each with its place in the text."""

from contracts_service.evidence.figures import figures
from contracts_service.evidence.number import Number
from contracts_service.evidence.number_words import worded


def numbers(text: str) -> list[Number]:
    """Every number of `text` in the order in which they stand."""
    in_figures = list(figures(text))
    taken = {place for figure in in_figures for place in range(figure.start, figure.end)}
    words = [number for number in worded(text) if number.start not in taken]
    return sorted([*in_figures, *words], key=lambda number: number.start)
