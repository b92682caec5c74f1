"""States and countries whose law a contract may choose, and where a text chooses one."""

import re

_STATES = """
Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|District of Columbia|Florida|Georgia
|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota
|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina
|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Puerto Rico|Rhode Island|South Carolina|South Dakota
|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming
"""
_ELSEWHERE = """
Alberta|British Columbia|Ontario|Quebec|Canada|Mexico|England and Wales|England|Scotland|Ireland|France
|Germany|Italy|Spain|Netherlands|Switzerland|Republic of Korea|Korea|Japan|Singapore|Hong Kong|India|Israel
|Taiwan|People's Republic of China|New South Wales|Australia|United Arab Emirates
"""
NAMES = tuple(name.strip() for name in f"{_STATES}|{_ELSEWHERE}".split("|"))
_CANONICAL = {name.lower(): name for name in NAMES}
_ANY_NAME = "|".join(sorted(NAMES, key=len, reverse=True)).replace(" ", r"\s+")
_KIND = r"(?:state|commonwealth|province|republic)"
_THE_LAW = r"(?:the\s+)?(?:laws?\s+of\s+)?(?:the\s+)?"
_CHOICE = re.compile(
    rf"\blaws?\s+of\s+(?:the\s+)?(?:{_KIND}\s+of\s+)?(?P<name>{_ANY_NAME})\b"
    rf"|\b(?:by|under|with)\s+{_THE_LAW}(?P<law_of>{_ANY_NAME})\s+laws?\b",
    re.IGNORECASE,
)
_PREFIX = re.compile(rf"^(?:the\s+)?(?:{_KIND}\s+of\s+)?", re.IGNORECASE)


def chosen_laws(text: str) -> list[tuple[str, int, int]]:
    """The jurisdictions whose law `text` names as such: (plain name, start, end)."""
    return [
        (_canonical(match["name"] or match["law_of"]), match.start(), match.end())
        for match in _CHOICE.finditer(text)
    ]


def plain_name(claimed: str) -> str | None:
    """The plain name of a jurisdiction ("State of New York" is "New York"), or None for one unknown."""
    words = " ".join(claimed.split())
    return _CANONICAL.get(words.lower()) or _CANONICAL.get(_PREFIX.sub("", words).lower())


def _canonical(found: str) -> str:
    return _CANONICAL[" ".join(found.split()).lower()]
