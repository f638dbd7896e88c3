"""Ids of users and items: one spelling for one id, and a column of them collected block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.values import GrowingArray, cast, to_strings

if TYPE_CHECKING:
    import pyarrow as pa


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
    """Convert to integers if every value is a plainly written integer, else to text.

    ``007`` and ``+7`` are not plainly written. Space around an id does not belong to it. Null and empty text are
    missing values.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(values.type):
        fitting = cast(values, pa.int64())  # the upper half of uint64 does not fit into int64
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


def _plain_integers(texts: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = cast(texts, pa.int64())
    if numbers is None:
        return None
    return numbers if pc.all(pc.equal(numbers.cast(pa.string()), texts)).as_py() is not False else None
