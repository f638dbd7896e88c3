"""Times in a file, as seconds since 1970."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.datasets.formats.values import (
    MISSING_NUMBERS,
    BadValueError,
    cast,
    is_number,
    parse_each,
    parse_number,
    to_numbers,
    to_strings,
)

if TYPE_CHECKING:
    import pyarrow as pa


def to_times(values: pa.Array) -> pa.Array:
    """Convert to int64, in seconds since 1970; fractions of a second are cut off.

    Values are seconds since 1970, or ISO dates and times; those without a time zone are in UTC.

    Raises
    ------
    BadValueError
        At the first value that is not a time.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_date(values.type) or pa.types.is_timestamp(values.type):
        return (
            pc.floor_temporal(values.cast(pa.timestamp("us")), unit="second").cast(pa.timestamp("s")).cast(pa.int64())
        )
    if is_number(values.type):
        seconds = pc.floor(to_numbers(values))
        if pc.any(too_late := pc.greater_equal(pc.abs(seconds), 2.0**63)).as_py():
            position = pc.index(too_late, True).as_py()
            raise BadValueError(position, f"{values[position].as_py()!r} is not a time (seconds since 1970)")
        return seconds.cast(pa.int64(), safe=False)
    texts = to_strings(values)
    times = _cast_times(texts)
    if times is None:
        texts = pc.utf8_trim_whitespace(texts)
        texts = pc.if_else(pc.is_in(pc.utf8_lower(texts), pa.array(MISSING_NUMBERS)), None, texts)
        times = _cast_times(texts)
    if times is None:
        what = "a time (unix seconds, or a date such as 2024-05-31 or 2024-05-31T18:00:00)"
        times = parse_each(texts, _time, pa.int64(), what)
    return times


def _time(text: str) -> int:
    try:
        seconds = int(parse_number(text) or 0)
    except OverflowError as error:
        raise ValueError from error
    except ValueError:
        moment = datetime.fromisoformat(text)
        return math.floor((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    if not -(2**63) <= seconds < 2**63:
        raise ValueError
    return seconds


def _cast_times(texts: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    seconds = cast(texts, pa.int64())
    if seconds is not None:
        return seconds
    numbers = cast(texts, pa.float64())
    if numbers is not None and pc.all(pc.less(pc.abs(numbers), 2.0**62)).as_py() is not False:
        return pc.floor(numbers).cast(pa.int64())
    for zone in (None, "UTC"):
        times = cast(texts, pa.timestamp("us", zone))
        if times is not None:
            return pc.floor_temporal(times, unit="second").cast(pa.timestamp("s", zone)).cast(pa.int64())
    return None
