"""Text with a separator between columns: CSV, TSV, and the ``|`` and ``::`` of MovieLens."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.datasets.formats.rows import RowBatch, unique_names
from engine.datasets.formats.sources import Source
from engine.datasets.formats.text import BlockStream
from engine.errors import DataError, ErrorKind

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.read_report import ReadReport

_DELIMITERS = (",", "\t", ";", "|")
#: A row must fit into one block. One block at a time is held in memory.
_BLOCK_BYTES = 2 << 20
#: A delimiter that never occurs in text, so that a whole line is read as one column.
_NO_DELIMITER = "\x01"


def first_row(source: Source, delimiter: str | None = None, quote: str | None = '"') -> tuple[list[str], str, int]:
    """The first row of a text file that is not blank, its delimiter, and its number.

    Parameters
    ----------
    source
        The file.
    delimiter
        The delimiter; if None, whichever of comma, tab, semicolon and bar gives the most columns.
    quote
        The quotation mark, if the format has one.

    Raises
    ------
    DataError
        If the file is empty or not text.
    """
    head = source.text_head()
    rows = {one: _first_row_by(head, one, quote) for one in ((delimiter,) if delimiter else _DELIMITERS)}
    best = max(rows, key=lambda one: len(rows[one][0]))  # max() takes the first of equal ones: the comma
    fields, number = rows[best]
    return fields, best, number


class Delimited:
    """A text file with one-character separators.

    A row with too few fields is completed with empty ones, as pandas does. A row with too many fields is left out
    and counted, since nobody knows which field belongs to which column. A blank line is a row of empty values.

    Parameters
    ----------
    source
        The file.
    delimiter
        The separator; if None, it is found from the first row.
    quote
        The quotation mark, which is doubled inside a quoted value; None for formats without quotation marks.
    columns
        The names of the columns, for a file whose first row is data.
    encoding
        ``"utf-8"`` or ``"latin-1"``.
    """

    def __init__(
        self,
        source: Source,
        *,
        delimiter: str | None = None,
        quote: str | None = '"',
        columns: Sequence[str] | None = None,
        encoding: str = "utf-8",
    ) -> None:
        self.source = source
        self.name = source.name
        self.has_header = columns is None
        first, self._delimiter, number = first_row(source, delimiter, quote)
        self._header_rows = number if columns is None else 0
        self._quote = quote
        self._encoding = encoding
        self.columns = unique_names(first) if columns is None else list(columns)

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns as strings. See :class:`engine.datasets.formats.rows.Rows`."""
        import pyarrow as pa

        misfits: deque[Any] = deque()
        row = self._header_rows + 1
        with self.source.open_text(self._encoding) as text:
            try:
                last = None
                for batch in self._batches(BlockStream(text.blocks()), wanted, misfits):
                    block, row = self._block(batch, row, misfits, wanted, report)
                    last = block if len(block) else last
                    yield block
                if misfits:
                    block, row = self._block(None, row, misfits, wanted, report)
                    yield block
            except pa.ArrowInvalid as error:
                raise self._unreadable(error, row) from error
            if last is not None and self._quote:
                self._require_closed(last)
            report.remarks += text.remarks()

    def _batches(self, stream: Any, wanted: Sequence[str], misfits: deque[Any]) -> Iterator[Any]:
        from pyarrow import csv as arrow_csv
        from pyarrow import string

        if self.has_header and not _has_line_end(self.source.text_head()):
            return  # pyarrow fails on a header that is not followed by a line end

        def set_aside(row: Any) -> str:
            misfits.append(row)
            return "skip"

        keys = [str(position) for position in range(len(self.columns))]
        yield from arrow_csv.open_csv(
            stream,
            # One thread, because only then does pyarrow report the number of a row that does not fit.
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                column_names=keys,
                skip_rows_after_names=self._header_rows,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._delimiter,
                quote_char=self._quote or False,
                newlines_in_values=self._quote is not None,
                ignore_empty_lines=False,
                invalid_row_handler=set_aside,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(keys, string()),
                include_columns=[str(self.columns.index(name)) for name in wanted],
                strings_can_be_null=False,
                check_utf8=False,  # the stream checks it already
            ),
        )

    def _block(
        self, batch: pa.RecordBatch | None, first: int, misfits: deque[Any], wanted: Sequence[str], report: ReadReport
    ) -> tuple[RowBatch, int]:
        """Put the rows that pyarrow set aside back into their batch; returns it with the number of the next row."""
        import pyarrow as pa

        fitting = 0 if batch is None else batch.num_rows
        columns = [pa.array([], pa.string())] * len(wanted) if batch is None else batch.columns
        end = first + fitting
        inside = []
        while misfits and (batch is None or misfits[0].number < end):
            inside.append(misfits.popleft())
            end += 1
        report.rows += end - first
        if not inside:
            return RowBatch(dict(zip(wanted, columns, strict=True)), range(first, end)), end

        short = []
        for misfit in inside:
            self._require_balanced(misfit)
            if misfit.actual_columns < misfit.expected_columns:
                short.append((misfit.number, self._fields(misfit)))
            else:
                report.skip("more fields than columns", place=f"row {misfit.number:,}")
        regular = np.setdiff1d(np.arange(first, end), [misfit.number for misfit in inside])
        numbers = np.concatenate([regular, np.array([number for number, _ in short], dtype=np.int64)])
        order = np.argsort(numbers)
        filled = []
        for name, column in zip(wanted, columns, strict=True):
            position = self.columns.index(name)
            added = pa.array([fields[position] for _, fields in short], pa.string())
            filled.append(pa.concat_arrays([column, added]).take(pa.array(order)))
        return RowBatch(dict(zip(wanted, filled, strict=True)), numbers[order]), end

    def _fields(self, misfit: Any) -> list[str]:
        fields, _ = _first_row_by(misfit.text, self._delimiter, self._quote)
        return fields + [""] * (len(self.columns) - len(fields))

    def _require_balanced(self, misfit: Any) -> None:
        if self._quote and misfit.text.count(self._quote) % 2:
            raise self._unclosed(misfit.number)

    def _require_closed(self, last: RowBatch) -> None:
        # After a quotation mark that is not closed, pyarrow reads the rest of the file into the last row, without
        # an error.
        if any("\n" in (column[-1].as_py() or "") for column in last.columns.values()):
            raise self._unclosed(int(last.rows[-1]))

    def _unclosed(self, row: int) -> DataError:
        return DataError(
            f"{self.name}, row {row:,}: a quotation mark is opened and not closed; "
            "close it, or double it if it belongs to the text.",
            kind=ErrorKind.BAD_ROW,
            file=self.name,
            row=row,
        )

    def _unreadable(self, error: Exception, row: int) -> DataError:
        if "straddling" in str(error):
            return DataError(
                f"{self.name}: one of the rows after row {row - 1:,} has more than {_BLOCK_BYTES >> 20} MB; most "
                "likely a quotation mark is opened there and not closed: close it, or double it if it belongs to the "
                "text.",
                kind=ErrorKind.BAD_ROW,
                file=self.name,
                row=row,
            )
        return DataError(
            f"{self.name}, after row {row - 1:,}: cannot be read as columns ({error}).",
            kind=ErrorKind.BAD_ROW,
            file=self.name,
            row=row,
        )


