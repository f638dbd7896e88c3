"""Quotation marks in delimited text: those that enclose a value, and those that are part of one.

What is quoted as RFC 4180 says passes unchanged. The rest is rewritten so: marks escaped by a backslash, spaces before
a mark, marks inside a quoted value that are not doubled, and above all a mark that is opened and never closed, which
otherwise takes in all rows up to the next mark. It does not take them in here, if these lines look like rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.datasets.formats.text import MAX_LINE_BYTES

_QUOTE, _LF, _CR = b'"'[0], b"\n"[0], b"\r"[0]
_LINE_END = re.compile(rb"\r\n|\n|\r")
#: What is between two quotation marks as RFC 4180 says, and where a backslash takes the meaning of what follows away.
_INSIDE = r'(?:[^"]++|"")*+'
_INSIDE_ESCAPED = r'(?:[^"\\]++|\\.|"")*+'
_NUMBER = re.compile(rb"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")
#: How many lines after a mark that is opened are compared with rows.
_LINES_COMPARED = 50
#: So many lines that look like rows are enough to decide before the closing mark is found.
_ENOUGH_LINES = 20
#: Up to so many lines must all look like rows.
_FEW_LINES = 4
_MOSTLY = 0.8


class UnclosedError(ValueError):
    """A quotation mark is opened, not closed, and what follows does not look like rows.

    Parameters
    ----------
    line
        The number of the line.
    """

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a file look like.

    Attributes
    ----------
    delimiter
        One character.
    width
        The number of fields.
    numeric
        Positions of the columns that hold numbers only.
    backslash
        Whether a backslash before a quotation mark makes it part of the value.
    """

    delimiter: str
    width: int
    numeric: Sequence[int] = ()
    backslash: bool = False


@dataclass(slots=True)
class _Parsed:
    fields: list[bytes]
    end: int
    stray: bool = False


