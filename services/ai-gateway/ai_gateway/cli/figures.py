"""Money, shares, sizes and times as a person reads them. Money is exact: integers, never floats."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from google.protobuf import timestamp_pb2

MICRO = 1_000_000
NONE = "—"


def dollars(micro_usd: int) -> str:
    """`$0.000123`: all six digits, since one answer costs less than a cent."""
    whole, rest = divmod(abs(micro_usd), MICRO)
    return f"{'-' if micro_usd < 0 else ''}${whole:,}.{rest:06d}"


def usd(micro_usd: int) -> str:
    """`0.000123`, for programs."""
    return dollars(micro_usd).replace("$", "").replace(",", "")


def percent(part: int, whole: int) -> str:
    """`12.5 %`; nothing has no share."""
    if not whole:
        return NONE
    share = (Decimal(part) * 100 / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{share:,} %"


def count(number: int) -> str:
    """`1,234`."""
    return f"{number:,}"


def size(number: int) -> str:
    """Bytes: `512 B`, `12.3 kB`."""
    amount = Decimal(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{number} B" if unit == "B" else f"{amount:.1f} {unit}"


def moment(stamp: timestamp_pb2.Timestamp) -> str:
    """`2026-11-23 10:15:02`, UTC."""
    return f"{aware(stamp):%Y-%m-%d %H:%M:%S}"


def aware(stamp: timestamp_pb2.Timestamp) -> datetime:
    """As a time in UTC."""
    return stamp.ToDatetime(tzinfo=UTC)


def span(length: timedelta) -> str:
    """The two largest units: `6 d 3 h`, `5 min 2 s`, `0.412 s`."""
    if length < timedelta(seconds=60):
        return f"{max(length.total_seconds(), 0):.3f} s"
    parts: list[str] = []
    rest = length
    for unit, name in (
        (timedelta(days=1), "d"),
        (timedelta(hours=1), "h"),
        (timedelta(minutes=1), "min"),
        (timedelta(seconds=1), "s"),
    ):
        number, rest = divmod(rest, unit)
        if number or parts:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2])
