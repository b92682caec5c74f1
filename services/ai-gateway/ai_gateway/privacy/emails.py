"""Finds e-mail addresses: outwards from each `@`, at most so far as an address can reach."""

import re
from collections.abc import Iterator

from ai_gateway.privacy.finds import Find
from ai_gateway.privacy.placeholders import Kind

# RFC 5321, 4.5.3.1: 64 octets before the @. Applied to the text before it, read backwards.
_MOST_LOCAL = 64
_LOCAL_BACKWARDS = re.compile(r"""[\w.!#$%&'*+/=?^`{|}~-]{1,64}|"[^"\r\n]{1,62}\"""")
# Labels of letters of any script, digits and inner hyphens; the last has no digits, or is in punycode.
_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,63})", re.IGNORECASE
)
# Quotes and Markdown around an address are not part of it, though the RFC would have them.
_AROUND = ".!#$%&'*+/=?^`{|}~-_"


def find_emails(text: str) -> Iterator[Find]:
    """Every address; a text of nothing but `@` costs no more than its length."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1)
        if domain is not None:
            local = _LOCAL_BACKWARDS.match(text[max(at - _MOST_LOCAL, 0) : at][::-1])
            name = local[0][::-1].lstrip(_AROUND) if local is not None else ""
            if name:
                yield Find(at - len(name), domain.end(), Kind.EMAIL)
        at = text.find("@", at + 1)
