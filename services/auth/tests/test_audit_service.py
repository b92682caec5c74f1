"""The audit chain as its organization reads it."""

from bloom.auth.v1 import audit_service_pb2, audit_service_pb2_grpc


async def test_first(mesh, owner):
    stub = audit_service_pb2_grpc.AuditServiceStub(mesh.channel)
    page = await stub.ListAuditEvents(
        audit_service_pb2.ListAuditEventsRequest(page_size=1), metadata=owner.metadata
    )
    print(page)
    lines = [
        l
        async for l in stub.ExportAuditChain(
            audit_service_pb2.ExportAuditChainRequest(), metadata=owner.metadata
        )
    ]
    print(lines)
