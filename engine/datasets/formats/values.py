"""Convert columns of text, or of the types of a Parquet file, to ids, numbers and times.

Every function takes an Arrow array and returns an Arrow array in which null means "missing". The calls release the
interpreter lock, so that another thread can draw a screen meanwhile. A value that cannot be converted is reported
with its position.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

#: Spellings of "no value" in a column of numbers, in lower case. In a column of names they are names.
MISSING_NUMBERS = ("", "nan", "na", "n/a", "<na>", "null", "none", "nil", "\\n", "-")
_LARGEST = float(np.finfo(np.float32).max)
_OBJECTS_AT_A_TIME = 20_000
_FIRST_ONES = 64
_LONGEST_SHOWN = 60
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")


class BadValueError(ValueError):
    """A value that cannot be read.

    Parameters
    ----------
    position
        The position of the value in the array.
    message
        What the value is and what it should be: ``"'abc' is not a number"``.
    """

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position


def to_strings(values: pa.Array) -> pa.Array:
    """Convert to text, with ``|`` between the parts of a list.

    Values without a plain text (structures, bytes that are not UTF-8) become the text that Python prints for them.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(values.type):
        return values
    if pa.types.is_dictionary(values.type):
        return to_strings(values.dictionary_decode())
    try:
        if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
            return pc.binary_join(values.cast(pa.list_(pa.string())), "|")
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else _written(value) for value in values.to_pylist()], pa.string())


