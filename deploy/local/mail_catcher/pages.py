"""The pages: all mails, and one of them. Whatever a mail says is data here."""

import re
from collections.abc import Sequence
from html import escape

from mail_catcher.letters import Letter

_SOON = '<meta http-equiv="refresh" content="5">'
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/style.css"></head>
<body><main>{body}</main></body></html>
"""
_LINK = re.compile(r"https?://[^\s<>&\"]+")


def inbox(letters: Sequence[Letter]) -> str:
    """Looks again by itself."""
    rows = "".join(
        f'<li><a href="/mails/{escape(letter.id)}"><strong>{escape(letter.subject)}</strong>'
        f'<time class="quiet">{_moment(letter)}</time><span class="quiet">{escape(letter.to)}</span></a></li>'
        for letter in letters
    )
    body = "<h1>Mail</h1><p class=quiet>Nothing here has left this machine.</p>"
    body += f"<ol>{rows}</ol>" if rows else "<p>No mail has been sent yet.</p>"
    return _PAGE.format(title="Mail", head=_SOON, body=body)


def letter_page(letter: Letter) -> str:
    """As text, with its links, and as the recipient's program shows it."""
    parts, end = [], 0
    for link in _LINK.finditer(letter.text):
        parts += [escape(letter.text[end : link.start()]), _anchor(link[0])]
        end = link.end()
    parts.append(escape(letter.text[end:]))
    body = (
        f'<p><a href="/">All mail</a></p><h1>{escape(letter.subject)}</h1>'
        f"<p class=quiet>to {escape(letter.to)}, {_moment(letter)} UTC</p><pre>{''.join(parts)}</pre>"
        f'<iframe src="/mails/{escape(letter.id)}/html" title="The mail with its design"></iframe>'
    )
    return _PAGE.format(title=escape(letter.subject), head="", body=body)


def framed(letter: Letter) -> str:
    """Its links open outside of the frame."""
    return letter.html.replace("<body", '<base target="_blank"><body', 1)


def _anchor(link: str) -> str:
    return f'<a href="{escape(link)}" rel="noreferrer">{escape(link)}</a>'


def _moment(letter: Letter) -> str:
    return escape(letter.sent_at[:19].replace("T", " "))
