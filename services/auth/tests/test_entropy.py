"""What must not be guessed is long enough, of the system's randomness, and never the same twice."""

import math
from uuid import UUID

import pytest

from auth_service.api_keys.model import KeyText
from auth_service.challenges.model import ChallengeToken
from auth_service.factors import recovery, totp
from auth_service.service_accounts import model as service_accounts
from auth_service.sessions.model import RefreshToken, new_nonce

ORG, OTHER = UUID(int=1), UUID(int=2)
MAKERS = {
    "refresh token": (lambda: RefreshToken.new(ORG, OTHER).secret, 256),
    "nonce of a rotation": (new_nonce, 256),
    "challenge": (lambda: ChallengeToken.new(ORG, OTHER).secret, 256),
    "API key": (lambda: KeyText.new(ORG, OTHER).secret, 256),
    "secret of an authenticator app": (totp.new_secret, 160),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_secret_has_its_bits(name):
    make, bits = MAKERS[name]
    made = [make() for _ in range(64)]
    assert {8 * len(secret) for secret in made} == {bits}
    assert len(set(made)) == len(made)
    # Of fair bits half are set: eight standard deviations on either side.
    total = 64 * bits
    ones = sum(byte.bit_count() for secret in made for byte in secret)
    assert abs(ones - total / 2) < 8 * math.sqrt(total) / 2


def test_a_client_secret_has_256_bits():
    made = {service_accounts.new_secret(ORG) for _ in range(64)}
    assert len(made) == 64
    assert all(len(secret) >= 4 * (16 + 32) / 3 for secret in made)


def test_a_recovery_code_has_80_bits():
    codes = [code for _ in range(20) for code in recovery.new_codes()]
    assert len(set(codes)) == len(codes)
    assert all(len(code.replace("-", "")) * 5 == 80 for code in codes)
