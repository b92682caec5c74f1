"""What a list asks for: the kinds of its entries, and the attributes that an entry may state."""

from dataclasses import dataclass

from contracts_service.fields import Choice, FieldSpec, Kind

_RATES = "USD/"


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """One attribute of an entry.

    `kind` None is a measure: its unit says whether a quantity, a percentage, an amount of money or a rate.
    """

    name: str
    kind: Kind | None
    description: str
    units: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()

    def field(self, unit: str) -> FieldSpec:
        """The attribute as the verifier knows values, for a claim in this unit."""
        return FieldSpec(
            name=self.name,
            group="",
            kind=self.kind or _kind_of(unit),
            label=self.name,
            description=self.description,
            units=self.units,
            cues=(),
            choices=self.choices,
        )


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind of entry. `fallback` and `silence` are a playbook's: what should stand there, and how grave it
    is (a grade of the list) where the document has nothing of this kind."""

    code: str
    description: str
    fallback: str = ""
    silence: str = ""


@dataclass(frozen=True, slots=True)
class ListSpec:
    """One list: a question to Claude. `lead` says what an entry is, `text` what the reader says of it in his
    own words ("" for nothing), `grades` how he may judge it."""

    name: str
    lead: str
    kinds: tuple[KindSpec, ...]
    attributes: tuple[AttributeSpec, ...] = ()
    text: str = ""
    grades: tuple[str, ...] = ()
    #: What is added to the question: the edition of a playbook.
    edition: str = ""

    def kind(self, code: str) -> KindSpec | None:
        """The kind of that code."""
        return next((kind for kind in self.kinds if kind.code == code), None)


def text(name: str, description: str) -> AttributeSpec:
    """Words taken over from the document."""
    return AttributeSpec(name, Kind.TEXT, description, ("text",))


def day(name: str, description: str) -> AttributeSpec:
    """A calendar date."""
    return AttributeSpec(name, Kind.DATE, description, ("date",))


def money(name: str, description: str) -> AttributeSpec:
    """An amount of money."""
    return AttributeSpec(name, Kind.MONEY, description, ("USD", "EUR", "GBP", "KRW", "JPY"))


def share(name: str, description: str) -> AttributeSpec:
    """A percentage."""
    return AttributeSpec(name, Kind.PERCENT, description, ("%",))


def period(name: str, description: str) -> AttributeSpec:
    """A stretch of time."""
    return AttributeSpec(name, Kind.QUANTITY, description, ("days", "business days", "months", "years"))


def due(name: str, description: str) -> AttributeSpec:
    """A date relative to an event."""
    units = ("days", "business days", "months", "years")
    return AttributeSpec(name, Kind.RELATIVE_DATE, description, units)


def measure(name: str, description: str, *units: str) -> AttributeSpec:
    """A number whose unit says what it is."""
    return AttributeSpec(name, None, description, units)


def choice(name: str, description: str, **wordings: str) -> AttributeSpec:
    """One of fixed codes, each with the wording (a regular expression) that states it."""
    choices = tuple(Choice(code, (wording,)) for code, wording in wordings.items())
    return AttributeSpec(name, Kind.ENUM, description, ("enum",), choices)


def _kind_of(unit: str) -> Kind:
    if unit.startswith("%"):
        return Kind.PERCENT
    if unit.startswith(_RATES):
        return Kind.RATE
    return Kind.MONEY if len(unit) == 3 and unit.isupper() else Kind.QUANTITY
