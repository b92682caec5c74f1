"""An organization's web client: REST through Envoy, plain JSON."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".txt": "text/plain",
}
PASSWORD = "correct horse battery staple 7"
PATIENCE_SECONDS = 60.0
_VERIFY = re.compile(r"/account/verify\?token=(\S+)")


class WebClient:
    """Signed in as somebody of one organization. Methods give the answer's JSON, or the whole response."""

    def __init__(self, url: str, token: str, subject: str, organization: str) -> None:
        self.http = httpx.Client(
            base_url=url, trust_env=False, timeout=60, headers={"authorization": f"Bearer {token}"}
        )
        self.token, self.subject, self.organization = token, subject, organization

    @classmethod
    def register(cls, url: str) -> "WebClient":
        """The owner of a new organization."""
        body = {
            "display_name": f"Organization {uuid.uuid4()}", "email": f"{uuid.uuid4()}@example.com",
            "password": PASSWORD, "owner_display_name": "Owner",
        }  # fmt: skip
        answer = httpx.post(f"{url}/v1/organizations:register", json=body, trust_env=False, timeout=60)
        made = answer.raise_for_status().json()
        return cls(url, made["tokens"]["access_token"], made["owner"]["name"], made["organization"]["name"])

    def colleague(self, role: str) -> "WebClient":
        """A new user of the same organization with this role, signed in."""
        email = f"{uuid.uuid4()}@example.com"
        body = {"user": {"email": email, "display_name": role, "roles": [role]}, "password": PASSWORD}
        user = self.post("/v1/users", body).raise_for_status().json()
        signed_in = (
            self.post("/v1/auth:login", {"email": email, "password": PASSWORD}).raise_for_status().json()
        )
        url = str(self.http.base_url).rstrip("/")
        return WebClient(url, signed_in["tokens"]["access_token"], user["name"], self.organization)

    def confirmed(self, mail: str) -> "WebClient":
        """The same, who has followed the link in the mail; `mail` is the URL of the mail page."""
        email, end = (
            self.get("/v1/me").raise_for_status().json()["email"],
            time.monotonic() + PATIENCE_SECONDS,
        )
        while time.monotonic() < end:
            letters = httpx.get(f"{mail}/mails.json", params={"to": email}, trust_env=False).json()
            if links := [found for letter in letters if (found := _VERIFY.search(letter["text"]))]:
                self.post("/v1/accounts:verifyEmail", {"token": links[0][1]}).raise_for_status()
                return self
            time.sleep(0.02)
        raise TimeoutError(f"no mail came for {email}")

    def get(self, path: str, **params: object) -> httpx.Response:
        return self.http.get(path, params={name: str(value) for name, value in params.items()})

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(path, json=body)

    def put(self, path: str, body: object) -> httpx.Response:
        return self.http.put(path, json=body)

    def send(self, content: bytes, filename: str, **params: str) -> httpx.Response:
        """Uploads, as whatever the name's ending says."""
        media_type = MEDIA_TYPES.get(Path(filename).suffix, "application/octet-stream")
        headers = {"content-type": media_type}
        return self.http.post(
            "/v1/contracts:upload", params={"filename": filename, **params}, content=content, headers=headers
        )

    def upload(self, content: bytes, filename: str = "agreement.txt", **params: str) -> dict[str, Any]:
        """The contract that the file became."""
        contract: dict[str, Any] = (
            self.send(content, filename, **params).raise_for_status().json()["contract"]
        )
        return contract

    def analyze(self, name: str) -> str:
        """The operation's name."""
        return str(self.post(f"/v1/{name}:analyze", {}).raise_for_status().json()["name"])

    def operation(self, name: str) -> dict[str, Any]:
        operation: dict[str, Any] = self.get(f"/v1/{name}").raise_for_status().json()
        return operation

    def until(self, name: str, reached: str = "done", seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The operation when it is `done`, or when some of its groups are answered (`reached="begun"`)."""
        end = time.monotonic() + seconds
        while True:
            try:
                operation = self.operation(name)
            except httpx.HTTPError:
                operation = {}  # a part of the mesh is away: that is what crash tests are about
            begun = any(group["done"] for group in operation.get("metadata", {}).get("groups", []))
            if operation.get("done") or (reached == "begun" and begun):
                return operation
            if time.monotonic() > end:
                raise TimeoutError(json.dumps(operation))
            time.sleep(0.02)

    def finished(self, name: str) -> dict[str, Any]:
        """Analyzes the contract; the operation when it is done."""
        return self.until(self.analyze(name))

    def values(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """By field, each with all its values."""
        found: dict[str, list[dict[str, Any]]] = {}
        for value in self.get(f"/v1/{name}/values", page_size=500).raise_for_status().json()["values"]:
            found.setdefault(value["field"], []).append(value)
        return found

    def ask(self, name: str, question: str) -> Iterator[dict[str, Any]]:
        """The events of the answer as they come."""
        with self.http.stream("POST", f"/v1/{name}:ask", json={"question": question}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))


def reason(answer: httpx.Response) -> str:
    """The ErrorInfo reason of an error; every error must be a google.rpc.Status in JSON."""
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    status = answer.json()
    assert isinstance(status["code"], int)
    assert status["message"]
    info = next(detail for detail in status["details"] if detail["@type"].endswith("/google.rpc.ErrorInfo"))
    assert info["domain"] == "bloom"
    return str(info["reason"])
