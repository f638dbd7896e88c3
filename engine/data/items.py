"""The catalogue of items, held as an Arrow table that is cheap to open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.id_map import ExternalId, IdMap

#: The columns that every catalogue has. All other columns are metadata of the source.
STANDARD_COLUMNS = ("title", "year", "genres", "text")
#: The key of the field metadata that holds the name of a standard column in the source.
_SOURCE_COLUMN = b"source_column"
#: The number of strings converted from Arrow at a time.
_CHUNK = 4096
#: The number of items that are cached.
_CACHE_SIZE = 2048


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a catalogue.

    Attributes
    ----------
    internal_id
        The internal id, from 1. The id 0 is padding and never an item.
    item_id
        The external id: the one in the source file.
    title, year, genres
        The main columns. ``year`` is None if it is unknown.
    text
        The text that semantic search embeds.
    metadata
        The values of the source's other columns; missing values are left out.
    """

    internal_id: int
    item_id: ExternalId
    title: str
    year: int | None = None
    genres: tuple[str, ...] = ()
    text: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


class ItemTable:
    """The items of a data set. Row ``r`` of the table is the item with the internal id ``r + 1``.

    Parameters
    ----------
    id_map
        The external ids, with ``first=1``.
    table
        An Arrow table with one row an id. Its columns are ``title`` (string), ``year`` (int32 or null), ``genres``
        (list of strings), ``text`` (string), and any further columns as metadata.

    Raises
    ------
    ValueError
        If a standard column is missing or the lengths differ.
    """

    def __init__(self, id_map: IdMap, table: pa.Table) -> None:
        missing = [name for name in STANDARD_COLUMNS if name not in table.column_names]
        if missing:
            raise ValueError(f"an item table needs the column(s) {', '.join(missing)}")
        if table.num_rows != len(id_map):
            raise ValueError(f"{table.num_rows} rows for {len(id_map)} item ids")
        if id_map.first != 1:
            raise ValueError("item ids start at 1; 0 is padding")
        self.id_map = id_map
        # Combined once: otherwise each `take` would join the chunks, which costs 5 ms for 45 thousand items.
        self.table = table.combine_chunks()
        self._cache: dict[int, Item] = {}

    def __len__(self) -> int:
        return len(self.id_map)

    def __getitem__(self, internal_id: int) -> Item:
        return self.take([internal_id])[0]

    def take(self, internal_ids: Iterable[int]) -> list[Item]:
        """Return the items with these internal ids, in this order."""
        wanted = [int(one) for one in internal_ids]
        if any(not 1 <= one <= len(self) for one in wanted):
            raise IndexError(f"internal item ids run from 1 to {len(self)}")
        cached = self._cache
        new = [one for one in dict.fromkeys(wanted) if one not in cached]
        if new:  # pyarrow gives an empty list the type null, and cannot take rows by that
            rows = self.table.take([one - 1 for one in new]).to_pylist()
            made = {internal_id: self._item(internal_id, row) for internal_id, row in zip(new, rows, strict=True)}
            # Successive requests share many items. Replace the dict, never change it: other threads may be reading it.
            cached = {**cached, **made}
            self._cache = cached if len(cached) <= _CACHE_SIZE else {}
        return [cached[one] for one in wanted]

    @property
    def source_columns(self) -> Mapping[str, str]:
        """Standard column -> the name that it has in the source, where :func:`with_source_columns` stored it."""
        fields = (self.table.schema.field(name) for name in STANDARD_COLUMNS)
        return {
            field.name: field.metadata[_SOURCE_COLUMN].decode()
            for field in fields
            if field.metadata and _SOURCE_COLUMN in field.metadata
        }

    def titles(self) -> list[str]:
        """Return all titles, in the order of the internal ids."""
        return self._strings("title")

    def texts(self) -> list[str]:
        """Return the texts that semantic search embeds, in the order of the internal ids."""
        return self._strings("text")

    def _strings(self, name: str) -> list[str]:
        # In chunks, because Arrow holds the interpreter lock while it makes strings.
        column = self.table.column(name)
        return [value for start in range(0, len(column), _CHUNK) for value in column.slice(start, _CHUNK).to_pylist()]

    def _item(self, internal_id: int, row: dict[str, Any]) -> Item:
        metadata = {name: value for name, value in row.items() if name not in STANDARD_COLUMNS and value is not None}
        return Item(
            internal_id=internal_id,
            item_id=self.id_map.decode_one(internal_id),
            title=row["title"] or "",
            year=row["year"],
            genres=tuple(row["genres"] or ()),
            text=row["text"] or "",
            metadata=metadata,
        )


def with_source_columns(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """The table of a catalogue with the names that its standard columns have in the source, as Arrow's field metadata.

    Parameters
    ----------
    table
        The table; see :class:`ItemTable`.
    names
        Standard column -> name.
    """
    import pyarrow as pa

    fields = [
        field.with_metadata({_SOURCE_COLUMN: names[field.name]}) if field.name in names else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields, metadata=table.schema.metadata))
