"""The filterable fields of a catalogue, by the names that users type."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from engine.data.column_types import typed
from engine.data.items import STANDARD_COLUMNS
from engine.runtime.locked_property import locked_property
from engine.search.filters.columns import Field, Kind, Mask, NumberField, TextField
from engine.search.filters.truth import TruthField
from engine.text.foreign_names import english_names
from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.data.items import ItemTable

#: Short names of fields, and the columns that each can stand for: the first one that the catalogue has is used.
_SHORT_NAMES: Mapping[str, tuple[str, ...]] = {
    "genre": ("genres",),
    "year": ("year",),
    "type": ("type", "kind", "format"),
    "rating": ("rating", "vote_average", "score"),
    "language": ("language", "original_language"),
    "votes": ("vote_count",),
    "date": ("release_date",),
}
#: Aliases of short names.
_OTHER_NAMES = {"years": "year", "kind": "type", "format": "type", "score": "rating", "lang": "language"}
_MAX_MASKS = 256

Derived = TypeVar("Derived")


class Fields:
    """All fields that the items of a catalogue can be filtered by.

    Parameters
    ----------
    items
        The catalogue.
    further
        Further numbers for each item, such as its mean rating: name of the field -> values of shape (num_items,), NaN
        if unknown. A column of the catalogue with the same name takes precedence.
    """

    def __init__(self, items: ItemTable, further: Mapping[str, npt.NDArray[Any]] | None = None) -> None:
        self.num_items = len(items)
        self._items = items
        self._further = dict(further or {})
        self._columns = {_plain(name): name for name in items.table.column_names}
        self._unknown = {name for name, column in self._columns.items() if _is_unknown(items.table.column(column))}
        self._short = {
            short: next(column for column in columns if column in self._columns)
            for short, columns in _SHORT_NAMES.items()
            if any(column in self._columns for column in columns)
        }
        taken = {*self._columns, *self._short, *self._further}
        in_english = {name: plain for plain, column in self._columns.items() for name in english_names(column)}
        in_source = {_plain(alias): name for name, alias in items.source_columns.items()}
        #: Further names, as far as they name no other field -> the columns: the names of standard columns in the
        #: source, and English names of columns whose names are in another language.
        self.aliases: Mapping[str, str] = {
            alias: name for alias, name in {**in_english, **in_source}.items() if alias not in taken
        }
        self._made: dict[str, Field] = {}
        self._derived: dict[Callable[[Fields], Any], Any] = {}
        self._masks: OrderedDict[tuple[str, str], Mask] = OrderedDict()
        self._lock = threading.RLock()

    @locked_property
    def names(self) -> tuple[str, ...]:
        """The names of all fields: short names first, then the names of the other columns."""
        short_of = {column: short for short, column in self._short.items()}
        own = [name for name in self._columns if name not in short_of]
        wanted = ["genre", "year", "type", "rating"]
        first = [name for name in wanted if name in self._short or name in self._further]
        further = [name for name in self._further if name not in first and name not in self._columns]
        rest = [name for name in self._short if name not in first]
        names = (*first, *rest, *(name for name in own if name != "text"), *further, "text")
        return tuple(name for name in names if self._short.get(name, name) not in self._unknown)

    def resolve(self, typed: str) -> str | None:
        """The field with a typed name, regardless of case and spelling of its separators; None if there is none.

        A standard column that has another name in the source, such as ``tags`` for the genres, has both names.
        """
        name = self.aliases.get(_plain(typed), _plain(typed))
        if name in self._columns:  # a column that has a short name can also be given by its own name
            return next((short for short, column in self._short.items() if column == name), name)
        name = _OTHER_NAMES.get(name, name)
        return name if name in self._short or name in self._further else None

    def __getitem__(self, name: str) -> Field:
        """A field by its name in :attr:`names`, created at the first access."""
        with self._lock:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def mask_of(self, name: str, term: str) -> Mask:
        """A mask of the items that match a term, shape (num_items,), read-only; the last masks are cached."""
        key = name, term
        with self._lock:
            if key in self._masks:
                self._masks.move_to_end(key)
                return self._masks[key]
        mask = self[name].mask(term)
        mask.flags.writeable = False
        with self._lock:
            self._masks[key] = mask
            if len(self._masks) > _MAX_MASKS:
                self._masks.popitem(last=False)
        return mask

    def any_of(self, name: str, terms: Sequence[str]) -> Mask:
        """A mask of the items that match at least one of the terms, shape (num_items,)."""
        return reduce(np.logical_or, (self.mask_of(name, term) for term in terms))

    def derived(self, make: Callable[[Fields], Derived]) -> Derived:
        """What a function makes of the fields, which happens once; it is kept as long as the fields are."""
        with self._lock:
            if make not in self._derived:
                self._derived[make] = make(self)
            derived: Derived = self._derived[make]
        return derived

    def titles(self, rows: Sequence[int] | npt.NDArray[np.int64] | None = None) -> list[str | None]:
        """The titles of the items in these rows of the catalogue, or of all items."""
        column = self._items.table.column("title")
        if rows is not None:
            column = column.take(np.asarray(rows, dtype=np.int64))
        titles: list[str | None] = column.to_pylist()
        return titles

    def has_words(self, text: str) -> bool:
        """Whether a title contains these words in sequence; the last one may be half typed."""
        return f" {' '.join(words(text))}" in self._all_titles

    @locked_property
    def _all_titles(self) -> str:
        return "".join(f" {' '.join(words(title or ''))} \n" for title in self._items.titles())

    def _make(self, name: str) -> Field:
        import pyarrow as pa

        column = self._columns.get(self._short.get(name, name))
        if column is None:
            return NumberField(name, name, "number", np.asarray(self._further[name], dtype=np.float64))
        data = self._items.table.column(column)
        kind = data.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            dates = _dates(data)
            if dates is not None:
                return NumberField(name, column, "date", dates)
            if column not in STANDARD_COLUMNS:  # data sets of the first version hold every column as text
                data = _typed(column, data)
                kind = data.type
        if pa.types.is_boolean(kind):
            return TruthField(name, column, _numbers(data))
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return NumberField(name, column, "number", _numbers(data))
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            return NumberField(name, column, "date", _days(data))
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            pieces = data.combine_chunks()
            pieces = pieces.combine_chunks() if isinstance(pieces, pa.ChunkedArray) else pieces
            return _text_field(name, column, "list", pieces.flatten(), _rows_of(pieces), self.num_items)
        texts = data.cast(pa.string()).combine_chunks()
        texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        return _text_field(name, column, "text", texts, np.arange(self.num_items), self.num_items)


def _text_field(
    name: str, column: str, kind: Kind, texts: Any, rows: npt.NDArray[np.int64], num_items: int
) -> TextField:
    known = texts.is_valid().to_numpy(zero_copy_only=False)
    coded = texts.dictionary_encode()
    codes = coded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)[known]
    values = coded.dictionary.to_pylist()
    counts = np.bincount(codes, minlength=len(values))
    order = np.argsort(-counts, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return TextField(name, column, kind, [values[one] for one in order], place[codes], rows[known], num_items)


def _rows_of(lists: Any) -> npt.NDArray[np.int64]:
    import pyarrow.compute as pc

    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(lengths)), lengths)


def _typed(name: str, texts: Any) -> Any:
    column = typed(name, texts)
    return texts if column is None else column.values


def _numbers(values: Any) -> npt.NDArray[np.float64]:
    import pyarrow as pa

    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=np.float64)


def _days(moments: Any) -> npt.NDArray[np.float64]:
    """Dates or times as numbers such as 19951222, NaN if missing."""
    import pyarrow.compute as pc

    year, month, day = (_numbers(part(moments)) for part in (pc.year, pc.month, pc.day))
    return year * 10_000 + month * 100 + day


def _dates(texts: Any) -> npt.NDArray[np.float64] | None:
    """Dates such as 1995-12-22 or 1995-12 as numbers such as 19951222 or 19951200, NaN if missing.

    Returns None if less than nine tenths of the texts are dates, or if all are years only.
    """
    import pyarrow.compute as pc

    known = len(texts) - texts.null_count
    is_date = pc.match_substring_regex(texts, r"^\d{4}(?:-\d{2}(?:-\d{2})?)?$")
    if not known or (pc.sum(is_date).as_py() or 0) < 0.9 * known:
        return None
    dates = pc.if_else(is_date, texts, None)
    if not pc.any(pc.match_substring(dates, "-")).as_py():
        return None
    digits = pc.utf8_rpad(pc.replace_substring(dates, "-", ""), 8, "0")
    return _numbers(digits)


def _is_unknown(column: Any) -> bool:
    return bool(column.null_count == len(column) > 0)


def _plain(name: str) -> str:
    return "_".join(words(name)) or name
