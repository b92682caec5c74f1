"""The grants that programs use: client credentials, and exchange for work done later."""

from auth_service import names, refusals
from auth_service.directory.me import principal
from auth_service.service_accounts.service import authenticated
from auth_service.sessions.model import TokenPair
from auth_service.tokens.access import AccessTokens
from auth_service.tokens.workloads import Workloads
from service_runtime import audit
from service_runtime.errors import not_found
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres


class Grants:
    """Gives tokens to programs; none of them comes with a refresh token."""

    def __init__(self, postgres: Postgres, tokens: AccessTokens, workloads: Workloads) -> None:
        self._postgres = postgres
        self._tokens = tokens
        self._workloads = workloads

    async def issue(self, client_id: str, client_secret: str) -> TokenPair:
        """For a service account or a workload. Raises CREDENTIALS_INVALID."""
        if self._workloads.accepts(client_id, client_secret):
            return self._pair(self._tokens.for_workload(client_id))
        found = await authenticated(self._postgres, client_id, client_secret)
        if found is None:
            raise refusals.client_invalid()
        org_id, account = found
        subject = names.service_account(account.id)
        return self._pair(
            self._tokens.for_subject(subject, org_id, account.roles, account.custom_permissions)
        )

    async def exchange(self, workload: str, subject: str, organization: str) -> TokenPair:
        """A token of `subject` with its permissions as they are now.

        Raises NOT_FOUND for a subject that is not of this organization, STATE_FORBIDS for a disabled user.
        """
        if workload not in self._workloads:
            raise refusals.workload_unknown()
        org_id = names.id_of(organization)
        async with self._postgres.transaction(org_id) as connection:
            found = await principal(connection, Identity(subject=subject, org_id=org_id))
            if found is None:
                raise not_found(subject)
            if found.disabled:
                raise refusals.subject_disabled()
            caller = Identity(org_id=org_id, workload=workload)
            await audit.record(connection, caller, "token.exchanged", subject)
        actor = names.workload(workload)
        return self._pair(
            self._tokens.for_subject(
                subject, org_id, found.roles, found.custom_permissions, epoch=found.epoch, actor=actor
            )
        )

    def _pair(self, access_token: str) -> TokenPair:
        return TokenPair(access_token, self._tokens.lifetime)
