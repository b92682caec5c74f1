"""What a token says that no password stands behind: all that its subject may do, and since when."""

WORKLOAD = ("contracts", "only-contracts-knows-this-one")


async def test_a_service_accounts_token_has_its_custom_permissions(mesh, owner, role):
    made = await owner.create_role("APIKEYS_READ")
    account = await owner.create_service_account(role.VIEWER, custom=(made.name,))
    pair = await mesh.issue(account.client_id, account.client_secret)
    assert "apikeys.read" in (await mesh.claims(pair.access_token))["perms"]
    assert (pair.expires_in, pair.refresh_token) == (600, "")


async def test_an_exchanged_token_has_its_subjects_custom_permissions_and_epoch(mesh, owner, role):
    made = await owner.create_role("APIKEYS_READ")
    user = await owner.create_user(role.VIEWER)
    workload = (await mesh.issue(*WORKLOAD)).access_token
    before = await mesh.claims((await mesh.exchange(user.name, owner.organization, workload)).access_token)
    assert "apikeys.read" not in before["perms"]
    await owner.grant(user.name, made.name)
    pair = await mesh.exchange(user.name, owner.organization, workload)
    after = await mesh.claims(pair.access_token)
    assert "apikeys.read" in after["perms"]
    assert after["epo"] == before["epo"] + 1
    assert pair.expires_in == 600
