"""Turn external ids into internal ids, here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.id_map import IdMap
from engine.datasets.build.item_columns import no_genres
from engine.datasets.build.items import Catalogue
from engine.datasets.formats.ids import CodedIds, common_type
from engine.datasets.formats.values import to_objects

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_A_TIME = 1 << 20


def number_users(column: CodedIds) -> IdMap:
    """Turn the column's codes into internal ids, in place."""
    order = _ascending(column.ids)
    order = order[_used(column)[order]]
    ranks = np.zeros(len(column.ids), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    _renumber(column.codes, ranks)
    return IdMap(_to_numpy(column.ids, order), name="user")


def number_items(catalogue: Catalogue | None, column: CodedIds) -> tuple[IdMap, pa.Table, int, int]:
    """Turn the column's codes into internal ids, in place.

    Returns
    -------
    tuple
        The id map, the table, the number of items that occur in the column, and the number of those that are not in
        the catalogue.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array([], column.ids.type) if catalogue is None else catalogue.ids
    id_type = common_type([ids for ids in (known, column.ids) if len(ids)])
    known, logged = known.cast(id_type), column.ids.cast(id_type)

    used = _used(column)
    row_of = pc.index_in(logged, known).fill_null(-1).to_numpy(zero_copy_only=False)
    rated = np.zeros(len(known), dtype=bool)
    rated[row_of[used & (row_of >= 0)]] = True
    strangers = _ascending(logged)
    strangers = strangers[(used & (row_of < 0))[strangers]]
    num_rated = int(rated.sum()) + len(strangers)

    first, rest = np.flatnonzero(rated), np.flatnonzero(~rated)
    internal_of_row = np.zeros(len(known), dtype=np.int32)
    internal_of_row[first] = np.arange(1, len(first) + 1)  # 0 is padding
    internal = np.zeros(len(logged), dtype=np.int32)
    internal[row_of >= 0] = internal_of_row[row_of[row_of >= 0]]
    internal[strangers] = np.arange(len(first) + 1, num_rated + 1)
    _renumber(column.codes, internal)

    parts = [pa.array(first), pa.array(strangers), pa.array(rest)]
    stranger_ids = logged.take(parts[1])
    ids = pa.concat_arrays([known.take(parts[0]), stranger_ids, known.take(parts[2])])
    table = _bare_table(stranger_ids)
    if catalogue is not None:
        table = _fill(table, catalogue.table.schema)
        table = pa.concat_tables([catalogue.table.take(parts[0]), table, catalogue.table.take(parts[2])])
    return IdMap(_to_numpy(ids), first=1, name="item"), table, num_rated, len(strangers)


def _used(column: CodedIds) -> npt.NDArray[np.bool_]:
    """Which of the ids occur. The codes are read in pieces, since NumPy converts them to 64 bits for indexing."""
    used = np.zeros(len(column.ids), dtype=bool)
    for begin in range(0, len(column.codes), _ROWS_AT_A_TIME):
        used[column.codes[begin : begin + _ROWS_AT_A_TIME]] = True
    return used


def _renumber(codes: npt.NDArray[np.int32], numbers: npt.NDArray[np.int32]) -> None:
    for begin in range(0, len(codes), _ROWS_AT_A_TIME):
        piece = codes[begin : begin + _ROWS_AT_A_TIME]
        piece[:] = numbers[piece]


def _bare_table(ids: pa.Array) -> pa.Table:
    import pyarrow as pa

    titles = ids.cast(pa.string())
    return pa.table(
        {
            "title": titles,
            "year": pa.nulls(len(ids), pa.int32()),
            "genres": no_genres(len(ids)),
            "text": titles,
        }
    )


def _fill(table: pa.Table, schema: Any) -> pa.Table:
    """The same rows with all columns of ``schema``; columns that were missing are null."""
    import pyarrow as pa

    return pa.table(
        [
            table.column(field.name).cast(field.type)
            if field.name in table.column_names
            else pa.nulls(table.num_rows, field.type)
            for field in schema
        ],
        schema=schema,
    )


def _ascending(ids: pa.Array) -> npt.NDArray[np.int64]:
    import pyarrow.compute as pc

    return pc.array_sort_indices(ids).to_numpy().astype(np.int64)  # type: ignore[no-any-return]


def _to_numpy(ids: pa.Array, order: npt.NDArray[np.int64] | None = None) -> npt.NDArray[Any]:
    import pyarrow as pa

    taken = ids if order is None else ids.take(pa.array(order))
    return taken.to_numpy() if pa.types.is_integer(taken.type) else to_objects(taken)
