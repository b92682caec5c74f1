"""DirectoryService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2

from auth_service import messages, names, roles
from auth_service.accounts.model import normalized
from auth_service.directory import changes, service
from auth_service.directory.service import NewUser
from auth_service.keys.wrapping import KeyWrap
from auth_service.organizations.service import Organizations
from auth_service.passwords.hashing import Passwords
from auth_service.passwords.strength import require_strong
from auth_service.service_accounts import service as service_accounts
from bloom.auth.v1 import auth_pb2, directory_service_pb2, directory_service_pb2_grpc
from service_runtime import idempotency
from service_runtime.identity import Identity, current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class DirectoryHandlers(directory_service_pb2_grpc.DirectoryServiceServicer):
    """The methods of `bloom.auth.v1.DirectoryService`."""

    postgres: Postgres
    organizations: Organizations
    passwords: Passwords
    wrap: KeyWrap

    async def GetOrganization(  # noqa: N802
        self, request: directory_service_pb2.GetOrganizationRequest, context: Context
    ) -> auth_pb2.Organization:
        return messages.organization(await self.organizations.get(current_identity.get(), request.name))

    async def CreateUser(  # noqa: N802
        self, request: directory_service_pb2.CreateUserRequest, context: Context
    ) -> auth_pb2.User:
        identity = current_identity.get()
        new = await self._new_user(identity, request)
        async with self.postgres.transaction(identity.tenant) as connection:

            async def run() -> auth_pb2.User:
                return messages.user(await service.create(connection, identity, new))

            return await idempotency.once(
                connection, identity, self._without_password(request), request.request_id, auth_pb2.User, run
            )

    async def _new_user(
        self, identity: Identity, request: directory_service_pb2.CreateUserRequest
    ) -> NewUser:
        email = normalized(request.user.email)
        own = await self.organizations.own(identity)
        require_strong(request.password, email=email, organization=own.display_name)
        return NewUser(
            email=email,
            display_name=request.user.display_name,
            roles=roles.ordered(request.user.roles),
            custom_roles=names.ids_of(request.user.custom_roles),
            departments=changes.ordered(request.user.departments),
            password_hash=await self.passwords.hash(request.password),
        )

    def _without_password(
        self, request: directory_service_pb2.CreateUserRequest
    ) -> directory_service_pb2.CreateUserRequest:
        """For the stored digest of the request: a fast hash over a password would undo argon2."""
        bare = directory_service_pb2.CreateUserRequest()
        bare.CopyFrom(request)
        bare.password = self.wrap.digest(request.password)
        return bare

    async def GetUser(  # noqa: N802
        self, request: directory_service_pb2.GetUserRequest, context: Context
    ) -> auth_pb2.User:
        return messages.user(await service.get(self.postgres, current_identity.get(), request.name))

    async def ListUsers(  # noqa: N802
        self, request: directory_service_pb2.ListUsersRequest, context: Context
    ) -> directory_service_pb2.ListUsersResponse:
        found, next_token = await service.page(
            self.postgres, current_identity.get(), size=request.page_size, token=request.page_token
        )
        return directory_service_pb2.ListUsersResponse(
            users=[messages.user(item) for item in found], next_page_token=next_token
        )

    async def UpdateUser(  # noqa: N802
        self, request: directory_service_pb2.UpdateUserRequest, context: Context
    ) -> auth_pb2.User:
        identity, asked = current_identity.get(), changes.of(request)
        async with self.postgres.transaction(identity.tenant) as connection:
            user = await service.update(connection, identity, request.user.name, request.user.etag, asked)
        return messages.user(user)

    async def UnlockUser(  # noqa: N802
        self, request: directory_service_pb2.UnlockUserRequest, context: Context
    ) -> directory_service_pb2.UnlockUserResponse:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            await service.unlock(connection, identity, request.name)
        return directory_service_pb2.UnlockUserResponse()

    async def CreateServiceAccount(  # noqa: N802
        self, request: directory_service_pb2.CreateServiceAccountRequest, context: Context
    ) -> directory_service_pb2.CreateServiceAccountResponse:
        account, secret = await service_accounts.create(
            self.postgres,
            current_identity.get(),
            request.display_name,
            roles.ordered(request.roles),
            names.ids_of(request.custom_roles),
        )
        return directory_service_pb2.CreateServiceAccountResponse(
            service_account=messages.service_account(account),
            client_id=str(account.id),
            client_secret=secret,
        )

    async def ListServiceAccounts(  # noqa: N802
        self, request: directory_service_pb2.ListServiceAccountsRequest, context: Context
    ) -> directory_service_pb2.ListServiceAccountsResponse:
        found, next_token = await service_accounts.page(
            self.postgres, current_identity.get(), size=request.page_size, token=request.page_token
        )
        return directory_service_pb2.ListServiceAccountsResponse(
            service_accounts=[messages.service_account(item) for item in found], next_page_token=next_token
        )

    async def DeleteServiceAccount(  # noqa: N802
        self, request: directory_service_pb2.DeleteServiceAccountRequest, context: Context
    ) -> empty_pb2.Empty:
        await service_accounts.delete(self.postgres, current_identity.get(), request.name)
        return empty_pb2.Empty()
