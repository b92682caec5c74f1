"""What keeps contracts as messages of the schema."""

from bloom.contracts.v1 import keeping_service_pb2
from contracts_service import names
from contracts_service.family.messages import date_message
from contracts_service.keeping.model import Deleted, Hold, Keeping, Placed, RetentionClass
from service_runtime.timestamps import timestamp


def deleted_message(one: Deleted) -> keeping_service_pb2.DeletedContract:
    """A contract that can be had back; without purge_time where a hold keeps it."""
    return keeping_service_pb2.DeletedContract(
        contract=names.contract(one.id),
        label=one.label,
        deleter=one.deleter,
        delete_time=timestamp(one.deleted_at),
        purge_time=None if one.held else timestamp(one.purge_at),
    )


def class_message(of: RetentionClass) -> keeping_service_pb2.RetentionClass:
    """How long contracts of it are kept."""
    return keeping_service_pb2.RetentionClass(
        name=names.retention_class(of.id),
        display_name=of.display_name,
        years=of.years,
        anchor=of.anchor,  # type: ignore[arg-type]  # stored numbers of the schema's own enumerations
        disposal=of.disposal,  # type: ignore[arg-type]
        etag=of.etag,
    )


def hold_message(hold: Hold) -> keeping_service_pb2.Hold:
    """A matter."""
    return keeping_service_pb2.Hold(
        name=names.hold(hold.id),
        display_name=hold.display_name,
        creator=hold.creator,
        create_time=timestamp(hold.created_at),
        contract_count=hold.contract_count,
    )


def keeping_message(keeping: Keeping) -> keeping_service_pb2.Keeping:
    """What keeps a contract."""
    of = keeping.retention_class
    return keeping_service_pb2.Keeping(
        name=names.keeping(keeping.contract_id),
        retention_class=names.retention_class(of.id) if of else "",
        retained_until=date_message(keeping.until),
        day_unknown=of is not None and keeping.until is None,
        holds=[_placed(one) for one in keeping.holds],
    )


def _placed(one: Placed) -> keeping_service_pb2.ContractHold:
    return keeping_service_pb2.ContractHold(
        hold=names.hold(one.hold_id),
        placer=one.placer,
        place_time=timestamp(one.placed_at),
        reason=one.reason,
        lifter=one.lifter or "",
        lift_time=timestamp(one.lifted_at) if one.lifted_at else None,
        lift_reason=one.lift_reason or "",
    )