@dataclass(slots=True)
class QuoteReader:
    """Rewrites delimited text so that every quotation mark in it is clear.

    Parameters
    ----------
    shape
        What the rows look like.

    Attributes
    ----------
    stray
        How many rows had a mark that was opened and not closed.
    first_stray
        The line of the first of them.
    """

    shape: Shape
    stray: int = 0
    first_stray: int = 0
    _line: int = 1
    _styles: list[re.Pattern[bytes]] = field(init=False)
    _strict: re.Pattern[bytes] = field(init=False)
    _escaped: re.Pattern[bytes] = field(init=False)
    _delimiter: bytes = field(init=False)
    _spaces: re.Pattern[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._delimiter = self.shape.delimiter.encode()
        self._spaces = re.compile(rb"" if self.shape.delimiter == " " else rb" *")
        after = rb"[ ]*" if self.shape.delimiter != " " else rb""
        end = after + rb"(?=" + re.escape(self._delimiter) + rb"|[\r\n]|\Z)"
        self._strict = re.compile(b'"(' + _INSIDE.encode() + b')"' + end)
        self._escaped = re.compile(b'"(' + _INSIDE_ESCAPED.encode() + b')"' + end, re.DOTALL)
        lenient = re.compile(rb'"(.*?)"' + end, re.DOTALL)
        self._styles = [self._strict, self._escaped, lenient]
        if self.shape.backslash:
            self._styles = [self._escaped, self._strict, lenient]

    def blocks(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The same rows, in blocks that end with a row.

        Raises
        ------
        UnclosedError
            If a quotation mark is opened and not closed, and the lines after it do not look like rows.
        """
        rest = b""
        for block in blocks:
            data = rest + block
            if not rest and self._is_clear(data):
                self._line += data.count(b"\n")
                yield data
                continue
            text, rest = self._rewrite(data, last=False)
            if text:
                yield text
        if rest:
            text, _ = self._rewrite(rest, last=True)
            yield text

    def remarks(self) -> list[str]:
        """What was unusual so far: the ends of sentences that begin with the name of the file."""
        if not self.stray:
            return []
        more = "" if self.stray == 1 else f"; {self.stray - 1:,} more rows have one"
        return [
            f"line {self.first_stray:,} has a quotation mark that is not closed, which was read as part of the "
            f"value{more}."
        ]

    def fields(self, row: str, number: int) -> list[str]:
        """The fields of one row as this class writes it; ``number`` is that of the row."""
        if '"' not in row:
            return row.split(self.shape.delimiter)
        text = row.encode()
        parsed = self._parse(text, 0, len(text), [self._strict]) or self._literally(text, 0, len(text))
        literal = text.split(self._delimiter)
        if len(parsed.fields) != self.shape.width == len(literal):
            # A row that fits if its marks are letters, such as two titles of which one begins and one ends with a mark.
            self.stray += 1
            self.first_stray = self.first_stray or number
            return [one.decode() for one in literal]
        return [one.decode() for one in parsed.fields]

    def _is_clear(self, data: bytes) -> bool:
        """Whether all marks are as RFC 4180 says, and no line end is between them."""
        if b'"' not in data:
            return True
        if b'\\"' in data:
            return False
        letters = np.frombuffer(data, np.uint8)
        marks = np.flatnonzero(letters == _QUOTE)
        if len(marks) % 2:
            return False
        padded = np.concatenate([[_LF], letters, [_LF]]).astype(np.uint8)
        allowed = np.array([self._delimiter[0], _LF, _CR, _QUOTE], np.uint8)
        if not np.isin(padded[marks[0::2]], allowed).all() or not np.isin(padded[marks[1::2] + 2], allowed).all():
            return False
        ends = np.flatnonzero((letters == _LF) | (letters == _CR))
        return not (np.searchsorted(marks, ends) % 2).any()

    def _rewrite(self, data: bytes, *, last: bool) -> tuple[bytes, bytes]:
        """The rewritten rows, and the text that needs the next block."""
        found: list[bytes] = []
        position, plain_from = 0, 0
        line, counted = self._line, 0
        while True:
            mark = data.find(b'"', position)
            if mark < 0:
                found.append(data[plain_from:])
                rest = b""
                break
            begin = max(data.rfind(b"\n", position, mark), data.rfind(b"\r", position, mark)) + 1 or position
            found.append(data[plain_from:begin])
            line, counted = line + data.count(b"\n", counted, begin), begin
            end, after = _end_of_line(data, begin)
            parsed = self._row(data, begin, end, line, last=last)
            if parsed is None:
                rest = data[begin:]
                break
            if parsed.stray:
                self.stray += 1
                self.first_stray = self.first_stray or line
            if parsed.end != end:
                end, after = _end_of_line(data, parsed.end)
            found.append(self._written(parsed.fields))
            found.append(data[end:after])
            position = plain_from = after
        self._line += data.count(b"\n", 0, len(data) - len(rest))
        return b"".join(found), rest

    def _row(self, data: bytes, begin: int, end: int, line: int, *, last: bool) -> _Parsed | None:
        """The row that begins here; None if more text is needed to tell."""
        width = self.shape.width
        whole, usual = None, False
        styles = self._styles if b'\\"' in data[begin:end] else [one for one in self._styles if one != self._escaped]
        for style in styles:
            parsed = self._parse(data, begin, end, [style], most=None if whole is None else width)
            if parsed is not None and (whole is None or len(parsed.fields) == width):
                whole, usual = parsed, usual or style is styles[0]
                if len(parsed.fields) == width:
                    return parsed if style is self._escaped else self._unless_escaped(data, begin, parsed, last=last)
        if whole is not None and usual:
            # A row that fits if its marks are letters, such as two titles that begin and end with one.
            split = data[begin:end].split(self._delimiter)
            row = _Parsed(split, end, stray=True) if len(split) == width else whole
            return self._unless_escaped(data, begin, row, last=last)
        return self._open_row(data, begin, self._literally(data, begin, end), whole, line, last=last)

    def _unless_escaped(self, data: bytes, begin: int, parsed: _Parsed, *, last: bool) -> _Parsed | None:
        """This row of one line, unless it is rather the beginning of one that goes on after an escaped mark.

        The first line of a value such as ``\\",`` and a line end is a whole row too, if its backslash is a letter.
        """
        if b'\\"' not in data[begin : parsed.end]:
            return parsed
        limit = min(len(data), begin + MAX_LINE_BYTES)
        longer = self._parse(data, begin, limit, [self._escaped])
        if longer is None or len(longer.fields) != self.shape.width or longer.end <= parsed.end:
            return parsed
        if longer.end == limit == len(data) and not last:
            return None
        # Where the one line has too few fields and the longer row has all, the lines may look like rows by accident.
        fits = len(parsed.fields) == self.shape.width
        return parsed if fits and self._are_rows(data, parsed.end, longer.end) else longer

    def _open_row(
        self, data: bytes, begin: int, literal: _Parsed, whole: _Parsed | None, line: int, *, last: bool
    ) -> _Parsed | None:
        """The row that begins here with a mark that its line does not close, or closes in an unusual style only."""
        width = self.shape.width
        fits = len(literal.fields) == width
        limit = min(len(data), begin + MAX_LINE_BYTES)
        complete = last or limit < len(data)
        # These two styles end at the next mark that does not fit, so they never look far for nothing.
        several = self._first_fitting(data, begin, limit, self._styles[:2])
        if several is None or (several.end == limit and not complete):
            compared, alike = self._compare(data, literal.end, limit, _ENOUGH_LINES)
            if fits and compared == _ENOUGH_LINES and alike >= compared * _MOSTLY:
                return literal
            if not complete:
                return None
            several = self._first_fitting(data, begin, limit, self._styles)
            if several is None and fits and alike >= compared * 0.5:
                return literal
            if several is None and whole is not None:
                return whole
            if several is None:
                raise UnclosedError(line)
        if whole is not None and len(several.fields) != width:
            return whole
        several = self._unless_escaped(data, begin, several, last=last)
        if several is None or not fits or self._needs_escapes(data, begin, several):
            return several
        return literal if self._are_rows(data, literal.end, several.end) else several

    def _needs_escapes(self, data: bytes, begin: int, row: _Parsed) -> bool:
        """Whether this row has the right number of fields because a mark in it is escaped, which is no accident."""
        if len(row.fields) != self.shape.width or b'\\"' not in data[begin : row.end]:
            return False
        strict = self._parse(data, begin, row.end, [self._strict])
        return strict is None or len(strict.fields) != self.shape.width

    def _are_rows(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the lines after the one of ``begin`` look like rows and not like a text of several lines."""
        compared, alike = self._compare(data, begin, end, _LINES_COMPARED)
        if not compared or alike < compared * (_MOSTLY if compared > _FEW_LINES else 1):
            return False
        # A text of two lines with a comma in each looks like rows of two columns too.
        return self.shape.width > 2 or bool(self.shape.numeric)

    def _first_fitting(self, data: bytes, begin: int, end: int, styles: Sequence[re.Pattern[bytes]]) -> _Parsed | None:
        """The row by the first of these styles that gives the right number of fields, else by the first that ends."""
        first = None
        for style in styles:
            parsed = self._parse(data, begin, end, [style])
            if parsed is not None and len(parsed.fields) == self.shape.width:
                return parsed
            first = first or parsed
        return first

    def _compare(self, data: bytes, begin: int, end: int, most: int) -> tuple[int, int]:
        """How many lines there are from here to there, up to a number, and how many of these look like rows."""
        compared = alike = 0
        position = _end_of_line(data, begin)[1]
        while position < end and compared < most and compared - alike <= most * (1 - _MOSTLY):
            stop, after = _end_of_line(data, position)
            fields = data[position:stop].split(self._delimiter)
            if len(fields) != self.shape.width and b'"' in data[position:stop]:
                fields = self._literally(data, position, stop).fields
            compared += 1
            # A row without its first value is rather the end of a text.
            alike += (
                len(fields) == self.shape.width
                and bool(fields[0].strip(b'" '))
                and all(
                    not value or _NUMBER.fullmatch(value)
                    for value in (fields[one].strip(b'" ') for one in self.shape.numeric)
                )
            )
            position = after
        return compared, alike

    def _parse(
        self, data: bytes, begin: int, end: int, styles: Sequence[re.Pattern[bytes]], *, most: int | None = None
    ) -> _Parsed | None:
        """The row that begins here and ends before ``end``; None if a value is not closed, or it has over ``most``."""
        fields: list[bytes] = []
        position = begin
        while most is None or len(fields) < most:
            opened = self._spaces.match(data, position, end).end()  # type: ignore[union-attr]
            if data[opened : min(opened + 1, end)] == b'"':
                for style in styles:
                    closed = style.match(data, opened, end)
                    if closed is not None and not (style is self._styles[-1] and _pairs_inside(closed[1])):
                        break
                else:
                    return None
                fields.append(_unescaped(closed[1], escaped=style is self._escaped))
                position = closed.end()
            else:
                stop = _next_of(data, position, end, self._delimiter)
                fields.append(data[position:stop])
                position = stop
            if position >= end or data[position : position + 1] != self._delimiter:
                return _Parsed(fields, position)
            position += 1
        return None

    def _literally(self, data: bytes, begin: int, end: int) -> _Parsed:
        """The row on this line, with the marks that are not closed as part of their values."""
        fields: list[bytes] = []
        position = begin
        stray = False
        while True:
            opened = self._spaces.match(data, position, end).end()  # type: ignore[union-attr]
            closed = None
            if data[opened : min(opened + 1, end)] == b'"':
                closed = self._styles[0].match(data, opened, end)
                stray = stray or closed is None
            if closed is not None:
                fields.append(_unescaped(closed[1], escaped=self._styles[0] is self._escaped))
                position = closed.end()
            else:
                stop = data.find(self._delimiter, position, end)
                stop = end if stop < 0 else stop
                fields.append(data[position:stop])
                position = stop
            if position >= end:
                return _Parsed(fields, end, stray)
            position += 1

    def _written(self, fields: Sequence[bytes]) -> bytes:
        return self._delimiter.join(
            b'"' + one.replace(b'"', b'""') + b'"'
            if b'"' in one or self._delimiter in one or b"\n" in one or b"\r" in one
            else one
            for one in fields
        )


def find_backslashes(text: str, delimiter: str) -> bool:
    """Whether a backslash before a quotation mark makes it part of the value, as far as this text tells."""
    if '\\"' not in text:
        return False
    # RFC 4180 allows a backslash at the end of a value, before the mark that closes it.
    inside = re.findall(r'\\"(?!["\r\n' + re.escape(delimiter) + r"]|\Z)", text)
    return bool(inside)


def count_stray_marks(text: str, delimiter: str, *, backslash: bool) -> int:
    """How many fields that are not quoted hold a quotation mark, in rows whose quoted values are all closed."""
    space = "" if delimiter == " " else " *"
    quoted = f'"{_INSIDE_ESCAPED if backslash else _INSIDE}"'
    fields = re.finditer(rf"{space}{quoted}|([^{re.escape(delimiter)}\r\n]+)", text, re.DOTALL)
    plain = (field[1] for field in fields if field[1])
    return sum('"' in (re.sub(r"\\.", "", one) if backslash else one) for one in plain)


def _pairs_inside(value: bytes) -> bool:
    """Whether the first mark inside a value closes the one before it: ``"A" and "B"`` are two words in quotes."""
    inner = value.replace(b'""', b"").find(b'"')
    if inner < 0:
        return False
    following = value.replace(b'""', b"")[inner + 1 : inner + 2]
    return not following or following in b" .,;:!?)-"


def _unescaped(value: bytes, *, escaped: bool) -> bytes:
    if b'"' not in value:
        return value.replace(b"\\\\", b"\\") if escaped and b"\\" in value else value
    # Both in one pass, since two marks that are escaped are not one that is doubled.
    return re.sub(rb'\\(["\\])|"(")', rb"\1\2", value) if escaped else value.replace(b'""', b'"')


def _end_of_line(data: bytes, begin: int) -> tuple[int, int]:
    """Where the line ends, without and with its line end."""
    found = _LINE_END.search(data, begin)
    return (len(data), len(data)) if found is None else found.span()


def _next_of(data: bytes, begin: int, end: int, delimiter: bytes) -> int:
    """The position of the next delimiter or line end."""
    stop = data.find(delimiter, begin, end)
    stop = end if stop < 0 else stop
    for mark in (b"\n", b"\r"):
        line_end = data.find(mark, begin, stop)
        stop = line_end if line_end >= 0 else stop
    return stop
