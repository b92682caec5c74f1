"""The form of SCIM: versions, filters, pages, what is refused and how."""

import json
from uuid import uuid4

import httpx
import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = ["urn:ietf:params:scim:api:messages:2.0:Error"]


def refused(answer: httpx.Response) -> tuple[int, str | None]:
    """Status and scimType of what must be a whole SCIM error."""
    body = answer.json()
    assert answer.headers["content-type"].startswith("application/scim+json")
    assert body["schemas"] == ERROR
    assert body["status"] == str(answer.status_code)
    assert body["detail"]
    return answer.status_code, body.get("scimType")


async def made(provider: httpx.AsyncClient, user: dict[str, object]) -> dict[str, str]:
    answer = await provider.post("/Users", json=user)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_version_that_is_not_current_changes_nothing(provider, make):
    user = await made(provider, make())
    where, stale = f"/Users/{user['id']}", {"if-match": user["meta"]["version"]}
    body = {**make(), "userName": user["userName"], "displayName": "One"}
    first = await provider.put(where, json=body, headers=stale)
    assert (first.status_code, first.headers["etag"]) == (200, first.json()["meta"]["version"])
    assert refused(await provider.put(where, json={**body, "displayName": "Two"}, headers=stale)) == (
        412,
        None,
    )
    operation = {"op": "replace", "path": "displayName", "value": "Two"}
    patch = {"schemas": [PATCH], "Operations": [operation]}
    assert refused(await provider.patch(where, json=patch, headers=stale)) == (412, None)
    assert refused(await provider.request("DELETE", where, headers=stale)) == (412, None)
    assert (await provider.get(where)).json()["displayName"] == "One"
    current = {"if-none-match": first.headers["etag"]}
    assert (await provider.get(where, headers=current)).status_code == 304


async def test_the_version_of_a_group_is_minded_too(provider):
    body = {"schemas": [GROUP], "displayName": "One"}
    group = (await provider.post("/Groups", json=body)).json()
    where, stale = f"/Groups/{group['id']}", {"if-match": group["meta"]["version"]}
    assert (await provider.put(where, json={**body, "displayName": "Two"}, headers=stale)).status_code == 200
    assert refused(await provider.put(where, json=body, headers=stale)) == (412, None)
    assert refused(await provider.request("DELETE", where, headers=stale)) == (412, None)


async def test_filters_find_by_eq_and_or(provider, make):
    one = await made(provider, make(externalId=f"e-{uuid4()}", displayName=f"N {uuid4()}"))
    two = await made(provider, make(externalId=f"e-{uuid4()}"))
    for expression, wanted in (
        (f'userName eq "{one["userName"].upper()}"', {one["id"]}),
        (f'externalId eq "{one["externalId"]}"', {one["id"]}),
        (f'externalId eq "{one["externalId"].upper()}"', set()),
        (f'id eq "{one["id"]}"', {one["id"]}),
        ('id eq "not-an-id"', set()),
        (f'emails.value eq "{one["userName"]}"', {one["id"]}),
        (f'emails[value eq "{one["userName"]}"]', {one["id"]}),
        (f'displayName eq "{one["displayName"].lower()}"', {one["id"]}),
        (f'id eq "{one["id"]}" or id eq "{two["id"]}"', {one["id"], two["id"]}),
        (f'id eq "{one["id"]}" and userName eq "{two["userName"]}"', set()),
        (
            f'(id eq "{one["id"]}" or id eq "{two["id"]}") and externalId eq "{two["externalId"]}"',
            {two["id"]},
        ),
    ):
        answer = await provider.get("/Users", params={"filter": expression})
        assert answer.status_code == 200, answer.text
        assert {user["id"] for user in answer.json().get("Resources", [])} == wanted, expression
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": expression}
        assert (await provider.post("/Users/.search", json=body)).json() == answer.json()


@pytest.mark.parametrize(
    "expression",
    [
        'userName co "a"',
        "userName pr",
        'not (userName eq "a")',
        'title eq "a"',
        'userName eq "a',
        "active eq true",
        "userName eq 'a'",
        " or ".join(f'id eq "{number}"' for number in range(21)),
        " and ".join(f'id eq "{number}"' for number in range(11)),
    ],
)
async def test_other_filters_are_refused(provider, expression):
    answer = await provider.get("/Users", params={"filter": expression})
    assert refused(answer) == (400, "invalidFilter")


@pytest.mark.parametrize(
    "value", ["' OR '1'='1", '\\" or userName pr or \\"', "x'; DROP TABLE users; --", "%", "$1"]
)
async def test_a_value_of_a_filter_stays_a_value(provider, make, value):
    await made(provider, make())
    for attribute in ("userName", "externalId", "displayName", "id"):
        answer = await provider.get("/Users", params={"filter": f'{attribute} eq "{value}"'})
        assert answer.json()["totalResults"] == 0


