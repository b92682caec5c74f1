"""The API reference page: one static file, and the policy that lets a browser run it and nothing else."""

import base64
import hashlib
from importlib import resources

_PARTS = resources.files("rest_gateway") / "reference"


def reference_page() -> str:
    """The page with its style and script inside; it reads /openapi.json itself."""
    page = (_PARTS / "page.html").read_text()
    return page.replace("/*STYLE*/", _style()).replace("/*SCRIPT*/", _script())


def _style() -> str:
    return (_PARTS / "style.css").read_text()


def _script() -> str:
    return (_PARTS / "script.js").read_text()


def _digest(source: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() + "'"


def pages_csp() -> str:
    """Only this style, this script, and this origin's own description of the API."""
    return (
        f"default-src 'none'; script-src {_digest(_script())}; style-src {_digest(_style())}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
