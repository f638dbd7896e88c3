"""What the beginning of a delimited file tells: its delimiter, its header, and how its rows differ from the header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.datasets.formats import column_names
from engine.datasets.formats.quotes import Shape, count_stray_marks, find_backslashes
from engine.datasets.formats.rows import unique_names

_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_LINES = 100
#: How many lines may stand above the names of the columns, how many below are looked at, and how many names must be
#: usual ones.
MOST_ABOVE, _LINES_BELOW, _NAMES_TO_TELL = 20, 20, 2
_MOSTLY = 0.8
#: More letters than this are not the names of columns, but rows that a stray quotation mark takes in.
_LONGEST_NAMES = 4000
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}([T ].*)?")
_SEPARATOR_LINE = re.compile(r'"?sep=([!#-/:-@\[-`{-~\t ])"?[,; ]*', re.IGNORECASE)
_USUAL_NAMES = frozenset(
    re.sub(r"[\W_]", "", name)
    for names in (
        column_names.USER,
        column_names.ITEM,
        column_names.RATING,
        column_names.TIME,
        column_names.TITLE,
        column_names.YEAR,
        column_names.GENRES,
        column_names.TEXT,
    )
    for name in names
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited file is to be read.

    Attributes
    ----------
    delimiter
        One character.
    columns
        The names of the columns; ``#1``, ``#2`` … for a file without a header.
    header_rows
        How many rows lie before the data.
    unnamed
        How many fields each row has beyond the columns, all of them empty.
    shape
        What the rows look like.
    remarks
        What was unusual: the ends of sentences that begin with the name of the file.
    """

    delimiter: str
    columns: list[str]
    header_rows: int
    unnamed: int
    shape: Shape
    remarks: tuple[str, ...] = ()

    @property
    def has_header(self) -> bool:
        """Whether the file itself contains the names."""
        return self.header_rows > 0


def detect_dialect(
    head: str,
    delimiter: str | None = None,
    quote: str | None = '"',
    columns: Sequence[str] | None = None,
    header: bool | None = None,
) -> Dialect:
    """Look at the beginning of a file.

    Parameters
    ----------
    head
        Whole lines.
    delimiter
        The delimiter; if None, the one by which the lines have the same number of fields, and most of them.
    quote
        The quotation mark, if the format has one.
    columns
        The names of the columns, for a file whose first row is data.
    header
        Whether the first row holds the names; if None, it is taken for data if it looks like the rows below it.
    """
    number = 0  # of the row that ends with the last one read
    lines = io.StringIO(head, newline="")
    first_line = ""
    for line in lines:
        number += 1
        first_line = line.strip("\r\n")
        if first_line.strip():
            break
    begin = lines.tell()
    declared = _SEPARATOR_LINE.fullmatch(first_line)
    if declared is not None and columns is None and delimiter is None:
        return _after_separator_line(head[begin:], declared[1], number, quote, header)
    rest = head[begin - len(line) :] if first_line else head
    if header is None and columns is None and delimiter is None and (above := _lines_above(rest, quote)):
        return _below(rest, above, number, quote)
    sample = _sample_lines(head[begin:])
    delimiter = delimiter or _find_delimiter(first_line, sample, quote)
    if columns is not None:
        return Dialect(
            delimiter, list(columns), 0, 0, Shape(delimiter, len(columns), (), find_backslashes(head, delimiter))
        )
    first = _first_record(rest, delimiter, quote)
    rows = _records(rest, first, delimiter, quote, backslash=False)
    escaped = _records(rest, first, delimiter, quote, backslash=True) if '\\"' in head else []
    # Rows that are equally wide only where a backslash takes a mark's meaning away are no accident. Where they are with
    # and without, as after a value that ends with a backslash, the reading with fewer marks outside quotes is right.
    if (
        rows
        and escaped
        and count_stray_marks(rest, delimiter, backslash=True) >= count_stray_marks(rest, delimiter, backslash=False)
    ):
        escaped = []
    backslash = bool(escaped) or find_backslashes(head, delimiter)
    rows = escaped or rows or [_fields(one, delimiter, quote) for one in sample if _is_whole(one, quote)]
    return _with_header(first, rows, delimiter, number, header, backslash=backslash)


