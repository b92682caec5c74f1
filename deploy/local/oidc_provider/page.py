"""The page where a browser chooses who it is."""

from collections.abc import Iterable, Mapping
from html import escape

from oidc_provider.people import Person

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>Who are you?</h1>
<p>This provider is for local work: it asks for no password.</p>
<form method="get" action="/authorize">{hidden}{buttons}</form></main></body></html>"""


def choice(asked: Mapping[str, str], people: Iterable[Person]) -> str:
    """A form with a button for each person, which carries all that was asked."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    buttons = "".join(
        f'<p><button name="person" value="{escape(person.subject)}">'
        f"{escape(person.name)} ({escape(person.email)})</button></p>"
        for person in people
    )
    return _PAGE.format(hidden=hidden, buttons=buttons)
