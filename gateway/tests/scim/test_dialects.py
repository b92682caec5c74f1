"""The requests of Okta and of Microsoft Entra ID, as their own documentation shows them."""

from uuid import uuid4

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def okta_user(email: str) -> dict[str, object]:
    return {
        "schemas": [USER],
        "userName": email,
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": email, "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }


def entra_user(email: str) -> dict[str, object]:
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": str(uuid4()),
        "userName": email,
        "active": True,
        "displayName": "lennay",
        "emails": [{"primary": True, "type": "work", "value": email}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Adrienne McNally", "familyName": "McNally", "givenName": "Adrienne"},
        "title": "Manager",
        ENTERPRISE: {"department": "bob"},
    }


def patch(*operations: dict[str, object]) -> dict[str, object]:
    return {"schemas": [PATCH], "Operations": list(operations)}


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex[:12]}@mail.example"


async def test_okta_looks_for_a_user_makes_it_changes_it_and_takes_its_access(provider, email):
    found = await provider.get(
        "/Users", params={"filter": f'userName eq "{email}"', "startIndex": 1, "count": 100}
    )
    assert found.json() == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }
    made = await provider.post("/Users", json=okta_user(email))
    assert made.status_code == 201
    user = made.json()
    assert (user["userName"], user["active"], user["externalId"]) == (email, True, "00ujl29u0le5T6Aj10h7")
    assert "password" not in user
    changed = {**okta_user(email), "id": user["id"], "name": {"givenName": "Another", "familyName": "User"}}
    put = await provider.put(f"/Users/{user['id']}", json={**changed, "meta": {"resourceType": "User"}})
    assert put.json()["name"] == {"givenName": "Another", "familyName": "User"}
    off = await provider.patch(
        f"/Users/{user['id']}", json=patch({"op": "replace", "value": {"active": False}})
    )
    assert (off.status_code, off.json()["active"]) == (200, False)
    on = await provider.patch(
        f"/Users/{user['id']}", json=patch({"op": "replace", "value": {"active": True}})
    )
    assert on.json()["active"] is True


async def test_okta_makes_a_group_renames_it_and_moves_its_members(provider, email):
    user = (await provider.post("/Users", json=okta_user(email))).json()
    body = {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []}
    group = (await provider.post("/Groups", json=body)).json()
    renamed = {"op": "replace", "value": {"id": group["id"], "displayName": "Test SCIMv2.0"}}
    answer = await provider.patch(f"/Groups/{group['id']}", json=patch(renamed))
    assert (answer.status_code, answer.json()["displayName"]) == (200, "Test SCIMv2.0")
    added = {"op": "add", "path": "members", "value": [{"value": user["id"], "display": email}]}
    answer = await provider.patch(f"/Groups/{group['id']}", json=patch(added))
    assert [member["value"] for member in answer.json()["members"]] == [user["id"]]
    removed = {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}
    answer = await provider.patch(f"/Groups/{group['id']}", json=patch(removed))
    assert answer.json().get("members", []) == []
    all_of_them = {"op": "replace", "path": "members", "value": [{"value": user["id"], "display": email}]}
    answer = await provider.patch(f"/Groups/{group['id']}", json=patch(all_of_them))
    assert [member["value"] for member in answer.json()["members"]] == [user["id"]]
    assert (await provider.delete(f"/Groups/{group['id']}")).status_code == 204


async def test_entra_makes_a_user_and_changes_it_in_its_own_spelling(provider, email):
    user = (await provider.post("/Users", json=entra_user(email))).json()
    assert user["name"] == {"familyName": "McNally", "givenName": "Adrienne"}
    operations = patch(
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updatedEmail@example.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Finance"},
    )
    answer = await provider.patch(f"/Users/{user['id']}", json=operations)
    assert answer.status_code == 200
    assert answer.json()["name"]["familyName"] == "updatedFamilyName"
    assert answer.json()["emails"] == [{"value": email, "type": "work", "primary": True}]
    without_path = {"op": "replace", "value": {"displayName": "Other", "name.givenName": "Ada", "title": "x"}}
    answer = await provider.patch(f"/Users/{user['id']}", json=patch(without_path))
    assert (answer.json()["displayName"], answer.json()["name"]["givenName"]) == ("Other", "Ada")


@pytest.mark.parametrize("off", [False, "False", "false"])
async def test_entra_says_false_in_words(provider, email, off):
    user = (await provider.post("/Users", json=entra_user(email))).json()
    answer = await provider.patch(
        f"/Users/{user['id']}", json=patch({"op": "Replace", "path": "active", "value": off})
    )
    assert (answer.status_code, answer.json()["active"]) == (200, False)


async def test_entra_finds_a_group_without_its_members_and_moves_them(provider, email):
    user = (await provider.post("/Users", json=entra_user(email))).json()
    other = (await provider.post("/Users", json=entra_user(f"other-{email}"))).json()
    name = f"Group {uuid4()}"
    body = {
        "schemas": [GROUP],
        "externalId": str(uuid4()),
        "displayName": name,
        "meta": {"resourceType": "Group"},
    }
    group = (await provider.post("/Groups", json=body)).json()
    added = patch(
        {
            "op": "Add",
            "path": "members",
            "value": [{"$ref": None, "value": user["id"]}, {"value": other["id"]}],
        }
    )
    assert (await provider.patch(f"/Groups/{group['id']}", json=added)).status_code in (200, 204)
    query = {"excludedAttributes": "members", "filter": f'displayName eq "{name.upper()}"'}
    (found,) = (await provider.get("/Groups", params=query)).json()["Resources"]
    assert (found["id"], "members" in found) == (group["id"], False)
    removed = patch({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": user["id"]}]})
    gone = await provider.patch(f"/Groups/{group['id']}", json=removed)
    assert gone.status_code == 200, gone.text
    left = (await provider.get(f"/Groups/{group['id']}")).json()["members"]
    assert [member["value"] for member in left] == [other["id"]]
    query = {"filter": f'id eq "{group["id"]}" and members eq "{other["id"]}"', "attributes": "id"}
    assert (await provider.get("/Groups", params=query)).json()["totalResults"] == 1