def _after_separator_line(head: str, delimiter: str, number: int, quote: str | None, header: bool | None) -> Dialect:
    below = detect_dialect(head, delimiter, quote, None, header)
    # Where there is no header, the line with the separator takes its place.
    return Dialect(delimiter, below.columns, number + below.header_rows, below.unnamed, below.shape, below.remarks)


def _lines_above(text: str, quote: str | None) -> int:
    """How many lines stand above the names of the columns, such as the title of a table and when it was made.

    The names are in a line with at least two usual ones, and the lines below it have as many fields; those above it
    have fewer, but for empty ones.
    """
    lines = [line.rstrip("\r\n") for line in islice(io.StringIO(text, newline=""), MOST_ABOVE + _LINES_BELOW)]
    for at, line in enumerate(lines[:MOST_ABOVE]):
        if not _is_whole(line, quote):
            return 0  # a value of several lines
        for delimiter in _DELIMITERS:
            names = _fields(line, delimiter, quote)
            if not are_usual_names(names):
                continue
            if at == 0:
                return 0
            below = [
                len(_fields(one, delimiter, quote)) for one in lines[at + 1 :] if one.strip() and _is_whole(one, quote)
            ]
            above = [sum(map(bool, _fields(one, delimiter, quote))) for one in lines[:at]]
            if below and below.count(len(names)) >= _MOSTLY * len(below) and max(above) < len(names):
                return at
    return 0


def are_usual_names(names: Iterable[str]) -> bool:
    """Whether several of these are usual names of columns."""
    return sum(re.sub(r"[\W_]", "", one.lower()) in _USUAL_NAMES for one in names) >= _NAMES_TO_TELL


def _below(text: str, above: int, number: int, quote: str | None) -> Dialect:
    """The dialect of a table with some lines above it, of which the first is the row of this number."""
    begin = sum(map(len, islice(io.StringIO(text, newline=""), above)))
    below = detect_dialect(text[begin:], None, quote, None, header=True)
    remark = f"its first {about_lines_above(above, 'line')}."
    rows = number - 1 + above + below.header_rows
    return Dialect(below.delimiter, below.columns, rows, below.unnamed, below.shape, (remark, *below.remarks))


def about_lines_above(count: int, what: str) -> str:
    """What is said of lines or rows above the names of the columns: the end of a sentence after "its first"."""
    lines = f"{what} stands" if count == 1 else f"{count} {what}s stand"
    return f"{lines} above the names of its columns"


def _with_header(
    first: list[str], rows: list[list[str]], delimiter: str, number: int, header: bool | None, *, backslash: bool
) -> Dialect:
    if header is None:
        header = not _looks_like_data(first, rows)
    if not header:
        columns = [f"#{position}" for position in range(1, len(first) + 1)]
        begin = ", ".join(one[:20] for one in first[:4]) + (", …" if len(first) > 4 else "")
        named = ", ".join(columns[:6]) + (", …" if len(columns) > 6 else "")
        shape = Shape(delimiter, len(first), _numeric(rows, len(first)), backslash)
        remark = f"its first row ({begin}) looks like data, so it has no header; its columns are called {named}."
        return Dialect(delimiter, columns, 0, 0, shape, (remark,))
    unnamed, remarks = 0, []
    names = list(first)
    counts = {len(row) for row in rows}
    if rows and min(counts) > len(first) and all(not any(row[len(first) :]) for row in rows):
        unnamed = max(counts) - len(first)
    elif counts == {len(first) + 1} and _are_row_names([row[0] for row in rows]):
        names = ["row.names", *first]
        remarks.append("its header is one name shorter than its rows, so the first column was read as row names.")
    width = len(names) + unnamed
    shape = Shape(delimiter, width, _numeric(rows, width), backslash)
    return Dialect(delimiter, unique_names(names), number, unnamed, shape, tuple(remarks))


def _find_delimiter(first_line: str, sample: list[str], quote: str | None) -> str:
    def evidence(delimiter: str) -> tuple[bool, int]:
        width = len(_fields(first_line, delimiter, quote))
        counts = Counter(len(_fields(one, delimiter, quote)) for one in sample if _is_whole(one, quote))
        usual, times = counts.most_common(1)[0] if counts else (width, 1)
        alike = width > 1 and usual >= width and times >= _MOSTLY * max(1, counts.total())
        return alike, width

    best = max(_DELIMITERS, key=evidence)  # max() takes the first of equal ones: the comma
    if evidence(best)[1] == 1 and sample and evidence(" ") > (True, 1):
        return " "  # as R writes tables; the fields must be equally many in all lines
    return best


