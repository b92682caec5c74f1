"""Has the heads of this service's chains signed by auth, which has the keys."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import grpc

from bloom.auth.v1 import audit_service_pb2, audit_service_pb2_grpc
from service_runtime.chain_file import Head
from service_runtime.clients import answers_of
from service_runtime.signed_head import Seal, read


@dataclass(frozen=True, slots=True)
class RemoteSigner:
    """Signs by `SignAuditHead`; the channel brings the workload's token."""

    channel: grpc.aio.Channel

    async def sign(self, org_id: UUID, head: Head) -> tuple[Seal, datetime]:
        """Raises DomainError STATE_FORBIDS where auth has signed a later head, or another at this place."""
        request = audit_service_pb2.SignAuditHeadRequest(
            organization=f"organizations/{org_id}", seq=head.seq, hash=head.hash
        )
        with answers_of("auth"):
            signed = await audit_service_pb2_grpc.AuditServiceStub(self.channel).SignAuditHead(request)
        seal = Seal(signed.signature, dict(signed.key))
        return seal, read(seal)[0].at
