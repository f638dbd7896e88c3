"""A catalogue: one row an item, held as an Arrow table so that opening it costs nothing and a row is cheap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.id_map import ExternalId, IdMap

#: The columns that every catalogue has; every other column is metadata of the source.
STANDARD_COLUMNS = ("title", "year", "genres", "text")
_PIECE = 4096
#: How many items that were taken are remembered.
_KNOWN = 2048


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a catalogue.

    Attributes
    ----------
    dense_id
        The id inside the engine, from 1; 0 is padding and never an item.
    item_id
        The id in the source file.
    title, year, genres
        What is shown first; ``year`` is None where it is unknown.
    text
        What search embeds.
    metadata
        The source's other columns, without the missing ones.
    """

    internal_id: int
    item_id: ExternalId
    title: str
    year: int | None = None
    genres: tuple[str, ...] = ()
    text: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


class ItemTable:
    """The items of a data set, by internal id: row ``r`` is the item with internal id ``r + 1``.

    Parameters
    ----------
    id_map
        The external ids, with ``first=1``.
    table
        An Arrow table with as many rows: ``title`` string, ``year`` int32 or null, ``genres`` list of strings,
        ``text`` string, and any further columns as metadata.

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
        # In one piece: otherwise `take` joins the pieces anew each time, 5 ms for 45 thousand items.
        self.table = table.combine_chunks()
        self._known: dict[int, Item] = {}

    def __len__(self) -> int:
        return len(self.id_map)

    def __getitem__(self, internal_id: int) -> Item:
        return self.take([internal_id])[0]

    def take(self, internal_ids: Iterable[int]) -> list[Item]:
        """The items with these internal ids, in this order."""
        wanted = [int(one) for one in internal_ids]
        if any(not 1 <= one <= len(self) for one in wanted):
            raise IndexError(f"internal item ids run from 1 to {len(self)}")
        known = self._known
        new = [one for one in dict.fromkeys(wanted) if one not in known]
        if new:  # of an empty list pyarrow makes an array of no type, which it then cannot take by
            rows = self.table.take([one - 1 for one in new]).to_pylist()
            made = {internal_id: self._item(internal_id, row) for internal_id, row in zip(new, rows, strict=True)}
            # What one person asks for has much in common. Replaced, never changed: other threads may be reading it.
            known = {**known, **made}
            self._known = known if len(known) <= _KNOWN else {}
        return [known[one] for one in wanted]

    def titles(self) -> list[str]:
        """All titles, by internal id."""
        return self._strings("title")

    def texts(self) -> list[str]:
        """The texts that search embeds, by internal id."""
        return self._strings("text")

    def _strings(self, name: str) -> list[str]:
        # Piece by piece, because Arrow holds the interpreter while it makes strings.
        column = self.table.column(name)
        return [value for start in range(0, len(column), _PIECE) for value in column.slice(start, _PIECE).to_pylist()]

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