def _looks_like_data(first: list[str], rows: list[list[str]]) -> bool:
    """Whether the first row holds values and no names: it has numbers where the rows below have them."""
    plain = [re.sub(r"[\W_]", "", one.lower()) for one in first]
    if any(one in _USUAL_NAMES for one in plain) or not all(one.strip() for one in first):
        return False
    fitting = [row for row in rows if len(row) == len(first)]
    if not fitting:
        return len(first) > 1 and not rows and all(_is_value(one) for one in first)
    below = [all(_is_value(row[at]) for row in fitting if row[at].strip()) for at in range(len(first))]
    here = [_is_value(one) for one in first]
    # A table with a column for each year has numbers as names.
    years = sum(bool(re.fullmatch(r"(18|19|20)\d\d", one.strip())) for one in first)
    return here == below and any(here) and len(first) > 1 and years < sum(here)


def _is_value(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text.strip()) or _DATE.fullmatch(text.strip()))


def _are_row_names(names: list[str]) -> bool:
    """Whether these are the names of rows in R: all different, and rising if they are numbers."""
    if len(set(names)) < len(names) or not all(names):
        return False
    if not all(one.isascii() and one.isdigit() for one in names):
        return not any(_is_value(one) for one in names)
    numbers = [int(one) for one in names]
    return numbers == sorted(numbers) and numbers[0] in (0, 1)


def _numeric(rows: list[list[str]], width: int) -> tuple[int, ...]:
    fitting = [row for row in rows if len(row) == width]
    if not fitting:
        return ()
    return tuple(
        at
        for at in range(min(width, _SAMPLE_LINES))
        if any(row[at] for row in fitting)
        and all(not row[at].strip() or _NUMBER.fullmatch(row[at].strip()) for row in fitting)
    )


def _sample_lines(text: str) -> list[str]:
    found: list[str] = []
    for line in io.StringIO(text, newline=""):
        if line.strip():
            found.append(line.rstrip("\r\n"))
        if len(found) == _SAMPLE_LINES:
            break
    return found


def _is_whole(line: str, quote: str | None) -> bool:
    return quote is None or line.count(quote) % 2 == 0


def _fields(line: str, delimiter: str, quote: str | None) -> list[str]:
    if quote is None or quote not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, quotechar=quote, skipinitialspace=delimiter != " "))
    except (csv.Error, StopIteration):
        return line.split(delimiter)


def _records(text: str, first: list[str], delimiter: str, quote: str | None, *, backslash: bool) -> list[list[str]]:
    """The rows below the first, where quoted values may have several lines and all rows are equally wide; else none.

    The lines of such values are no rows, and may hold a word where the rows have a number.
    """
    if quote is None or quote not in text:
        return []
    rows: list[list[str]] = []
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote,
        escapechar="\\" if backslash else None,
        skipinitialspace=delimiter != " ",
        strict=True,
    )
    try:
        if next(reader, first) != first:
            return []
        for row in reader:
            if row and len(row) != len(first):
                return []
            if row:
                rows.append(row)
            if len(rows) == _SAMPLE_LINES:
                break
    except csv.Error:
        return []
    return rows


def _first_record(text: str, delimiter: str, quote: str | None) -> list[str]:
    line = next(iter(io.StringIO(text, newline="")), "").rstrip("\r\n")
    if _is_whole(line, quote):
        return _fields(line, delimiter, quote)
    # A name of several lines, as spreadsheets have them. A mark that is never closed is part of its name.
    literal = line.split(delimiter)
    try:
        record = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote))
    except (csv.Error, StopIteration):
        return literal
    return record if len(record) >= len(literal) and len("".join(record)) < _LONGEST_NAMES else literal


def first_row(head: str) -> list[str]:
    """The fields of the first line that is not blank, in a file that has quotation marks."""
    line = next((one for one in head.splitlines() if one.strip()), "")
    return _fields(line, _find_delimiter(line, _sample_lines(head), '"'), '"')
