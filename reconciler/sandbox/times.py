"""The spellings of time that Azure Backup uses (wire-facts 1.5, 5.3, 6)."""

from datetime import UTC, datetime, timedelta

NEVER = "2001-01-01T00:00:00Z"  # lastBackupTime of an item that has no backup yet
NO_END = "0001-01-01T00:00:00"  # endTime of a running operation, without a Z


def utc(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def text(moment: datetime) -> str:
    """`2022-03-18T15:54:24.845Z`: the fraction loses its trailing zeros, as .NET writes it."""
    stamp = moment.astimezone(UTC).isoformat()[:-6]  # less the offset
    return f"{stamp.rstrip('0') if '.' in stamp else stamp}Z"


def parse(stamp: str) -> datetime:
    """The moment of a wire timestamp; a missing zone means UTC.

    Raises:
        ValueError: it is no timestamp.
    """
    head, dot, tail = stamp.strip().replace("Z", "+00:00").partition(".")
    if dot:  # seven digits are one more than Python reads
        digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
        head += f".{digits[:6]}{tail[len(digits) :]}"
    moment = datetime.fromisoformat(head)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def iso_duration(span: timedelta) -> str:
    """`PT1M31.7643369S`."""
    seconds = max(span.total_seconds(), 0.0)
    hours, minutes = int(seconds // 3600), int(seconds % 3600 // 60)
    rest = f"{seconds % 60:.6f}".rstrip("0").rstrip(".")
    out = "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    return out + (f"{rest}S" if rest != "0" or out == "PT" else "")


def dotnet_span(span: timedelta) -> str:
    """`13.23:59:45.7545917` (days.hours:minutes:seconds, seven digits)."""
    total = max(span // timedelta(microseconds=1), 0)
    seconds, fraction = divmod(total, 1_000_000)
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return (f"{days}." if days else "") + clock + (f".{fraction:06d}0" if fraction else "")


def us_text(moment: datetime) -> str:
    """`3/13/2022 12:00:00 AM`, as job property bags write it."""
    hour = moment.hour % 12 or 12
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment.minute:02d}:{moment.second:02d} {moment:%p}"
