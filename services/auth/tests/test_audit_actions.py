"""Every action that the code writes is in the list, and the list tells of no other."""

import ast
from pathlib import Path

import auth_service
from auth_service.audit_actions import ACTIONS
from service_runtime import auditing


def written() -> set[str]:
    """The third argument of every `audit.record`, which is always spelled out."""
    found = set()
    folders = [Path(str(package.__file__)).parent for package in (auth_service, auditing)]
    for file in (file for folder in folders for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                action = node.args[2]
                assert isinstance(action, ast.Constant), f"{file.name}:{node.lineno} does not spell it out"
                found.add(str(action.value))
    return found


def test_the_list_of_actions_is_the_code_s_own():
    assert written() == set(ACTIONS)


def test_every_action_is_told_in_a_sentence():
    assert all(told.endswith(".") and action.count(".") == 1 for action, told in ACTIONS.items())