class DoubleColon:
    """A text file with ``::`` between its columns, without header and quotation marks, as in older MovieLens releases.

    Parameters
    ----------
    source
        The file.
    columns
        The names of the columns.
    encoding
        ``"utf-8"`` or ``"latin-1"``.
    """

    has_header = False

    def __init__(self, source: Source, columns: Sequence[str], encoding: str = "utf-8") -> None:
        self.source = source
        self.name = source.name
        self.columns = list(columns)
        self._lines = Delimited(source, delimiter=_NO_DELIMITER, quote=None, columns=["line"], encoding=encoding)

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns as strings. See :class:`engine.datasets.formats.rows.Rows`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        width = len(self.columns)
        for block in self._lines.blocks(["line"], report):
            fields = pc.split_pattern(block.columns["line"], "::")
            counts = pc.list_value_length(fields).to_numpy(zero_copy_only=False)
            rows = np.asarray(block.rows)
            fits = counts == width
            # A blank line has one empty field. Like every row that is too short, it is completed with empty values.
            for position in np.flatnonzero(counts > width):
                report.skip("more fields than columns", place=f"row {int(rows[position]):,}")
            if not fits.all():
                filled = [one[:width] + [""] * (width - len(one)) for one in fields.to_pylist() if len(one) <= width]
                rows = rows[counts <= width]
                fields = pa.array(filled, pa.list_(pa.string()))
            flat = pc.list_flatten(fields)
            at = np.arange(len(fields)) * width
            yield RowBatch({name: flat.take(pa.array(at + self.columns.index(name))) for name in wanted}, rows)


def _first_row_by(text: str, delimiter: str, quote: str | None) -> tuple[list[str], int]:
    lines = io.StringIO(text, newline="")
    if quote is None:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    try:
        return next((row, number) for number, row in enumerate(reader, 1) if row)
    except (csv.Error, StopIteration):  # a field is longer than csv allows, or all lines are blank
        return text.split(delimiter), 1


def _has_line_end(text: str) -> bool:
    return "\n" in text or "\r" in text
