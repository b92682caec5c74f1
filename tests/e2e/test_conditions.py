"""A role for some contracts only, from the REST call that makes it to the contracts that it opens."""

import uuid

from tests.support.client import WebClient, reason


def text() -> bytes:
    return f"An agreement {uuid.uuid4()} for a term of ten (10) years.".encode()


def clerk(owner: WebClient, conditions: dict[str, object], *departments: str) -> WebClient:
    """A member whose one custom role reads, writes and analyzes contracts under these conditions."""
    permissions = [f"PERMISSION_CONTRACTS_{name}" for name in ("READ", "WRITE", "ANALYZE")]
    body = {"display_name": "clerks", "permissions": permissions, "conditions": conditions}
    role = owner.post("/v1/roles", body).raise_for_status().json()
    assert role["conditions"] == {"own_only": False, "own_department": False, **conditions}
    member = owner.colleague("ROLE_MEMBER")
    change = {"custom_roles": [role["name"]], "departments": [*departments]}
    url = f"/v1/{member.subject}?update_mask=custom_roles,departments"
    user = owner.http.patch(url, json=change).raise_for_status().json()
    again = {"email": user["email"], "password": "correct horse battery staple 7"}
    token = owner.post("/v1/auth:login", again).raise_for_status().json()["tokens"]["access_token"]
    return WebClient(str(owner.http.base_url).rstrip("/"), token, member.subject, owner.organization)


def listed(caller: WebClient) -> list[str]:
    return [
        contract["name"] for contract in caller.get("/v1/contracts").raise_for_status().json()["contracts"]
    ]


def test_only_what_one_brought_in(owner):
    foreign = owner.upload(text())["name"]
    member = clerk(owner, {"own_only": True})
    own = member.upload(text())["name"]
    assert listed(member) == [own]
    assert reason(member.get(f"/v1/{foreign}")) == "NOT_FOUND"
    assert reason(member.post(f"/v1/{foreign}:analyze", {})) == "NOT_FOUND"
    # The work is done for the member, with a token that auth exchanged for him.
    assert member.finished(own)["response"]["contract"]["name"] == own
    assert sorted(listed(owner)) == sorted([foreign, own])


def test_only_what_belongs_to_a_department_and_is_small_enough(owner):
    limit = {"currency_code": "USD", "units": "1000", "nanos": 0}
    member = clerk(owner, {"own_department": True, "value_limit": limit}, "Legal")
    value = {"contract_value.currency_code": "USD", "contract_value.units": "1000"}
    seen = owner.upload(text(), department="Legal", **value)
    assert (seen["department"], seen["contract_value"]["units"]) == ("Legal", "1000")
    for fields in ({"department": "Sales", **value}, {"department": "Legal"}, value):
        owner.upload(text(), **fields)
    assert listed(member) == [seen["name"]]
    too_much = {"contract_value": {"currency_code": "USD", "units": "1001"}}
    refused = member.http.patch(f"/v1/{seen['name']}", json=too_much)
    assert (refused.status_code, reason(refused)) == (403, "CONDITION_FORBIDS")
    assert reason(member.send(text(), "agreement.txt", department="Legal")) == "CONDITION_FORBIDS"
    hit = owner.get("/v1/contracts:search", query="agreement").raise_for_status().json()["hits"]
    assert len(hit) == 4
    assert len(member.get("/v1/contracts:search", query="agreement").json()["hits"]) == 1
