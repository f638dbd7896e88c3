"""Lists of items as other programs take them: records, CSV, JSON, Markdown, and rows of a spreadsheet."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tui.sanitize import escape_json, sanitize
from tui.spreadsheet import defused, write_csv

if TYPE_CHECKING:
    from engine.data.results import HistoryEntry, Result
    from engine.session import Item

#: An item as JSON: the keys are those of the command line's ``--json``.
Record: TypeAlias = Mapping[str, Any]
Format: TypeAlias = Literal["csv", "json", "md"]

#: What the formats are called.
FORMATS: dict[Format, str] = {"csv": "CSV", "json": "JSON", "md": "Markdown"}
#: The columns of a row and of Markdown; CSV has the metadata, too.
_NUMBERS = ("score", "predicted_rating", "std", "probability", "rating")
_SHOWN = ("rank", "title", "year", "genres", *_NUMBERS, "reason", "item_id")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list.

    Attributes
    ----------
    title
        What is listed.
    records
        One for each row, in their order.
    """

    title: str
    records: tuple[Record, ...]

    def as_text(self, kind: Format) -> str:
        """The whole list in one of the :data:`FORMATS`."""
        match kind:
            case "csv":
                return as_csv(self.records)
            case "json":
                return as_json(list(self.records))
        return as_markdown(self.records)


def item_record(item: Item) -> dict[str, Any]:
    """What the data set knows about an item."""
    return {
        "item_id": item.item_id,
        "title": item.title,
        "year": item.year,
        "genres": list(item.genres),
        "metadata": dict(item.metadata),
    }


def bound_of(result: Result) -> float:
    """What a rating is at least: the score orders beyond the highest rating, which no rating can exceed."""
    predicted = result.predicted_rating
    return result.score if predicted is None else min(result.score, predicted)


def result_record(result: Result) -> dict[str, Any]:
    """A result in the shape of the command line's ``--json``, without the numbers that only some models give."""
    return {"rank": result.rank, **item_record(result.item), "score": result.score, "reason": result.reason}


def full_record(result: Result) -> dict[str, Any]:
    """A result with every number that its model gives."""
    record = result_record(result)
    for name in ("predicted_rating", "std", "probability"):
        if (value := getattr(result, name)) is not None:
            record[name] = value
    return record


def entry_record(entry: HistoryEntry) -> dict[str, Any]:
    """An entry of a history."""
    return {"rating": entry.rating, "timestamp": entry.timestamp, **item_record(entry.item)}


def as_json(value: Any) -> str:
    """Strict, indented JSON, in which infinite numbers and NaN are null; it ends with a line break."""
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, default=str, allow_nan=False)
    return "\n".join(map(escape_json, text.split("\n"))) + "\n"


def as_csv(records: Sequence[Record]) -> str:
    """A table with a column for each key of the records and of their metadata; a text never runs as a formula."""
    known = [name for name in (*_SHOWN, "timestamp") if any(name in record for record in records)]
    further = list(dict.fromkeys(key for record in records for key in record.get("metadata", ())))
    # A column of the data may have the name of one of ours.
    names = [*known, *(key if key not in known else f"metadata.{key}" for key in further)]
    rows = [
        [*(record.get(name) for name in known), *(record.get("metadata", {}).get(key) for key in further)]
        for record in records
    ]
    stream = io.StringIO(newline="")
    write_csv(stream, [names, *([_cell(value) for value in row] for row in rows)])
    return stream.getvalue()


def as_markdown(records: Sequence[Record]) -> str:
    """A table of the columns that people read."""
    names, rows = _table(records)
    heading = [name.replace("_", " ").capitalize() for name in names]
    rule = ["---:" if name in ("rank", *_NUMBERS) else "---" for name in names]
    cells = [[_markdown(value) for value in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in [heading, rule, *cells]) + "\n"


def as_row(record: Record) -> str:
    """The same columns of one record, with tabs between them, as spreadsheets take them."""
    _, rows = _table([record])
    return "\t".join(sanitize(defused(value)) for value in rows[0])


def as_markdown_item(record: Record) -> str:
    """An item as one line of a Markdown list."""
    title, year = _markdown(str(record.get("title") or f"item {record['item_id']}")), record.get("year")
    genres = _markdown(_cell(record.get("genres")))
    dated = title if year is None or str(year) in title else f"{title} ({year})"
    return f"- **{dated}**" + (f": {genres}" if genres else "")


def _table(records: Sequence[Record]) -> tuple[list[str], list[list[Any]]]:
    names = [name for name in _SHOWN if any(record.get(name) not in (None, "", []) for record in records)]
    return names, [[_cell(record.get(name)) for name in names] for record in records]


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return value if isinstance(value, (int, str)) else str(value)


def _markdown(value: object) -> str:
    text = sanitize(value)
    for character in "\\|`*_[]<>":
        text = text.replace(character, f"\\{character}")
    return text


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return [_finite(one) for one in value]
    return value
