"""Text with a separator between columns: CSV, TSV, and the ``|`` and ``::`` of MovieLens."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.dialect import Dialect, detect_dialect
from engine.datasets.formats.quotes import QuoteReader, UnclosedError
from engine.datasets.formats.rows import RowBatch
from engine.datasets.formats.sources import Source
from engine.datasets.formats.text import BlockStream
from engine.errors import DataError, ErrorKind

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.read_report import ReadReport

#: A row must fit into one block. One block at a time is held in memory.
_BLOCK_BYTES = 2 << 20
#: A delimiter that never occurs in text, so that a whole line is read as one column.
_NO_DELIMITER = "\x01"


class Delimited:
    """A text file with one-character separators.

    A row with too few fields is completed with empty ones, as pandas does, and counted in a remark. A row with too
    many fields is left out and counted, since nobody knows which field belongs to which column. A blank line is a row
    of empty values.

    Parameters
    ----------
    source
        The file.
    delimiter
        The separator; if None, it is found from the first rows.
    quote
        The quotation mark ``"``; None for formats without quotation marks.
    columns
        The names of the columns, for a file whose first row is data.
    encoding
        ``"utf-8"``, or that of the file where it is known.
    header
        Whether the first row holds the names of the columns; if None, it is taken for data if it looks like the rows
        below it. Columns without names are called ``#1``, ``#2`` ….
    """

    def __init__(
        self,
        source: Source,
        *,
        delimiter: str | None = None,
        quote: str | None = '"',
        columns: Sequence[str] | None = None,
        encoding: str = "utf-8",
        header: bool | None = None,
    ) -> None:
        self.source = source
        self.name = source.name
        self._dialect = detect_dialect(source.text_head(), delimiter, quote, columns, header)
        self._quote = quote
        self._encoding = encoding
        self.has_header = self._dialect.has_header
        self.columns = self._dialect.columns
        self.remarks: Sequence[str] = self._dialect.remarks

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these columns as strings. See :class:`engine.datasets.formats.rows.Rows`."""
        import pyarrow as pa

        position = {name: number for number, name in enumerate(self.columns)}
        at = [position[name] for name in wanted]
        quotes = QuoteReader(self._dialect.shape) if self._quote else None
        misfits = _Misfits(len(self.columns), self._dialect, quotes)
        row = self._dialect.header_rows + 1
        report.remarks += self._dialect.remarks
        report.separator = self._dialect.delimiter
        with self.source.open_text(self._encoding) as text:
            blocks = text.blocks() if quotes is None else quotes.blocks(text.blocks())
            try:
                for batch in self._batches(BlockStream(blocks), at, misfits):
                    arrays, rows = misfits.put_back(batch.columns, row, batch.num_rows, at, report)
                    row += batch.num_rows + misfits.taken
                    yield RowBatch(dict(zip(wanted, arrays, strict=True)), rows)
                if misfits.waiting:
                    nothing = [pa.array([], pa.string())] * (len(at) + self._dialect.unnamed)
                    arrays, rows = misfits.put_back(nothing, row, None, at, report)
                    yield RowBatch(dict(zip(wanted, arrays, strict=True)), rows)
            except pa.ArrowInvalid as error:
                raise self._unreadable(error, row) from error
            except UnclosedError as error:
                raise self._unclosed(error.line) from None
            report.remarks += [*text.remarks(), *(quotes.remarks() if quotes else ()), *misfits.remarks()]

    def _batches(self, stream: BlockStream, at: Sequence[int], misfits: _Misfits) -> Iterator[Any]:
        from pyarrow import csv as arrow_csv
        from pyarrow import string

        if self.has_header and not _has_line_end(self.source.text_head()):
            return  # pyarrow fails on a header that is not followed by a line end

        # Fields beyond the columns are read too, so that a value among them is noticed.
        keys = [str(position) for position in range(self._dialect.shape.width)]
        read = [*(keys[position] for position in at), *keys[len(self.columns) :]]
        yield from arrow_csv.open_csv(
            stream,
            # One thread, because only then does pyarrow report the number of a row that does not fit.
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                column_names=keys,
                skip_rows_after_names=self._dialect.header_rows,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._dialect.delimiter,
                quote_char=self._quote or False,
                newlines_in_values=self._quote is not None,
                ignore_empty_lines=False,
                invalid_row_handler=misfits.set_aside,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(keys, string()),
                include_columns=read,
                strings_can_be_null=False,
                check_utf8=False,  # the text is checked already
            ),
        )

    def _unclosed(self, row: int) -> DataError:
        return DataError(
            f"{self.name}, line {row:,}: a quotation mark is opened and not closed; "
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


class _Misfits:
    """The rows that have another number of fields than the header, which pyarrow sets aside."""

    def __init__(self, width: int, dialect: Dialect, quotes: QuoteReader | None) -> None:
        self.waiting: deque[Any] = deque()
        self.taken = 0
        self._width = width
        self._dialect = dialect
        self._quotes = quotes
        self._short = 0
        self._first_short = ""

    def set_aside(self, row: Any) -> str:
        """Keep a row; pyarrow goes on without it."""
        self.waiting.append(row)
        return "skip"

    def remarks(self) -> list[str]:
        """How many rows were completed: the end of a sentence that begins with the name of the file."""
        if not self._short:
            return []
        rows = "1 row has" if self._short == 1 else f"{self._short:,} rows have"
        return [f"{rows} fewer fields than columns; the missing ones count as empty, the first at {self._first_short}."]

    def put_back(
        self, arrays: Sequence[pa.Array], first: int, fitting: int | None, at: Sequence[int], report: ReadReport
    ) -> tuple[list[pa.Array], range | npt.NDArray[np.int64]]:
        """Put the rows that belong among these back.

        Parameters
        ----------
        arrays
            The columns at the positions ``at``, and behind them those without a name.
        first
            The number of the first row.
        fitting
            How many rows there are in ``arrays``; None at the end of the file, to put back all that are left.
        """
        end = first + (fitting or 0)
        inside = []
        while self.waiting and (fitting is None or self.waiting[0].number < end):
            inside.append(self.waiting.popleft())
            end += 1
        self.taken = len(inside)
        report.rows += end - first
        named, unnamed = list(arrays[: len(at)]), arrays[len(at) :]
        if not inside and not _any_text(unnamed):
            return named, range(first, end)
        numbers = np.setdiff1d(np.arange(first, end), [misfit.number for misfit in inside])
        if _any_text(unnamed):
            named, numbers = self._without_more_fields(named, unnamed, numbers, report)
        return self._merged(named, numbers, inside, at, report)

    def _merged(
        self, arrays: list[pa.Array], numbers: npt.NDArray[np.int64], inside: list[Any], at: Sequence[int], report: Any
    ) -> tuple[list[pa.Array], npt.NDArray[np.int64]]:
        import pyarrow as pa

        added = []
        for misfit in inside:
            fields = self._fields(misfit)
            place = f"row {misfit.number:,} ({len(fields):,} fields for {self._width:,} columns)"
            if any(one.strip() for one in fields[self._width :]):
                report.skip("more fields than columns", place=place)
                continue
            if len(fields) < self._width and any(one.strip() for one in fields):
                self._short += 1
                self._first_short = self._first_short or place
            added.append((misfit.number, fields + [""] * (self._width - len(fields))))
        numbers = np.concatenate([numbers, np.array([number for number, _ in added], dtype=np.int64)])
        order = pa.array(np.argsort(numbers))
        merged = [
            pa.concat_arrays([array, pa.array([fields[position] for _, fields in added], pa.string())]).take(order)
            for array, position in zip(arrays, at, strict=True)
        ]
        return merged, np.sort(numbers)

    def _without_more_fields(
        self, arrays: list[pa.Array], unnamed: Sequence[pa.Array], numbers: npt.NDArray[np.int64], report: ReadReport
    ) -> tuple[list[pa.Array], npt.NDArray[np.int64]]:
        import pyarrow as pa

        filled = np.logical_or.reduce([_has_text(one).to_numpy(zero_copy_only=False) for one in unnamed])
        report.skip("more fields than columns", int(filled.sum()), f"row {int(numbers[int(filled.argmax())]):,}")
        keep = pa.array(~filled)
        return [array.filter(keep) for array in arrays], numbers[~filled]

    def _fields(self, misfit: Any) -> list[str]:
        if self._quotes is None:
            return str(misfit.text).split(self._dialect.delimiter)
        return self._quotes.fields(misfit.text, misfit.number)


def _has_text(array: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.not_equal(pc.utf8_trim_whitespace(array), "")


def _any_text(arrays: Sequence[pa.Array]) -> bool:
    import pyarrow.compute as pc

    return any(pc.any(_has_text(array)).as_py() for array in arrays)


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
    remarks: Sequence[str] = ()

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


def _has_line_end(text: str) -> bool:
    return "\n" in text or "\r" in text
