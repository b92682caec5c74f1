"""Puts the service together from its settings."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import grpc

from auth_service.api_keys.exchange import KeyExchange
from auth_service.api_keys.handlers import ApiKeyHandlers
from auth_service.custom_roles.handlers import RoleHandlers
from auth_service.directory.handlers import DirectoryHandlers
from auth_service.keys.keyring import Keyring
from auth_service.keys.wrapping import KeyWrap
from auth_service.organizations.service import Organizations
from auth_service.passwords.hashing import Passwords
from auth_service.sessions.handlers import AuthHandlers
from auth_service.sessions.service import Sessions
from auth_service.settings import AuthSettings
from auth_service.tokens.access import AccessTokens
from auth_service.tokens.handlers import TokenHandlers
from auth_service.tokens.service import Grants
from auth_service.tokens.workloads import Workloads
from bloom.auth.v1 import (
    api_key_service_pb2_grpc,
    auth_service_pb2_grpc,
    directory_service_pb2_grpc,
    role_service_pb2_grpc,
)
from service_runtime.identity import TokenVerifier
from service_runtime.postgres import Postgres
from service_runtime.server import Parts

SERVICES = (
    "bloom.auth.v1.AuthService",
    "bloom.auth.v1.TokenService",
    "bloom.auth.v1.DirectoryService",
    "bloom.auth.v1.ApiKeyService",
    "bloom.auth.v1.RoleService",
)


@asynccontextmanager
async def application(settings: AuthSettings) -> AsyncIterator[Parts]:
    """Opens PostgreSQL and the keys in it. Raises WrongSecretError when JWT_SECRET does not open them."""
    async with AsyncExitStack() as stack:
        postgres = await Postgres.connect(str(settings.database_url), size=settings.database_pool_size)
        stack.push_async_callback(postgres.close)
        wrap = KeyWrap(settings.jwt_secret)
        keyring = await Keyring.open(postgres, wrap)
        passwords = Passwords(threads=settings.hashing_threads, queue=settings.hashing_queue)
        stack.callback(passwords.close)
        tokens = AccessTokens(keyring, settings.access_token_seconds)
        sessions = Sessions(
            postgres,
            passwords,
            tokens,
            lifetime=timedelta(days=settings.refresh_token_days),
            retry=timedelta(seconds=settings.refresh_retry_seconds),
        )
        organizations = Organizations(postgres, passwords, sessions)
        auth = AuthHandlers(postgres, keyring, organizations, sessions)
        grants = TokenHandlers(
            Grants(postgres, tokens, Workloads(settings.workload_secrets)), KeyExchange(postgres, tokens)
        )
        api_keys, custom_roles = ApiKeyHandlers(postgres), RoleHandlers(postgres)
        directory = DirectoryHandlers(postgres, organizations, passwords, wrap)

        def register(server: grpc.aio.Server) -> None:
            auth_service_pb2_grpc.add_AuthServiceServicer_to_server(auth, server)
            auth_service_pb2_grpc.add_TokenServiceServicer_to_server(grants, server)
            directory_service_pb2_grpc.add_DirectoryServiceServicer_to_server(directory, server)
            api_key_service_pb2_grpc.add_ApiKeyServiceServicer_to_server(api_keys, server)
            role_service_pb2_grpc.add_RoleServiceServicer_to_server(custom_roles, server)

        yield Parts(SERVICES, register, TokenVerifier(keyring))
