"""Convert columns of text, or of the types of a Parquet file, to plain text and to numbers.

Every function takes an Arrow array and returns an Arrow array in which null means "missing". The calls release the
interpreter lock, so that another thread can draw a screen meanwhile. A value that cannot be converted is reported
with its position.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.runtime.memory import require_free

if TYPE_CHECKING:
    import pyarrow as pa

#: Spellings of "no value" in a column of numbers, in lower case.
MISSING_NUMBERS = ("", "nan", "na", "n/a", "<na>", "null", "none", "nil", "\\n", "-")
_LARGEST = float(np.finfo(np.float32).max)
_OBJECTS_AT_A_TIME = 20_000
_FIRST_ONES = 64
_LONGEST_SHOWN = 60
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


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


def to_numbers(values: pa.Array) -> pa.Array:
    """Convert to float64. Null and the spellings of :data:`MISSING_NUMBERS` are missing values.

    Raises
    ------
    BadValueError
        At the first text that is not a number, or at the first infinite number.
    """
    import pyarrow as pa

    if is_number(values.type):
        numbers = values.cast(pa.float64(), safe=False)
    else:
        texts = to_strings(values)
        numbers = cast(texts, pa.float64())
        if numbers is None:
            numbers = parse_each(texts, parse_number, pa.float64(), "a number")
    return finite(numbers, values)


def finite(numbers: pa.Array, values: pa.Array) -> pa.Array:
    """The numbers that values were read as, with null for NaN; an infinite one is a bad value."""
    import pyarrow.compute as pc

    numbers = pc.if_else(pc.is_nan(numbers), None, numbers)
    too_large = pc.greater(pc.abs(numbers), _LARGEST)
    if pc.any(too_large).as_py():
        position = pc.index(too_large, True).as_py()
        raise BadValueError(position, f"{shown(values, position)} is not a finite number")
    return numbers


def numbers_or_null(values: pa.Array) -> pa.Array:
    """Convert to float64, with null for everything that is not a number; for figures that are only shown."""
    import pyarrow as pa

    def lenient(text: str) -> float | None:
        try:
            number = parse_number(text)
        except ValueError:
            return None
        return number if number is not None and abs(number) <= _LARGEST else None

    return parse_each(to_strings(values), lenient, pa.float64(), "a number")


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


#: An array that grows by at least so many bytes looks first whether they are free.
_LARGE_GROWTH = 32_000_000


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
        begin, end = self._length, self._length + len(values)
        if end > len(self._array):
            size = max(end, len(self._array) * 5 // 4)
            growth = (size - len(self._array)) * self._array.itemsize
            if growth >= _LARGE_GROWTH:  # an operating system kills the process that takes more than there is
                require_free(growth, f"Reading a column of more than {begin:,} rows")
            self._array.resize(size, refcheck=False)
        self._array[begin:end] = values
        self._length = end

    def finish(self) -> npt.NDArray[Any]:
        """The values. Nothing can be appended afterwards."""
        self._array.resize(self._length, refcheck=False)
        return self._array


def is_number(arrow_type: Any) -> bool:
    """Whether values of this Arrow type are numbers; a column of nothing but nulls counts as one."""
    from pyarrow import types

    kinds = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    return any(is_kind(arrow_type) for is_kind in kinds)


def parse_number(text: str) -> float | None:
    """Parse one number; None for a spelling of "no value". Raises ValueError if the text is not a number."""
    stripped = text.strip()
    if stripped.lower() in MISSING_NUMBERS:
        return None
    if "_" in stripped:
        raise ValueError
    return float(stripped)


def cast(texts: pa.Array, to: Any) -> pa.Array | None:
    """The values as another type, or None if not all can be converted."""
    import pyarrow as pa

    # The first values are tried alone: pyarrow writes a message for every value that fails, which takes long.
    for piece in (texts.slice(0, _FIRST_ONES), texts):
        try:
            converted = piece.cast(to)
        except pa.ArrowInvalid:
            return None
    return converted


def shown(texts: pa.Array, position: int | np.integer[Any]) -> str:
    """A value of a file as it is quoted in a sentence: in one line, and cut if it is long."""
    value = texts[int(position)].as_py()
    text = value if isinstance(value, str) else str(value)
    cut = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    return repr(cut) if isinstance(value, str) else cut


def parse_each(texts: pa.Array, parse: Callable[[str], Any], to: Any, what: str) -> pa.Array:
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
        hint = ""
        if _THOUSANDS.fullmatch(text.strip()):
            hint = f" (it may be {text.strip().replace(',', '')} or {float(text.replace(',', '.')):g})"
        elif _DECIMAL_COMMA.fullmatch(text.strip()):
            hint = " (decimals are written with a point)"
        raise BadValueError(position, f"{shown(texts, position)} is not {what}{hint}")
    return pa.array(parsed, to).take(coded.indices)
