"""The real Bloom agreement through the whole system: the truth is verified, and no lie is."""

from collections import defaultdict

import pytest

from contracts_service.fields import FIELDS
from services.contracts.tests.evidence.agreement import TRUTHS, load_agreement
from services.contracts.tests.evidence.lies import TrueClaim, lies

# Several lies about one field travel in one answer; so a few analyses carry them all.
LIES_IN_AN_ANSWER = 4


def scripted(answers: dict[str, list]) -> dict[str, object]:
    return {
        field: {
            "state": claims[0].state.value,
            "findings": [{"value": one.value, "unit": one.unit, "quote": one.quote} for one in claims],
        }
        for field, claims in answers.items()
    }


@pytest.fixture(scope="module")
def agreement():
    return load_agreement()


def test_all_sixteen_gold_facts_are_verified(owner, simulator, agreement):
    claims = list(agreement.claims.values())
    simulator.script({"answer": {"fields": scripted({claim.field: [claim] for claim in claims})}})
    name = owner.upload(agreement.document.text.encode())["name"]
    assert "error" not in owner.finished(name)
    values = owner.values(name)
    assert {claim.field: values[claim.field][0]["status"] for claim in claims} == dict.fromkeys(
        [claim.field for claim in claims], "VALUE_STATUS_VERIFIED"
    )
    assert len(claims) == 16


def test_none_of_two_hundred_lies_is_verified(owner, simulator, agreement):
    true = [
        TrueClaim(claim, agreement.spans[name][0], TRUTHS[name].figure)
        for name, claim in agreement.claims.items()
    ]
    by_field = defaultdict(list)
    for lie in lies(agreement.document.text, true):
        if lie.claim.quote or lie.claim.value:
            by_field[lie.field].append(lie.claim)
    told = 0
    for number in range(6):
        answers = {}
        for field, claims in by_field.items():
            # One state speaks for all findings of an answer.
            batch = [claim for claim in claims if claim.state is claims[0].state]
            part = batch[number * LIES_IN_AN_ANSWER : (number + 1) * LIES_IN_AN_ANSWER]
            if part:
                answers[field] = part
        told += sum(map(len, answers.values()))
        simulator.forget()
        simulator.script({"answer": {"fields": scripted(answers)}})
        # Other bytes, another contract: the words stay where they are.
        name = owner.upload(agreement.document.text.encode() + b"\n" * (number + 1))["name"]
        assert "error" not in owner.finished(name)
        for values in owner.values(name).values():
            for value in values:
                assert value["status"] not in ("VALUE_STATUS_VERIFIED", "VALUE_STATUS_CONFLICT"), value
                assert value["field"] in FIELDS
    assert told >= 200
