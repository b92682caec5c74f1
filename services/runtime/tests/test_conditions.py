"""Conditions of roles: Cedar decides as three plain sentences would, and fails closed."""

import dataclasses
from decimal import Decimal
from uuid import uuid4

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom.auth.v1 import directory_service_pb2
from bloom.contracts.v1 import contract_service_pb2
from bloom.options.v1 import policy_pb2
from service_runtime.conditions import cedar
from service_runtime.conditions.asking import UnaskedError, decision, must_ask, reaches, require
from service_runtime.conditions.cedar import Attributes, decide
from service_runtime.conditions.model import Conditional, Conditions, Grant, from_claims
from service_runtime.errors import DomainError
from service_runtime.identity import Identity, identify
from service_runtime.money import Money
from service_runtime.policy import Method, methods_of, permission_name
from service_runtime.request_path.access import permit

READ, WRITE = "contracts.read", "contracts.write"
ME = "users/00000000-0000-4000-8000-000000000001"
HOSTILE = (
    '"); permit(principal,action,resource); //',
    '\\"',
    "\\",
    "'",
    '" || true || "',
    "}} permit(principal, action, resource);",
    "*",
    "%",
    "Juristischer Dienst 🏛",
)

subjects = st.sampled_from([ME, "users/00000000-0000-4000-8000-000000000002", *HOSTILE])
departments = st.sampled_from(["Legal", "legal", "Sales", *HOSTILE]) | st.text(min_size=1, max_size=12)
amounts = st.decimals(
    min_value=0, max_value=900_000_000_000_000, places=4, allow_nan=False, allow_infinity=False
) | st.sampled_from([Decimal("0.0000"), Decimal("99.9999"), Decimal("100.0000"), Decimal("100.0001")])
money = st.builds(Money, st.sampled_from(["USD", "EUR", "KRW"]), amounts)
conditions = st.builds(Conditions, st.booleans(), st.booleans(), st.none() | money).filter(bool)
grants = st.builds(Grant, st.frozensets(st.sampled_from([READ, WRITE]), min_size=1), conditions)
held = st.builds(Conditional, st.lists(grants, max_size=3).map(tuple), st.frozensets(departments, max_size=3))
resources = st.builds(Attributes, st.none() | subjects, st.none() | departments, st.none() | money)


def holds(subject: str, grant: Grant, belongs: frozenset[str], resource: Attributes) -> bool:
    """The three conditions in plain words."""
    asked, value = grant.conditions, resource.value
    own = not asked.own_only or resource.creator == subject
    department = not asked.own_department or resource.department in belongs
    limit = asked.value_limit
    small = limit is None or (
        value is not None and value.currency == limit.currency and value.amount <= limit.amount
    )
    return own and department and small


def only(permission: str = READ, departments: tuple[str, ...] = (), **asked: object) -> Conditional:
    """One grant under these conditions."""
    return Conditional(
        (Grant(frozenset({permission}), Conditions(**asked)),),  # type: ignore[arg-type]
        frozenset(departments),
    )


def caller(conditional: Conditional, *permissions: str) -> Identity:
    return Identity(subject=ME, org_id=uuid4(), permissions=frozenset(permissions), conditional=conditional)


@settings(max_examples=300, deadline=None)
@given(subject=subjects, conditional=held, permission=st.sampled_from([READ, WRITE]), resource=resources)
def test_cedar_decides_as_the_three_sentences(subject, conditional, permission, resource):
    meant = any(
        permission in grant.permissions and holds(subject, grant, conditional.departments, resource)
        for grant in conditional.grants
    )
    decided = decide(subject, conditional, permission, resource)
    assert decided.allowed == meant
    assert not (decided.allowed and decided.failing)


def test_the_policies_fit_their_schema():
    assert cedarpy.validate_policies(cedar._text("cedar"), cedar._text("cedarschema")).validation_passed


@pytest.mark.parametrize(
    ("conditional", "failing"),
    [
        (only(own_only=True), "own"),
        (only(own_department=True, departments=("Legal",)), "department"),
        (only(value_limit=Money("USD", Decimal(10))), "value"),
    ],
)
def test_what_is_not_known_of_a_resource_holds_for_nothing(conditional, failing):
    with pytest.raises(DomainError) as refused:
        require(caller(conditional), READ, Attributes())
    assert refused.value.reason_name == "CONDITION_FORBIDS"
    assert refused.value.metadata == {"permission": READ, "conditions": failing}


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        (Money("USD", Decimal("100.0000")), True),
        (Money("USD", Decimal("100.0001")), False),
        (Money("EUR", Decimal("1.0000")), False),
        (None, False),
    ],
)
def test_a_limit_is_of_one_currency_and_takes_no_unknown_value(value, allowed):
    conditional = only(value_limit=Money("USD", Decimal(100)))
    assert decide(ME, conditional, READ, Attributes(value=value)).allowed is allowed


