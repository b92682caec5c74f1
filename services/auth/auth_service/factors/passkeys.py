"""Passkeys (WebAuthn): what a browser is asked for, and whether its answer is good."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_client_data_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from auth_service.directory.model import User
from auth_service.factors.model import Json, NewPasskey, Passkey

_NAME = "Bloom"
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_ID_BYTES = 16
# What the library and those below it raise over bytes that are not what they should be.
_BROKEN = (
    WebAuthnException, UnsupportedAlgorithm, ValueError, TypeError, LookupError, AttributeError,
    OverflowError, RecursionError,
)  # fmt: skip


class BadPasskeyError(Exception):
    """It does not verify; which check failed is for nobody outside."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who we are for authenticators: `id` is a domain, `origins` are the pages that may ask."""

    id: str
    origins: tuple[str, ...]

    def creation_options(
        self, challenge: bytes, org_id: UUID, user: User, present: Iterable[Passkey]
    ) -> Json:
        """For a discoverable passkey that verifies its user, on an authenticator that has none of these."""
        options = webauthn.generate_registration_options(
            rp_id=self.id,
            rp_name=_NAME,
            user_id=handle(org_id, user.id),
            user_name=user.email,
            user_display_name=user.display_name or user.email,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_described(present),
            supported_pub_key_algs=_ALGORITHMS,
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def request_options(self, challenge: bytes, allowed: Iterable[Passkey] = ()) -> Json:
        """For one of these passkeys, or for any that the authenticator has for us."""
        options = webauthn.generate_authentication_options(
            rp_id=self.id,
            challenge=challenge,
            allow_credentials=_described(allowed),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def made(self, credential: Json, challenge: bytes) -> NewPasskey:
        """What an authenticator made for this challenge. Raises BadPasskeyError."""
        try:
            verified = webauthn.verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=list(self.origins),
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
            _require_own_frame(credential)
            # A key that no signature can ever be verified with is better refused now.
            decoded_public_key_to_cryptography(decode_credential_public_key(verified.credential_public_key))
        except _BROKEN as broken:
            raise BadPasskeyError from broken
        return NewPasskey(
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            synced=verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
        )

    def sign_count(self, credential: Json, challenge: bytes, passkey: Passkey) -> int:
        """What the authenticator counts, once its signature is verified. Raises BadPasskeyError.

        Whether the count has grown is decided where it is kept, after the signature: else a forger could make
        it look as if a passkey had been copied.
        """
        try:
            verified = webauthn.verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=list(self.origins),
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
            _require_own_frame(credential)
        except _BROKEN as broken:
            raise BadPasskeyError from broken
        return verified.new_sign_count


def handle(org_id: UUID, user_id: UUID) -> bytes:
    """Whose a passkey is, as authenticators keep it. With it a lone passkey is looked up under its tenant."""
    return org_id.bytes + user_id.bytes


def owner_of(credential: Json) -> tuple[UUID, UUID] | None:
    """Organization and user, as the authenticator says; nothing is proven by it."""
    response = credential.get("response")
    text = response.get("userHandle") if isinstance(response, dict) else None
    body = _bytes(text)
    if len(body) != 2 * _ID_BYTES:
        return None
    return UUID(bytes=body[:_ID_BYTES]), UUID(bytes=body[_ID_BYTES:])


def id_of(credential: Json) -> bytes:
    """By which id it goes; empty for what is no credential."""
    return _bytes(credential.get("rawId"))


def _bytes(text: object) -> bytes:
    try:
        return base64url_to_bytes(text) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _described(passkeys: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in passkeys]


def _require_own_frame(credential: Json) -> None:
    """Not from a page that another site shows inside its own; the library leaves that to us."""
    response = credential["response"]
    if not isinstance(response, dict):
        raise TypeError("response")
    if parse_client_data_json(base64url_to_bytes(response["clientDataJSON"])).cross_origin:
        raise ValueError("crossOrigin")
