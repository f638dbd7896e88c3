"""Cells of files that a spreadsheet may open: a text is never run as a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import IO

#: What a spreadsheet takes for the beginning of a formula; the wide forms count in some locales. Line ends and tabs are
#: dropped by some programs, and what follows them would then be the beginning.
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

#: What begins a formula where a semicolon separates cells, as it does in the spreadsheets of many countries.
_FORMULA_IN_NEXT_CELL = re.compile(r";(?=[\s\"']*[=+\-@＝＋－＠])")


def defused(cell: object) -> object:
    """A cell that a spreadsheet shows and does not run: a text that begins like a formula gets an apostrophe before it.

    So does what would be the next cell where a semicolon separates them. Numbers stay numbers, also those that are
    written as text. See OWASP, "CSV Injection".

    Examples
    --------
    >>> defused("=1+1"), defused("-1+1"), defused("-1.5"), defused(-1.5), defused("Heat")
    ("'=1+1", "'-1+1", '-1.5', -1.5, 'Heat')
    >>> defused("Heat;=1+1")
    "Heat;'=1+1"
    """
    if not isinstance(cell, str):
        return cell
    if ";" in cell:
        cell = _FORMULA_IN_NEXT_CELL.sub(";'", cell)
    if not cell.startswith(_FORMULA_BEGINS) or _is_number(cell):
        return cell
    return f"'{cell}"


def write_csv(stream: IO[str], rows: Iterable[Sequence[object]], *, defuse: bool = True) -> None:
    """Write rows as CSV.

    Parameters
    ----------
    stream
        Where to; opened with ``newline=""``.
    rows
        The rows, the headings first.
    defuse
        Whether to defuse what a spreadsheet would run; without it the texts are exactly those of the data.
    """
    cell = defused if defuse else lambda value: value
    csv.writer(_Lines(stream), lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)


class _Lines:
    """Ends the rows of a ``csv.writer`` with a line feed alone.

    The writer puts quotation marks around a carriage return in a text only where its own rows end with one.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, row: str) -> int:
        """Write one row."""
        return self._stream.write(f"{row[:-2]}\n")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and text.isprintable() and "_" not in text
