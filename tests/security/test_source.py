"""What the product's own source must not do, read from its syntax; comments and tests are left out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = (
    "services/runtime/service_runtime", "services/auth/auth_service", "services/contracts/contracts_service",
    "services/ai-gateway/ai_gateway", "gateway/rest_gateway", "gateway/http_process",
    "gateway/scim_gateway", "gateway/web_gateway",
)  # fmt: skip
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
# Their formats carry code, or names of it.
RUNNING_FORMATS = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "cloudpickle"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput"}
STATEMENTS = {"execute", "executemany", "fetch", "fetchrow", "fetchval", "cursor", "prepare"}
SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|GRANT|LOCK|SET|NOTIFY|LISTEN)\b")
WEAK = re.compile(r"(?i)\b(md5|sha1|ecb|des3?|tripledes|arc4|rc4|blowfish|pkcs1v15)\b")
# RFC 6238: every authenticator app counts with HMAC-SHA-1, whose collisions are of no use to anybody.
# And Valkey calls a script by the SHA-1 of its text, which is ours.
ALLOWED_WEAK = {
    "services/auth/auth_service/factors/totp.py": {"sha1"},
    "services/ai-gateway/ai_gateway/valkey.py": {"sha1"},
}
# How long to wait, so that many do not come at once; nobody gains by guessing it.
WAITS = {
    "services/contracts/contracts_service/analysis/faults.py", "services/ai-gateway/ai_gateway/claude/key.py",
    "services/ai-gateway/ai_gateway/claude/retries.py", "services/ai-gateway/ai_gateway/batches/times.py",
}  # fmt: skip


@cache
def trees() -> dict[str, ast.Module]:
    """By their paths from the root."""
    found = {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for folder in PRODUCT
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "_pb2" not in path.name
    }
    assert len(found) > 200
    return found


def nodes(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[str, ast.AST]]:
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield path, node


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Each call with what it calls, as it is written."""
    for path, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        yield path, node, ast.unparse(node.func)


