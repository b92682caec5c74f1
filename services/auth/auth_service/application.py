"""Puts the service together from its settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import grpc

from auth_service.accounts.handlers import AccountHandlers
from auth_service.accounts.service import Accounts
from auth_service.api_keys.exchange import KeyExchange
from auth_service.api_keys.handlers import ApiKeyHandlers
from auth_service.auditing.handlers import AuditHandlers
from auth_service.auditing.signing import ForeignHeads, KeyringSigner
from auth_service.custom_roles.handlers import RoleHandlers
from auth_service.directory.handlers import DirectoryHandlers
from auth_service.factors.handlers import FactorHandlers
from auth_service.factors.passkeys import RelyingParty
from auth_service.factors.proving import Proofs
from auth_service.factors.secrets import Secrets
from auth_service.factors.service import Factors
from auth_service.invitations.handlers import InvitationHandlers
from auth_service.invitations.service import Invitations
from auth_service.keys.keyring import Keyring
from auth_service.keys.wrapping import MAIL, SECOND_FACTORS, SSO, KeyWrap
from auth_service.mail.folder import Folder
from auth_service.mail.model import Transport
from auth_service.mail.post import Post
from auth_service.mail.relay import Relay
from auth_service.memberships.handlers import MembershipHandlers
from auth_service.memberships.service import Memberships
from auth_service.organizations.service import Organizations
from auth_service.passwords.hashing import Passwords
from auth_service.provisioning.handlers import ProvisioningHandlers
from auth_service.revoking import deliver
from auth_service.sessions.handlers import AuthHandlers
from auth_service.sessions.second_step import SecondStep
from auth_service.sessions.service import Sessions
from auth_service.sessions.session_handlers import SessionHandlers
from auth_service.sessions.stepping_up import SteppingUp
from auth_service.settings import AuthSettings
from auth_service.sso.domain_records import DomainRecords
from auth_service.sso.handlers import SsoHandlers
from auth_service.sso.outbound import Outbound
from auth_service.sso.providers import Providers
from auth_service.sso.secrets import Secrets as SsoSecrets
from auth_service.sso.service import Connections
from auth_service.sso.signing_in import SigningIn
from auth_service.throttle.model import Limits
from auth_service.throttle.service import Throttle
from auth_service.tokens.access import AccessTokens
from auth_service.tokens.handlers import TokenHandlers
from auth_service.tokens.service import Grants
from auth_service.tokens.workloads import Workloads
from bloom.auth.v1 import (
    account_service_pb2_grpc,
    api_key_service_pb2_grpc,
    audit_service_pb2_grpc,
    auth_service_pb2_grpc,
    directory_service_pb2_grpc,
    factor_service_pb2_grpc,
    invitation_service_pb2_grpc,
    membership_service_pb2_grpc,
    provisioning_service_pb2_grpc,
    role_service_pb2_grpc,
    session_service_pb2_grpc,
    sso_service_pb2_grpc,
)
from service_runtime import tasks
from service_runtime.auditing.heads import SignedHeads
from service_runtime.identity import TokenVerifier
from service_runtime.postgres import Postgres
from service_runtime.relay import relay
from service_runtime.revocation import Announcer, following
from service_runtime.server import Parts

# How soon a process takes up a key that another made.
_KEYS_EVERY_SECONDS = 10.0
SERVICES = (
    "bloom.auth.v1.AuthService",
    "bloom.auth.v1.TokenService",
    "bloom.auth.v1.DirectoryService",
    "bloom.auth.v1.SessionService",
    "bloom.auth.v1.AuditService",
    "bloom.auth.v1.ApiKeyService",
    "bloom.auth.v1.RoleService",
    "bloom.auth.v1.FactorService",
    "bloom.auth.v1.AccountService",
    "bloom.auth.v1.InvitationService",
    "bloom.auth.v1.MembershipService",
    "bloom.auth.v1.SsoService",
    "bloom.auth.v1.ProvisioningService",
)


@asynccontextmanager
async def application(settings: AuthSettings) -> AsyncIterator[Parts]:
    """Opens PostgreSQL and the keys in it. Raises WrongSecretError when JWT_SECRET does not open them."""
    async with AsyncExitStack() as stack:
        postgres = await Postgres.connect(str(settings.database_url), size=settings.database_pool_size)
        stack.push_async_callback(postgres.close)
        sign_ins = await Postgres.connect(str(settings.database_url), size=settings.sign_in_pool_size)
        stack.push_async_callback(sign_ins.close)
        wrap = KeyWrap(settings.jwt_secret)
        keyring = await Keyring.open(postgres, wrap, settings.key_schedule)
        rotating = asyncio.create_task(keyring.keep(settings.key_schedule, _KEYS_EVERY_SECONDS))
        stack.push_async_callback(tasks.end, rotating)
        passwords = Passwords(threads=settings.hashing_threads, queue=settings.hashing_queue)
        stack.callback(passwords.close)
        tokens = AccessTokens(keyring, settings.access_token_seconds)
        limits = Limits(
            settings.sign_in_tries,
            settings.sign_in_address_tries,
            settings.sign_in_all_tries,
            settings.second_factor_tries,
        )
        throttle = Throttle(sign_ins, limits)
        party = RelyingParty(settings.webauthn_rp_id, settings.webauthn_origins)
        factor_secrets = Secrets(KeyWrap(settings.jwt_secret, SECOND_FACTORS))
        proofs = Proofs(factor_secrets, party, throttle)
        sessions = Sessions(
            postgres,
            sign_ins,
            passwords,
            tokens,
            throttle,
            party,
            lifetime=timedelta(days=settings.refresh_token_days),
            retry=timedelta(seconds=settings.refresh_retry_seconds),
        )
        mail_wrap = KeyWrap(settings.jwt_secret, MAIL)
        post = Post(mail_wrap, settings.public_url)
        organizations = Organizations(postgres, passwords, sessions, post)
        accounts = AccountHandlers(Accounts(postgres, passwords, sessions, throttle, post))
        invitations = InvitationHandlers(Invitations(postgres, passwords, sessions, throttle, post))
        memberships = MembershipHandlers(Memberships(postgres, sessions))
        mails = Relay(postgres, mail_wrap, _transport(settings))
        stack.push_async_callback(tasks.end, asyncio.create_task(mails.keep(settings.mail_seconds)))
        second_step = SecondStep(sign_ins, sessions, proofs, throttle, party)
        stepping_up = SteppingUp(sign_ins, sessions, proofs, throttle, party, tokens)
        auth = AuthHandlers(postgres, keyring, organizations, sessions, second_step, stepping_up)
        factors = FactorHandlers(Factors(postgres, factor_secrets, party, post))
        grants = TokenHandlers(
            Grants(postgres, tokens, Workloads(settings.workload_secrets)), KeyExchange(postgres, tokens)
        )
        api_keys, custom_roles = ApiKeyHandlers(postgres), RoleHandlers(postgres)
        directory = DirectoryHandlers(postgres, organizations, passwords, wrap)
        provisioning = ProvisioningHandlers(postgres)
        own_sessions = SessionHandlers(postgres)
        sso_secrets, outbound = (
            SsoSecrets(KeyWrap(settings.jwt_secret, SSO)),
            Outbound(settings.sso_insecure_issuers),
        )
        stack.push_async_callback(outbound.close)
        connections = Connections(postgres, sso_secrets, DomainRecords(settings.sso_dns_servers))
        signing_in = SigningIn(
            sign_ins,
            sessions,
            passwords,
            sso_secrets,
            Providers(outbound),
            outbound,
            party,
            settings.public_url,
        )
        sso = SsoHandlers(connections, signing_in)
        announcer = Announcer(settings.redis_url) if settings.redis_url.get_secret_value() else None
        if announcer is not None:
            stack.push_async_callback(announcer.close)
        relaying = asyncio.create_task(
            relay(postgres, every_seconds=settings.revocation_seconds, deliver=deliver(announcer))
        )
        stack.push_async_callback(tasks.end, relaying)
        revocations = await stack.enter_async_context(following(settings.redis_url))
        signer = KeyringSigner(keyring)
        heads = SignedHeads(postgres, signer)
        audit = AuditHandlers(postgres, heads, ForeignHeads(postgres, signer))
        stack.push_async_callback(tasks.end, asyncio.create_task(heads.keep(settings.audit_head_seconds)))

        def register(server: grpc.aio.Server) -> None:
            auth_service_pb2_grpc.add_AuthServiceServicer_to_server(auth, server)
            auth_service_pb2_grpc.add_TokenServiceServicer_to_server(grants, server)
            directory_service_pb2_grpc.add_DirectoryServiceServicer_to_server(directory, server)
            session_service_pb2_grpc.add_SessionServiceServicer_to_server(own_sessions, server)
            audit_service_pb2_grpc.add_AuditServiceServicer_to_server(audit, server)
            api_key_service_pb2_grpc.add_ApiKeyServiceServicer_to_server(api_keys, server)
            role_service_pb2_grpc.add_RoleServiceServicer_to_server(custom_roles, server)
            account_service_pb2_grpc.add_AccountServiceServicer_to_server(accounts, server)
            invitation_service_pb2_grpc.add_InvitationServiceServicer_to_server(invitations, server)
            membership_service_pb2_grpc.add_MembershipServiceServicer_to_server(memberships, server)
            sso_service_pb2_grpc.add_SsoServiceServicer_to_server(sso, server)
            factor_service_pb2_grpc.add_FactorServiceServicer_to_server(factors, server)
            provisioning_service_pb2_grpc.add_ProvisioningServiceServicer_to_server(provisioning, server)

        yield Parts(SERVICES, register, TokenVerifier(keyring, revocations))


def _transport(settings: AuthSettings) -> Transport:
    if settings.mail_folder is not None:
        return Folder(settings.mail_folder)
    # Half a second of imports that only AWS needs.
    from auth_service.mail.ses import Ses

    return Ses(region=settings.aws_region, sender=settings.mail_sender)