async def test_a_null_character_is_refused(provider):
    answer = await provider.get("/Users", params={"filter": 'userName eq "a\\u0000"'})
    assert refused(answer)[0] == 400


async def test_pages_are_bounded_and_go_on_where_the_last_ended(provider, make):
    users = [await made(provider, make()) for _ in range(3)]
    seen = []
    for start in (1, 2, 3, 4):
        page = (await provider.get("/Users", params={"startIndex": start, "count": 1})).json()
        assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (4, start, 1)
        seen += [user["id"] for user in page["Resources"]]
    assert seen[1:] == [user["id"] for user in users]
    beyond = (await provider.get("/Users", params={"startIndex": 99, "count": 5})).json()
    assert (beyond["totalResults"], beyond.get("Resources", [])) == (4, [])
    assert (await provider.get("/Users", params={"count": 0})).json()["totalResults"] == 4
    assert (await provider.get("/Users", params={"count": 10**9, "startIndex": -5})).json()[
        "itemsPerPage"
    ] == 4
    assert refused(await provider.get("/Users", params={"count": "many"}))[0] == 400


async def test_attributes_are_chosen(provider, make):
    user = await made(provider, make(displayName="Ada"))
    only = (await provider.get(f"/Users/{user['id']}", params={"attributes": "displayName"})).json()
    assert set(only) == {"schemas", "id", "displayName"}
    but = (
        await provider.get(f"/Users/{user['id']}", params={"excludedAttributes": "displayName,emails"})
    ).json()
    assert not {"displayName", "emails"} & set(but)
    assert but["userName"] == user["userName"]


async def test_a_user_name_is_an_email_and_stays_it(provider, make):
    assert refused(await provider.post("/Users", json=make(userName="ada"))) == (400, "invalidValue")
    user = await made(provider, make(userName=f"Ada-{uuid4().hex[:8]}@Mail.Example"))
    assert user["userName"] == user["userName"].lower()
    where = f"/Users/{user['id']}"
    assert refused(await provider.put(where, json=make())) == (400, "mutability")
    operation = {"op": "replace", "path": "userName", "value": "other@mail.example"}
    answer = await provider.patch(where, json={"schemas": [PATCH], "Operations": [operation]})
    assert refused(answer) == (400, "mutability")


async def test_media_bodies_and_methods_that_are_not_taken(provider, make):
    text = json.dumps(make())
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = await provider.post("/Users", content=text, headers={"content-type": media})
        assert refused(answer) == (415, None)
    for media in ("application/json", "application/scim+json; charset=utf-8"):
        answer = await provider.post("/Users", content=json.dumps(make()), headers={"content-type": media})
        assert answer.status_code == 201
    for broken in ("", "{", "[]", '"x"', "NaN", '{"a": Infinity}', "[" * 50_000, "\xff"):
        answer = await provider.post("/Users", content=broken.encode("latin-1"))
        assert refused(answer) == (400, "invalidSyntax"), broken
    huge = json.dumps(make(displayName="x" * 70_000))
    assert refused(await provider.post("/Users", content=huge)) == (413, None)
    assert refused(await provider.post("/Users", json=make(displayName="x" * 201)))[0] == 400
    assert refused(await provider.put("/Users", json=make()))[0] == 405
    assert refused(await provider.post("/Bulk", json={}))[0] == 501
    assert refused(await provider.get("/Nothing"))[0] == 404


async def test_a_body_without_its_length_is_bounded_too(provider):
    async def endless():
        for _ in range(100):
            yield b" " * 1024

    assert refused(await provider.post("/Users", content=endless())) == (413, None)


async def test_an_id_that_is_none_is_not_found(provider, make):
    for where in ("/Users/x", "/Groups/x", f"/Users/{uuid4()}", f"/Groups/{uuid4()}", "/Users/..%2fGroups"):
        assert refused(await provider.get(where)) == (404, None)


async def test_what_is_offered_is_told_to_everybody(service):
    async with httpx.AsyncClient(base_url=service.url) as anyone:
        config = (await anyone.get("/ServiceProviderConfig")).json()
        assert (config["patch"], config["bulk"]["supported"]) == ({"supported": True}, False)
        assert (await anyone.get("/ResourceTypes")).json()["totalResults"] == 2
        assert (await anyone.get("/Schemas")).json()["totalResults"] == 2
        assert refused(await anyone.get("/Schemas", params={"filter": 'id eq "x"'})) == (403, None)
