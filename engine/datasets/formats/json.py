"""JSON: one object on each line, a list of objects, or an object that holds such a list."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.datasets.formats.rows import RowBatch
from engine.datasets.formats.sources import Source
from engine.datasets.formats.text import MAX_LINE_BYTES, TextReader
from engine.errors import DataError, ErrorKind

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.read_report import ReadReport

_RECORDS_AT_A_TIME = 20_000
_RECORDS_FOR_COLUMNS = 1000
_SPACE = " \t\n\r"
_ADVICE = 'write one object on each line, such as {"user": 1, "item": "a"}'


class JsonLines:
    """A file with one JSON object on each line. Its columns are the keys of the first 1,000 objects."""

    has_header = True
    remarks: Sequence[str] = ()

    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = source.name
        keys: dict[str, None] = {}
        for position, (_, record) in enumerate(self._records()):
            if position == _RECORDS_FOR_COLUMNS:
                break
            keys.update(dict.fromkeys(record))
        self._keys = _named(keys)
        self.columns: list[str] = list(self._keys)

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read these keys as strings. See :class:`engine.datasets.formats.rows.Rows`."""
        rows: list[int] = []
        values: list[list[str | None]] = [[] for _ in wanted]
        keys = [self._keys.get(name, name) for name in wanted]
        for row, record in self._records(report):
            report.rows += 1
            rows.append(row)
            for column, key in zip(values, keys, strict=True):
                column.append(_as_text(record.get(key)))
            if len(rows) == _RECORDS_AT_A_TIME:
                yield _block(wanted, values, rows)
                rows, values = [], [[] for _ in wanted]
        if rows:
            yield _block(wanted, values, rows)

    def _records(self, report: ReadReport | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in self._lines(report):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise self._bad_line(number, f"is not JSON ({error}); correct that line") from None
            if not isinstance(record, dict):
                raise self._bad_line(number, f"is not a JSON object; {_ADVICE}")
            yield number, record

    def _bad_line(self, number: int, what: str) -> DataError:
        return DataError(f"{self.name}, line {number:,}: {what}.", kind=ErrorKind.BAD_ROW, file=self.name, row=number)

    def _lines(self, report: ReadReport | None) -> Iterator[tuple[int, bytes]]:
        with self.source.open_text() as text:
            number = 1
            for block in text.blocks():
                lines = block.split(b"\n")
                if not lines[-1]:
                    lines.pop()
                for line in lines:
                    yield number, line
                    number += 1
            if report is not None:
                report.remarks += text.remarks()


class JsonDocument(JsonLines):
    """A file with a list of JSON objects, an object that holds such a list, or objects that span several lines.

    The objects are read one after the other, so that the file is never in memory as a whole. Rows are counted from 1.
    """

    def _records(self, report: ReadReport | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        with self.source.open() as stream:
            text = TextReader(stream, self.name, whole_lines=False)
            found = _Scanner(text.blocks())
            number = 1
            try:
                for record in _records_of(found):
                    if not isinstance(record, dict):
                        raise self._bad_record(number, f"is not a JSON object; {_ADVICE}")
                    yield number, record
                    number += 1
            except _CutShortError:
                raise self._bad_record(number, "the file ends within it; get the file again") from None
            except _SeveralListsError as error:
                raise DataError(
                    f"{self.name}: holds several lists of objects ({error}); save the one to read in its own file.",
                    kind=ErrorKind.BAD_ROW,
                    file=self.name,
                ) from None
            except (ValueError, RecursionError) as error:
                raise self._bad_record(number, f"is not JSON ({error}); correct it") from None
            if report is not None:
                report.remarks += text.remarks()

    def _bad_record(self, number: int, what: str) -> DataError:
        return DataError(f"{self.name}, row {number:,}: {what}.", kind=ErrorKind.BAD_ROW, file=self.name, row=number)


class _CutShortError(ValueError):
    """The text ends within a value."""


class _SeveralListsError(ValueError):
    """An object holds several lists of objects."""


class _Scanner:
    """Reads JSON values one after the other from blocks of text."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._text = ""
        self._position = 0
        self._decoder = json.JSONDecoder()

    def peek(self, beyond: str = "") -> str:
        """The next letter that is no space; empty at the end. ``beyond`` are letters to skip before it."""
        while True:
            while self._position < len(self._text):
                letter = self._text[self._position]
                if letter not in _SPACE and letter not in beyond:
                    return letter
                self._position += 1
            if not self._more():
                return ""

    def skip(self, letter: str) -> None:
        """Go beyond this letter, which must be the next one."""
        found = self.peek()
        if not found:
            raise _CutShortError
        if found != letter:
            raise ValueError(f"{letter!r} is expected, and {found!r} found")
        self._position += 1

    def value(self) -> Any:
        """The next value."""
        if not self.peek():
            raise _CutShortError
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                if len(self._text) - self._position > MAX_LINE_BYTES:
                    raise ValueError(f"{error.msg}, or more than {MAX_LINE_BYTES >> 20} MB") from None
                if self._more():
                    continue
                if error.pos >= len(self._text.rstrip()) or error.msg.startswith("Unterminated"):
                    raise _CutShortError from None
                raise ValueError(error.msg) from None
            if end == len(self._text) and self._more():
                continue  # a number can go on
            self._position = end
            return value

    def is_list_of_objects(self) -> bool:
        """Whether the next value is a list that begins with an object."""
        if self.peek() != "[":
            return False
        while True:
            following = self._text[self._position + 1 :].lstrip(_SPACE)[:1]
            if following or not self._more():
                return following == "{"

    def _more(self) -> bool:
        block = next(self._blocks, None)
        if block is None:
            return False
        self._text = self._text[self._position :] + block.decode()
        self._position = 0
        return True


def looks_like_json(head: bytes) -> bool:
    """Whether a file that begins so is JSON, whatever it is called."""
    return re.match(rb'(\xef\xbb\xbf)*\s*(\[\s*\{|\{\s*")', head) is not None


def is_document(head: bytes) -> bool:
    """Whether a file that begins so is one JSON value, or values of several lines, and not one object on each line."""
    text = head.lstrip(codecs.BOM_UTF8).strip()
    if not text.startswith(b"{"):
        return text.startswith(b"[")
    line, end, rest = text.partition(b"\n")
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        if not end:  # one long line
            return re.match(rb'\{\s*"[^"]*"\s*:\s*\[\s*\{', text) is not None
        return isinstance(error, json.JSONDecodeError) and error.pos >= len(line.decode("utf-8", "replace").rstrip())
    lists = [one for one in record.values() if _is_list_of_objects(one)]
    return not rest and len(lists) == 1


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _records_of(found: _Scanner) -> Iterator[Any]:
    while (first := found.peek(beyond=",")) != "":
        if first == "[":
            yield from _list(found)
        elif first == "{":
            yield from _object(found)
        else:
            yield found.value()


def _list(found: _Scanner) -> Iterator[Any]:
    found.skip("[")
    if found.peek() == "]":
        found.skip("]")
        return
    while True:
        yield found.value()
        if found.peek() != ",":
            break
        found.skip(",")
    found.skip("]")


def _object(found: _Scanner) -> Iterator[Any]:
    """The objects of the list that this object holds, or the object itself if it holds none."""
    record: dict[str, Any] = {}
    lists: list[str] = []
    found.skip("{")
    while found.peek() != "}":
        name = str(found.value())
        found.skip(":")
        if found.is_list_of_objects():
            lists.append(_whole(name))
            if len(lists) > 1:
                raise _SeveralListsError(", ".join(lists))
            yield from _list(found)
        else:
            record[name] = found.value()
        if found.peek() != ",":
            break
        found.skip(",")
    found.skip("}")
    if not lists:
        yield record


def _named(keys: Collection[str]) -> dict[str, str]:
    """The keys of objects by the names of their columns, which are text also where the keys are not."""
    named: dict[str, str] = {}
    for key in keys:
        name = _whole(key)
        while name in named or (name != key and name in keys):
            name += "?"
        named[name] = key
    return named


def _whole(text: str) -> str:
    """A text in which half surrogate pairs, which JSON can escape and which are not text, are question marks."""
    return text.encode("utf-8", "replace").decode()


def _block(wanted: Sequence[str], values: list[list[str | None]], rows: list[int]) -> RowBatch:
    import numpy as np
    import pyarrow as pa

    columns: dict[str, pa.Array] = {}
    for name, column in zip(wanted, values, strict=True):
        try:
            columns[name] = pa.array(column, pa.string())
        except UnicodeEncodeError:
            columns[name] = pa.array([None if one is None else _whole(one) for one in column], pa.string())
    return RowBatch(columns, np.array(rows, dtype=np.int64))


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, (list, dict, bool)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
