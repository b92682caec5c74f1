"""What is secret is in no log and in no trace."""

import json
from pathlib import Path

from sample import DOCUMENTS
from tests.support.client import PASSWORD, WebClient
from tests.support.mesh import RunningMesh


def test_no_secret_and_no_contract_text_is_written_down(mesh: RunningMesh):
    owner = WebClient.register(mesh.info.rest)
    contract = owner.upload((DOCUMENTS / "agreement.pdf").read_bytes(), "agreement.pdf")
    owner.finished(contract["name"])
    list(owner.ask(contract["name"], "When must the buyer pay an invoice?"))
    owner.post("/v1/auth:login", {"email": "nobody@example.com", "password": "a-wrong-password-1"})
    credentials = json.loads((mesh.folder / "secrets.json").read_text())
    secrets = {
        "the password": PASSWORD,
        "a wrong password": "a-wrong-password-1",
        "the access token": owner.token,
        "the contract's text": "Wrenfield Valley Health System",
        "the question": "When must the buyer pay",
        "the signing secret": credentials["jwt"],
        **{f"the secret of {name}": secret for name, secret in credentials["workloads"].items()},
        **{f"the password of {name}": secret for name, secret in credentials["apps"].items()},
    }
    for path in written(mesh.folder):
        text = path.read_text(errors="replace")
        for name, secret in secrets.items():
            assert secret not in text, f"{name} is in {path.name}"


def written(folder: Path) -> list[Path]:
    """All logs, and the traces."""
    found = [*(folder / "logs").iterdir(), *folder.glob("traces*.jsonl")]
    assert len(found) > 8
    return found