def _written(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def to_ids(values: pa.Array) -> pa.Array:
    """Convert to integers if every value is a plainly written integer, else to text.

    ``007`` and ``+7`` are not plainly written. Space around an id does not belong to it. Null and empty text are
    missing values.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(values.type):
        fitting = _cast(values, pa.int64())  # the upper half of uint64 does not fit into int64
        return values.cast(pa.string()) if fitting is None else fitting
    if pa.types.is_floating(values.type):  # pandas stores a column of integers with missing values as floats
        whole = pc.if_else(pc.is_finite(values), values, None)
        is_id = pc.and_(pc.equal(whole, pc.trunc(whole)), pc.less(pc.abs(whole), 2.0**63))
        if pc.all(is_id).as_py() is not False:
            return whole.cast(pa.int64(), safe=False)
    texts = to_strings(values)
    numbers = _plain_integers(texts)
    if numbers is not None:
        return numbers
    texts = pc.utf8_trim_whitespace(texts)
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    numbers = _plain_integers(texts)
    return texts if numbers is None else numbers


def to_numbers(values: pa.Array) -> pa.Array:
    """Convert to float64. Null and the spellings of :data:`MISSING_NUMBERS` are missing values.

    Raises
    ------
    BadValueError
        At the first text that is not a number, or at the first infinite number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if _is_number(values.type):
        numbers = values.cast(pa.float64(), safe=False)
    else:
        texts = to_strings(values)
        numbers = _cast(texts, pa.float64())
        if numbers is None:
            numbers = _parse_each(texts, _number, pa.float64(), "a number")
    numbers = pc.if_else(pc.is_nan(numbers), None, numbers)
    too_large = pc.greater(pc.abs(numbers), _LARGEST)
    if pc.any(too_large).as_py():
        position = pc.index(too_large, True).as_py()
        raise BadValueError(position, f"{values[position].as_py()!r} is not a finite number")
    return numbers


def numbers_or_null(values: pa.Array) -> pa.Array:
    """Convert to float64, with null for everything that is not a number; for figures that are only shown."""
    import pyarrow as pa

    def lenient(text: str) -> float | None:
        try:
            number = _number(text)
        except ValueError:
            return None
        return number if number is not None and abs(number) <= _LARGEST else None

    return _parse_each(to_strings(values), lenient, pa.float64(), "a number")


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
    if _is_number(values.type):
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
        times = _parse_each(texts, _time, pa.int64(), what)
    return times


def with_line_end(ids: pa.Array) -> npt.NDArray[np.bool_] | None:
    """Which ids have a line end in them, which no id has; None if none does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(ids.type):
        return None
    broken = pc.or_(pc.match_substring(ids, "\n"), pc.match_substring(ids, "\r")).fill_null(False)
    return broken.to_numpy(zero_copy_only=False) if pc.any(broken).as_py() else None


def to_objects(array: pa.Array) -> npt.NDArray[Any]:
    """A NumPy array of Python strings. It is made in pieces, since one long call would hold the interpreter lock."""
    objects = np.empty(len(array), dtype=object)
    for begin in range(0, len(array), _OBJECTS_AT_A_TIME):
        piece = array.slice(begin, _OBJECTS_AT_A_TIME)
        objects[begin : begin + len(piece)] = piece.to_numpy(zero_copy_only=False)
    return objects


@dataclass(frozen=True, slots=True)
class CodedIds:
    """A column of ids, stored as positions in an array of the different ids.

    Attributes
    ----------
    codes
        Positions in ``ids``; int32, shape ``(n,)``.
    ids
        The different ids in no particular order; Arrow array of int64 or string.
    """

    codes: npt.NDArray[np.int32]
    ids: pa.Array


class GrowingArray:
    """A NumPy array to which values are appended in place, so that a column is never held in memory twice.

    Parameters
    ----------
    dtype
        The type of the values.
    """

    def __init__(self, dtype: Any) -> None:
        self._array: npt.NDArray[Any] = np.empty(0, dtype=dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, values: npt.NDArray[Any]) -> None:
        """Append values."""
        begin, self._length = self._length, self._length + len(values)
        if self._length > len(self._array):
            self._array.resize(max(self._length, len(self._array) * 5 // 4), refcheck=False)
        self._array[begin : self._length] = values

    def finish(self) -> npt.NDArray[Any]:
        """The values. Nothing can be appended afterwards."""
        self._array.resize(self._length, refcheck=False)
        return self._array


class IdColumn:
    """Collects a column of ids block by block; the column is never in memory as text.

    The ids are integers if those of all blocks are; otherwise all of them become text. This loses nothing, since only
    plainly written integers are read as integers.
    """

    def __init__(self) -> None:
        self._codes = GrowingArray(np.int32)
        self._begins: list[int] = []
        self._different: list[Any] = []

    def add(self, ids: pa.Array) -> None:
        """Append ids as :func:`to_ids` returns them, without nulls."""
        coded = ids.dictionary_encode()
        self._begins.append(len(self._codes))
        self._codes.add(coded.indices.to_numpy())
        self._different.append(coded.dictionary)

    def finish(self) -> CodedIds:
        """The whole column. Nothing can be appended afterwards."""
        import pyarrow as pa

        codes = self._codes.finish()
        if not self._different:
            return CodedIds(codes, pa.array([], pa.int64()))
        id_type = common_type(self._different)
        # One array and one pass: encoding each chunk by itself would copy all ids seen so far into each of them.
        wide = id_type if pa.types.is_integer(id_type) else pa.large_string()
        coded = pa.concat_arrays([one.cast(wide) for one in self._different]).dictionary_encode()
        numbers = coded.indices.to_numpy()
        ends = [*self._begins[1:], len(codes)]
        offset = 0
        for begin, end, different in zip(self._begins, ends, self._different, strict=True):
            codes[begin:end] = numbers[offset : offset + len(different)][codes[begin:end]]
            offset += len(different)
        return CodedIds(codes, coded.dictionary.cast(id_type))


def common_type(arrays: Sequence[pa.Array]) -> Any:
    """int64 if all arrays of ids hold integers, else string."""
    import pyarrow as pa

    return pa.int64() if all(pa.types.is_integer(array.type) for array in arrays) else pa.string()


def _is_number(arrow_type: Any) -> bool:
    from pyarrow import types

    kinds = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    return any(is_kind(arrow_type) for is_kind in kinds)


def _plain_integers(texts: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = _cast(texts, pa.int64())
    if numbers is None:
        return None
    return numbers if pc.all(pc.equal(numbers.cast(pa.string()), texts)).as_py() is not False else None


def _number(text: str) -> float | None:
    stripped = text.strip()
    if stripped.lower() in MISSING_NUMBERS:
        return None
    if "_" in stripped:
        raise ValueError
    return float(stripped)


def _time(text: str) -> int:
    try:
        seconds = int(_number(text) or 0)
    except OverflowError as error:
        raise ValueError from error
    except ValueError:
        moment = datetime.fromisoformat(text)
        return math.floor((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    if not -(2**63) <= seconds < 2**63:
        raise ValueError
    return seconds


def _cast(texts: pa.Array, to: Any) -> pa.Array | None:
    """The values as another type, or None if not all can be converted."""
    import pyarrow as pa

    # The first values are tried alone: pyarrow writes a message for every value that fails, which takes long.
    for piece in (texts.slice(0, _FIRST_ONES), texts):
        try:
            converted = piece.cast(to)
        except pa.ArrowInvalid:
            return None
    return converted


def _cast_times(texts: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    seconds = _cast(texts, pa.int64())
    if seconds is not None:
        return seconds
    numbers = _cast(texts, pa.float64())
    if numbers is not None and pc.all(pc.less(pc.abs(numbers), 2.0**62)).as_py() is not False:
        return pc.floor(numbers).cast(pa.int64())
    for zone in (None, "UTC"):
        times = _cast(texts, pa.timestamp("us", zone))
        if times is not None:
            return pc.floor_temporal(times, unit="second").cast(pa.timestamp("s", zone)).cast(pa.int64())
    return None


def _parse_each(texts: pa.Array, parse: Callable[[str], Any], to: Any, what: str) -> pa.Array:
    """Parse every different text once; raise BadValueError at the first that cannot be parsed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = texts.dictionary_encode()
    parsed, bad = [], []
    for code, text in enumerate(coded.dictionary.to_pylist()):
        try:
            parsed.append(parse(text))
        except ValueError:
            parsed.append(None)
            bad.append(code)
    if bad:
        position = pc.index(pc.is_in(coded.indices, pa.array(bad, coded.indices.type)), True).as_py()
        text = texts[position].as_py()
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
        hint = " (decimals are written with a point)" if _DECIMAL_COMMA.fullmatch(text.strip()) else ""
        raise BadValueError(position, f"{shown!r} is not {what}{hint}")
    return pa.array(parsed, to).take(coded.indices)
