"""A text with scanners' misreadings levelled: for finding a passage to look at, never for proving one."""

import re

from contracts_service.evidence.normalize import Rewritten, rewrite

# Characters that scanners take for each other, each class by one of them; spaces and marks are lost.
_LEVELLED = re.compile(
    r"(?P<m>rn|nn)|(?P<w>vv)|(?P<d>c[il1|!])|(?P<i>[1l|!])|(?P<o>0)|(?P<s>5)|(?P<b>8)|(?P<g>[69q])|[^a-z0-9]+"
)
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def skeleton(text: str) -> Rewritten:
    """The letters and digits that are left, with the way back to `text`."""
    lower = text.translate(_ASCII_LOWER)
    return rewrite(lower, ((*match.span(), match.lastgroup or "") for match in _LEVELLED.finditer(lower)))
