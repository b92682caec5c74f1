"""An access token that outlives its session or its user's access changes no second factor."""

from services.auth.tests.second_factors import Factors


async def test_who_is_disabled_makes_no_codes_and_adds_nothing(mesh, owner, refusal, role):
    member = await mesh.member(owner, role.VIEWER)
    await Factors(member).add_totp()
    waiting = await Factors(member).start_totp()
    user = await owner.get_user(member.name)
    user.disabled = True
    await owner.update_user(user, "disabled")
    for call in (
        Factors(member).new_codes(),
        Factors(member).start_passkey(),
        Factors(member).confirm_totp(waiting, waiting.code()),
        Factors(member).delete(waiting.name),
    ):
        assert (await refusal(call)).reason_name == "TOKEN_INVALID"


async def test_an_ended_session_adds_no_factor(mesh, owner, refusal):
    app = await Factors(owner).start_totp()
    await mesh.logout(owner.refresh_token)
    assert (await refusal(Factors(owner).confirm_totp(app, app.code()))).reason_name == "TOKEN_INVALID"
    again = await mesh.login(owner.email)
    assert not (await Factors(again).listed()).factors
    assert "factor.added" not in await mesh.actions(owner.org_id)