def imported() -> Iterator[tuple[str, str]]:
    for path, node in nodes((ast.Import, ast.ImportFrom)):
        if isinstance(node, ast.Import):
            yield from ((path, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield path, node.module or ""


def test_no_text_is_run_as_code():
    assert not [(path, node.lineno) for path, node, name in calls() if name in RUNS_TEXT]
    assert not [use for use in imported() if use[1].partition(".")[0] in RUNNING_FORMATS]
    assert not [
        (path, node.lineno) for path, node, name in calls() if name in ("yaml.load", "yaml.full_load")
    ]


def test_no_program_is_started_through_a_shell():
    assert not [(path, node.lineno) for path, node, name in calls() if name in SHELLS or "_shell" in name]
    for path, node, name in calls():
        assert not [word for word in node.keywords if word.arg == "shell"], (path, node.lineno, name)


def of_this_module_alone(path: str, value: ast.expr) -> bool:
    """A constant by its name, or one of those that were looked at by hand."""
    name = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
    return name.lstrip("_").isupper() or name in LOOKED_AT.get(path, ())


def is_a_number(part: ast.FormattedValue) -> bool:
    """Written with `:d`, which takes nothing else."""
    return part.format_spec is not None and ast.unparse(part.format_spec) == "f'd'"


LOOKED_AT = {
    # Ids that are UUID objects, and names of keyword arguments in the source: SET takes no arguments.
    "services/runtime/service_runtime/postgres.py": ("org_id", "name", "value", "local"),
    "services/runtime/service_runtime/readers.py": ("org_id",),
    "services/contracts/contracts_service/operations/store.py": ("of_contracts",),
    "services/contracts/contracts_service/search/store.py": ("condition",),
    "services/auth/auth_service/provisioning/groups/store.py": ("where", "columns"),
    "services/auth/auth_service/provisioning/users/store.py": ("where",),
    # One of several texts that stand in the same module.
    "services/auth/auth_service/api_keys/store.py": ("own", "table", "fixed", "custom"),
    "services/ai-gateway/ai_gateway/batches/leases.py": ("table", "key"),
    "services/ai-gateway/ai_gateway/money/budgets.py": ("table",),
    # Conditions and assignments of known columns, joined; what they are compared with travels as arguments.
    "services/contracts/contracts_service/contracts/store.py": ("where", "reach", "assignments"),
    "services/contracts/contracts_service/contradictions/store.py": ("reach",),
    "services/contracts/contracts_service/exports/store.py": ("condition",),
    # The name of a counter, one of those that stand in the same module.
    "services/contracts/contracts_service/imports/store.py": ("column",),
    "services/contracts/contracts_service/family/store.py": ("condition",),
    "services/contracts/contracts_service/keeping/store.py": ("condition",),
    "services/contracts/contracts_service/grid/store.py": ("condition", "marks", "changed"),
}
PUT_TOGETHER = {"services/ai-gateway/ai_gateway/batches/parts.py": "_SET.format(what)"}


def test_no_statement_is_put_together_of_what_callers_say():
    """Values travel as arguments; only columns and conditions that stand in the source are joined in."""
    checked = 0
    for path, node in nodes(ast.JoinedStr):
        assert isinstance(node, ast.JoinedStr)
        first = node.values[0] if node.values else None
        if isinstance(first, ast.Constant) and SQL.match(str(first.value)):
            checked += 1
            for part in node.values:
                if isinstance(part, ast.FormattedValue) and not is_a_number(part):
                    assert of_this_module_alone(path, part.value), (path, node.lineno, ast.unparse(part))
    assert checked > 20
    for path, node, name in calls():
        if name.rpartition(".")[2] in STATEMENTS and "onnection" in name and node.args:
            put_together = isinstance(node.args[0], ast.BinOp | ast.Call)
            allowed = ast.unparse(node.args[0]) == PUT_TOGETHER.get(path)
            assert allowed or not put_together, (path, node.lineno)


def test_no_weak_hash_and_no_weak_cipher():
    for path, node in nodes((ast.Name, ast.Attribute, ast.Constant)):
        text = getattr(node, "id", getattr(node, "attr", getattr(node, "value", "")))
        weak = {word.lower() for word in WEAK.findall(text)} if isinstance(text, str) else set()
        if weak and len(str(text)) < 40:
            assert weak <= ALLOWED_WEAK.get(path, set()), (path, getattr(node, "lineno", 0), text)


def test_what_must_not_be_guessed_is_not_made_by_the_other_random():
    assert {path for path, name in imported() if name == "random"} == WAITS


def test_every_certificate_is_checked():
    for path, node, name in calls():
        assert "_create_unverified" not in name, path
        for word in node.keywords:
            off = isinstance(word.value, ast.Constant) and word.value.value is False
            assert not (word.arg in ("verify", "verify_ssl", "ssl", "check_hostname") and off), (
                path,
                node.lineno,
            )
    assert not [path for path, node in nodes(ast.Attribute) if getattr(node, "attr", "") == "CERT_NONE"]


# Texts of the source that are held in a table, or given as an argument by the next line.
OWN_FORMATS = {"_WIRE_FORM[spec.kind]", "details", "condition"}
# Parts of patterns that are ours: joined words of a table, a length, a cue of the same module.
OWN_PATTERNS = {
    "'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))", "''.join(_TYPOGRAPHY)", "length - 1",
    "Kind.SEAL", "cue", "'|'.join(sorted(CURRENCIES))",
}  # fmt: skip
# Its own words, each escaped in the line before.
ESCAPED = {("services/contracts/contracts_service/evidence/candidates.py", "literal")}
PATTERNS = {f"re.{way}" for way in ("compile", "match", "search", "fullmatch", "sub", "split", "findall")}


def is_constant(text: str) -> bool:
    return text.split(" ")[0].lstrip("_").isupper()


def test_no_text_from_outside_is_a_format():
    for path, node, name in calls():
        if name.endswith((".format", ".format_map")) and name != "super().format":
            assert isinstance(node.func, ast.Attribute)
            text = ast.unparse(node.func.value)
            ours = isinstance(node.func.value, ast.Constant) or is_constant(text) or text in OWN_FORMATS
            assert ours, (path, node.lineno, text)


def test_no_pattern_is_made_of_a_callers_text():
    for path, node, name in calls():
        if name not in PATTERNS:
            continue
        for part in ast.walk(node.args[0]):
            if isinstance(part, ast.FormattedValue):
                text = ast.unparse(part.value)
                ours = text.startswith("re.escape(") or is_constant(text) or text in OWN_PATTERNS
                assert ours or (path, text) in ESCAPED, (path, node.lineno, text)


@pytest.mark.parametrize("table", ["accounts", "users", "service_accounts", "api_keys", "organizations"])
def test_no_migration_makes_somebody(table):
    migrations = list((ROOT / "services").rglob("migrations/*.sql"))
    assert len(migrations) > 5
    for path in migrations:
        assert not re.search(rf"(?i)insert\s+into\s+{table}\b", path.read_text()), path.name


def test_every_part_is_pinned_with_its_hashes():
    for name in ("requirements.lock", "requirements.bootstrap.lock"):
        lines = (ROOT / name).read_text().splitlines()
        parts = [at for at, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]
        assert parts
        for at in parts:
            assert re.match(r"[a-z0-9][\w.-]*==[^ ]+", lines[at]), lines[at]
            assert "--hash=sha256:" in lines[at + 1], lines[at]
