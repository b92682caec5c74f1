"""scim2-tester's whole catalogue against the running service."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import scim2_tester.filling
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server


@pytest.fixture
def _emails_as_user_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tester makes up a UUID for every text; here a userName is an e-mail."""
    made_up = scim2_tester.filling.generate_random_value

    def value(context: Any, path: Any, *arguments: Any, **options: Any) -> Any:
        if str(path).endswith("userName"):
            return f"{uuid4().hex}@mail.example"
        return made_up(context, path, *arguments, **options)

    monkeypatch.setattr(scim2_tester.filling, "generate_random_value", value)


@pytest.mark.usefixtures("_emails_as_user_names")
async def test_the_service_passes_every_check_of_scim2_tester(organization):
    results = await asyncio.to_thread(checked, organization)
    failed = [
        (result.title, result.resource_type, result.reason)
        for result in results
        if result.status not in (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE, Status.SKIPPED)
    ]
    skipped = [(result.title, result.reason) for result in results if result.status is Status.SKIPPED]
    assert not failed
    # Only the search over users and groups at once, which is not offered.
    assert {title for title, _ in skipped} <= {"search_with_attributes"}, skipped
    assert len(results) > 40


def checked(organization: Any) -> list[Any]:
    headers = {"authorization": f"Bearer {organization.key}"}
    with httpx2.Client(base_url=organization.service.url, headers=headers, timeout=20) as http:
        return list(check_server(SyncSCIMClient(http)))
