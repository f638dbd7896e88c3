"""The long part of each item's text, which is embedded by itself as a second vector of the item.

One vector of a title, genres and a plot says little about the plot: a query that retells the plot is nearer to the
vector of the plot alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.items import ItemTable

#: A passage has at least this many characters; a column of passages has as many on average.
_MIN_LENGTH = 60
#: The number of items in which a column is looked for in the text, and the share of them that must have it there.
_SAMPLE, _MIN_SHARE = 200, 0.9
_CHUNK = 4096


def passages(items: ItemTable) -> list[str]:
    """The long part of each item's text, in the order of the internal ids; empty if an item has none.

    It is the value of the column that is part of the text and longest on average, such as a film's overview or a
    book's description.
    """
    name = passage_column(items)
    if name is None:
        return [""] * len(items)
    column = items.table.column(name)
    found: list[str] = []
    for start in range(0, len(column), _CHUNK):  # in chunks, because Arrow holds the interpreter lock meanwhile
        found += [as_passage(value) for value in column.slice(start, _CHUNK).to_pylist()]
    return found


def passage_column(items: ItemTable) -> str | None:
    """The column that :func:`passages` are taken from; None if there is none."""
    columns = [name for name in items.table.column_names if _is_part_of_text(items.table, name)]
    return max(columns, key=lambda name: _mean_length(items.table.column(name)), default=None)


def as_passage(value: str | None) -> str:
    """The value of that column as a passage: empty if it is too short for one."""
    return value if value and len(value) >= _MIN_LENGTH else ""


def _is_part_of_text(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    column = table.column(name)
    if name in ("title", "text") or not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return False
    if _mean_length(column) < _MIN_LENGTH:
        return False
    step = max(1, len(column) // _SAMPLE)
    places = list(range(0, len(column), step))
    pairs = zip(column.take(places).to_pylist(), table.column("text").take(places).to_pylist(), strict=True)
    known = [value in (text or "") for value, text in pairs if value]
    return bool(known) and sum(known) >= _MIN_SHARE * len(known)


def _mean_length(column: pa.ChunkedArray) -> float:
    import pyarrow.compute as pc

    return pc.mean(pc.utf8_length(column)).as_py() or 0.0