@pytest.mark.parametrize("text", HOSTILE)
def test_no_department_can_speak_for_a_policy(text):
    conditional = only(own_department=True, departments=(text,))
    assert not decide(ME, conditional, READ, Attributes(department="Legal")).allowed
    assert decide(ME, conditional, READ, Attributes(department=text)).allowed


def test_the_nearest_grant_tells_what_is_missing():
    both = Conditions(own_only=True, own_department=True)
    conditional = Conditional(
        (Grant(frozenset({READ}), both), *only(value_limit=Money("USD", Decimal(1))).grants)
    )
    assert decide(ME, conditional, READ, Attributes()).failing == {"value"}


def test_a_policy_that_cannot_be_evaluated_forbids(monkeypatch):
    broken = (
        '@id("granted") permit (principal, action, resource); forbid (principal, action, resource) when {'
    )
    monkeypatch.setattr(cedar, "_policies", cedarpy.PolicySet.from_str(broken + " resource.nothing == 1 };"))
    assert not decide(ME, only(own_only=True), READ, Attributes(creator=ME)).allowed


def test_a_permission_without_conditions_is_not_asked(monkeypatch):
    monkeypatch.delattr(cedar, "_policies")
    unconditional = caller(only(own_only=True), READ)
    assert decision(unconditional, READ, Attributes()).allowed
    assert reaches(unconditional, READ) is None


def test_a_grant_reaches_only_what_it_grants():
    assert not decide(ME, only(WRITE, own_only=True), READ, Attributes(creator=ME)).allowed
    assert reaches(caller(only(WRITE, own_only=True)), READ) == ()


def method(permission: "policy_pb2.Permission.ValueType") -> Method:
    """Any method that needs it."""
    services = (
        contract_service_pb2.DESCRIPTOR.services_by_name["ContractService"],
        directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"],
    )
    return next(
        method
        for service in services
        for method in methods_of(service.full_name)
        if method.permission == permission_name(permission) and not method.step_up_seconds
    )


def test_only_a_method_that_asks_takes_a_grant_under_conditions():
    everything = Conditional((Grant(frozenset({"contracts.read", "users.read"}), Conditions(own_only=True)),))
    permit(method(policy_pb2.PERMISSION_CONTRACTS_READ), caller(everything))
    with pytest.raises(DomainError) as refused:
        permit(method(policy_pb2.PERMISSION_USERS_READ), caller(everything))
    assert refused.value.reason_name == "PERMISSION_DENIED"


def test_an_answer_made_without_asking_does_not_leave():
    with pytest.raises(UnaskedError), must_ask(READ):
        decision(caller(only(WRITE, own_only=True)), WRITE, Attributes())
    with must_ask(READ):
        reaches(caller(only(own_only=True)), READ)


@settings(max_examples=50, deadline=None)
@given(conditional=held)
def test_a_token_carries_them_unchanged(conditional):
    expected = conditional if conditional.grants else Conditional()
    assert from_claims(conditional.claims()) == expected


@pytest.mark.parametrize(
    "claims",
    [
        {"conds": [{"perms": [READ]}], "dept": []},
        {"conds": [{"perms": [READ], "own": 1}], "dept": []},
        {"conds": [{"perms": READ, "own": True}], "dept": []},
        {"conds": [{"own": True}], "dept": []},
        {"conds": [{"perms": [READ], "own": True, "newer": True}], "dept": []},
        {"conds": [{"perms": [READ], "max": ["USD", "much"]}], "dept": []},
        {"conds": [{"perms": [READ], "max": "USD"}], "dept": []},
        {"conds": [{"perms": [READ], "dept": True}], "dept": "Legal"},
        {"conds": [{"perms": [READ], "dept": True}]},
        {"conds": "all", "dept": []},
    ],
)
async def test_conditions_that_cannot_be_read_are_no_token(signer, verifier, claims):
    with pytest.raises(DomainError) as refused:
        await identify(verifier, signer.subject(**claims), "")
    assert refused.value.reason_name == "TOKEN_INVALID"


@given(money=money)
def test_money_survives_its_message(money):
    assert Money.of(money.message()) == money
    assert dataclasses.replace(money) == Money.parse(money.currency, money.text)
