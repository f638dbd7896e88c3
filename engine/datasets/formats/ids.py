"""Ids of users and items: one spelling for one id, and a column of them collected block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.text_columns import unwrap_formulas
from engine.datasets.formats.values import BadValueError, GrowingArray, cast, shown, to_strings

if TYPE_CHECKING:
    import pyarrow as pa

#: What programs write for "no id": spreadsheets, SQL, Python, pandas, R and JavaScript. Upper
#: and lower case matter, since "Null" and "Nan" are names of people.
MISSING_IDS = (
    "", '=""', "NaN", "nan", "NAN", "-nan", "NULL", "null", "(null)", "\\N", "None", "none", "NONE", "<NA>", "<na>",
    "NA", "N/A", "n/a", "#N/A", "#NA", "NaT", "undefined",
    "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!",
)  # fmt: skip
#: A list of several values as JSON and Python write it, and an object. ``[REC]`` and ``[2020]`` may be titles.
_LIST = r"""^\[\s*("[^"]*"|'[^']*'|-?\d[\d.]*)\s*,.*\]$"""
_OBJECT = r"""^\{\s*["'].*:.*\}$"""


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


def to_ids(values: pa.Array) -> pa.Array:
    """Convert a whole column to integers if every value is a whole number, else to text.

    ``10``, ``10.0`` and ``1e+01`` are the whole number 10. ``007`` and ``+7`` are text, since their form may matter.
    Missing values are null.
    """
    ids = clean_ids(values)
    numbers = _whole_numbers(ids)
    return ids if numbers is None else numbers


def clean_ids(values: pa.Array) -> pa.Array:
    """Convert a part of a column to integers if every value is a plainly written integer, else to text.

    Other parts decide whether a text such as ``10.0`` is the number 10, so it stays as it is. Space around an id does
    not belong to it. Missing values are null.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(values.type):
        fitting = cast(values, pa.int64())  # the upper half of uint64 does not fit into int64
        return values.cast(pa.string()) if fitting is None else fitting
    if pa.types.is_floating(values.type):  # pandas stores a column of integers with missing values as floats
        whole = pc.if_else(pc.is_nan(values), None, values)
        is_id = pc.and_(pc.equal(whole, pc.trunc(whole)), pc.less(pc.abs(whole), 2.0**63))
        if pc.all(is_id).as_py() is not False:
            return whole.cast(pa.int64(), safe=False)
    texts = to_strings(values)
    numbers = plain_integers(texts)
    if numbers is not None:
        return numbers
    texts = unwrap_formulas(pc.utf8_trim_whitespace(texts))
    missing = pc.is_in(texts, value_set=pa.array(MISSING_IDS))
    if pc.any(missing).as_py():
        texts = pc.if_else(missing, None, texts)
    numbers = plain_integers(texts)
    return texts if numbers is None else numbers


def require_single_values(values: pa.Array, ids: pa.Array) -> None:
    """Refuse a column in which an id is a list or an object: it would count as one id, whatever is in it.

    Parameters
    ----------
    values
        A part of the column, as the file has it.
    ids
        The same part, as :func:`clean_ids` or :func:`to_ids` returns it.

    Raises
    ------
    BadValueError
        At the first list or object.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_nested(kind):
        nested = values.is_valid()
        is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    elif pa.types.is_string(ids.type):
        objects = pc.starts_with(ids, "{")
        nested = pc.or_(pc.starts_with(ids, "["), objects)
        if not pc.any(nested).as_py():  # nearly always; the patterns below take longer
            return
        nested = pc.match_substring_regex(ids, f"(?s:{_LIST}|{_OBJECT})")
        is_list = not pc.any(pc.and_(nested, objects)).as_py()
    else:
        return
    position = pc.index(nested, True).as_py()
    if position >= 0:
        what, advice = (
            ("a list", "give each of its values a row of its own")
            if is_list
            else ("an object", "give the value in it a column of its own")
        )
        raise BadValueError(position, f"{shown(values, position)} is {what} and no single value ({advice})")


class IdColumn:
    """Collects a column of ids block by block; the column is never in memory as text.

    The ids are integers if those of all blocks are whole numbers; otherwise all of them become text. This loses
    nothing, since a block holds integers only if they are plainly written.
    """

    def __init__(self) -> None:
        self._codes = GrowingArray(np.int32)
        self._begins: list[int] = []
        self._different: list[Any] = []

    def add(self, ids: pa.Array) -> None:
        """Append ids as :func:`clean_ids` returns them, without nulls."""
        coded = ids.dictionary_encode()
        self._begins.append(len(self._codes))
        self._codes.add(coded.indices.to_numpy())
        self._different.append(coded.dictionary)

    def add_coded(self, column: CodedIds) -> None:
        """Append a whole column that was coded before."""
        self._begins.append(len(self._codes))
        self._codes.add(column.codes)
        self._different.append(column.ids)

    def finish(self) -> CodedIds:
        """The whole column. Nothing can be appended afterwards."""
        import pyarrow as pa

        codes = self._codes.finish()
        if not self._different:
            return CodedIds(codes, pa.array([], pa.int64()))
        numbers_of_all = [_whole_numbers(one) for one in self._different]
        if all(one is not None for one in numbers_of_all):
            self._different = numbers_of_all
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


def match_spellings(ids: pa.Array, known: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Spell ids as a catalogue does where the two differ only in leading zeros or in a trailing ``.0``.

    An id that the catalogue knows as it is stays as it is. The spelling of another id changes if exactly one id of the
    catalogue, and no other of the ids, is the same number.

    Parameters
    ----------
    ids
        Different ids, as :func:`to_ids` returns them.
    known
        The different ids of the catalogue.

    Returns
    -------
    tuple
        The ids, in the same order and still different from each other, and which of them have changed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    unchanged = ids, np.zeros(len(ids), dtype=bool)
    if not len(ids) or not len(known) or ids.type == known.type == pa.int64():
        return unchanged
    texts, known_texts = ids.cast(pa.string()), known.cast(pa.string())
    met = pc.is_in(texts, value_set=known_texts).to_numpy(zero_copy_only=False)
    if met.all():
        return unchanged
    keys = pa.concat_arrays([_bare_numbers(texts), _bare_numbers(known_texts)]).dictionary_encode()
    codes = keys.indices.to_numpy()
    mine, theirs = codes[: len(ids)], codes[len(ids) :]
    count = len(keys.dictionary)
    unique = (np.bincount(mine, minlength=count) == 1) & (np.bincount(theirs, minlength=count) == 1)
    changed = ~met & unique[mine]
    if not changed.any():
        return unchanged
    row_of = np.zeros(count, dtype=np.int64)
    row_of[theirs] = np.arange(len(known))
    spelled = pc.if_else(pa.array(changed), known_texts.take(pa.array(row_of[mine])), texts)
    numbers = plain_integers(spelled)
    return (spelled if numbers is None else numbers), changed


def _bare_numbers(texts: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    whole = pc.replace_substring_regex(texts, r"^(\d+)\.0*$", r"\1")
    return pc.replace_substring_regex(whole, r"^0+(\d+)$", r"\1")


def _whole_numbers(ids: pa.Array) -> pa.Array | None:
    """The ids as int64 if all of them are whole numbers without leading zeros, however written; else None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(ids.type):
        return ids
    texts = pc.replace_substring_regex(ids, r"^(-?(?:0|[1-9]\d*))\.0*$", r"\1")
    # R and pandas write large numbers so. An upper-case E is left alone: it is the work of a spreadsheet, which shows
    # a few digits only, and then different ids look the same.
    with_exponent = pc.match_substring_regex(texts, r"^-?[1-9](\.\d+)?e\+\d\d$")
    if pc.any(with_exponent).as_py():
        written = [format(Decimal(text), "f") for text in texts.filter(with_exponent).to_pylist()]
        texts = pc.replace_with_mask(texts, with_exponent.fill_null(False), pa.array(written, pa.string()))
    return plain_integers(texts)


def plain_integers(texts: pa.Array) -> pa.Array | None:
    """The texts as int64 if each is an integer as it is plainly written; else None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = cast(texts, pa.int64())
    if numbers is None:
        return None
    return numbers if pc.all(pc.equal(numbers.cast(pa.string()), texts)).as_py() is not False else None
