"""docs/security/rules.md says what is so: its figures, ways, limits and lists are those of the code."""

import ast
import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from ai_gateway.settings import AiGatewaySettings
from auth_service.passwords import strength
from auth_service.settings import AuthSettings
from contracts_service.extraction.limits import Limits
from contracts_service.settings import ContractsSettings
from rest_gateway.settings import GatewaySettings
from tests.security.schema import METHODS
from tests.security.test_schema import fields_of
from tests.security.test_source import imported
from web_gateway.settings import WebSettings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security" / "rules.md").read_text(encoding="utf-8")
SETTINGS: tuple[type[BaseSettings], ...] = (
    AuthSettings,
    ContractsSettings,
    AiGatewaySettings,
    GatewaySettings,
    WebSettings,
)
CRYPTOGRAPHY = {"hashlib", "hmac", "secrets", "cryptography", "joserfc", "argon2", "webauthn", "ssl", "crypt"}


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


FIGURES = [
    (cells[1].strip("`"), cells[2])
    for title in ("Limits on tries", "Sessions and tokens", "Limits on work")
    for cells in rows(title)
]


@pytest.mark.parametrize(("name", "told"), FIGURES)
def test_a_setting_is_what_it_is_said_to_be(name: str, told: str):
    defaults = {
        str(kind.model_fields[name.lower()].get_default(call_default_factory=True))
        for kind in SETTINGS
        if name.lower() in kind.model_fields
    }
    assert defaults == set(told.split(" or "))


def test_limits_of_a_file_are_what_they_are_said_to_be():
    told = {cells[1].strip("`"): cells[2] for cells in rows("Files")}
    assert len(told) > 5
    assert told == {name: str(getattr(Limits(), name)) for name in told}


def test_figures_of_passwords_are_those_of_the_code():
    said = section("Passwords")
    assert f"{strength.MINIMUM_LENGTH} to 256 characters" in said
    assert f"fewer than {strength._OWN_CHARACTERS} characters of one's own" in said
    assert f"from {strength._SHORTEST_NAME} letters on" in said


def test_every_way_to_a_token_is_told():
    giving = {
        rpc.name
        for rpc in METHODS
        if any("access_token" in field.name for field in fields_of(rpc.descriptor.output_type))
    }
    assert {cells[0].strip("`") for cells in rows("Ways to a token")} == giving


def test_every_connection_is_told():
    """A setting that is an address or a URL is a place that somebody connects to."""
    told = {cells[0]: set(re.findall(r"`(\w+)`", cells[1])) for cells in rows("Connections")}
    for process, kind in (
        ("auth", AuthSettings),
        ("contracts", ContractsSettings),
        ("gateway", GatewaySettings),
    ):
        places = {
            name.upper()
            for name in kind.model_fields
            if name.endswith(("_address", "_url", "_endpoint"))
            and name not in ("listen_address", "public_url")
        }
        assert told[process] == places - ({"AUTH_ADDRESS"} if process == "auth" else set())


def test_every_use_of_cryptography_is_told():
    using = {path for path, name in imported() if name.partition(".")[0] in CRYPTOGRAPHY}
    assert {cells[0].strip("`") for cells in rows("Cryptography")} == using


def test_the_actions_and_the_destinations_are_where_they_are_said_to_be():
    for path in (
        "services/auth/auth_service/audit_actions.py",
        "services/ai-gateway/ai_gateway/claude/destination.py",
    ):
        ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert path.rpartition("/")[2] in TEXT


def test_logs_go_nowhere_else():
    """One handler of the standard output; no file, no socket, no syslog."""
    for folder in ("services", "gateway"):
        for path in (ROOT / folder).rglob("*.py"):
            if "tests" not in path.parts:
                text = path.read_text(encoding="utf-8")
                assert not re.search(r"\b(File|Socket|SysLog|HTTP|SMTP|Rotating\w*)Handler\(", text), path
