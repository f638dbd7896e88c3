"""Text in the encodings that people have, read as blocks of whole lines in UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any

from engine.errors import DataError, ErrorKind

#: A longer line is refused: no format of data sets has them, and one line at a time is held in memory.
MAX_LINE_BYTES = 2 << 20
_READ_BYTES = MAX_LINE_BYTES - (64 << 10)
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
#: The bytes that Windows-1252 does not define.
_UNDEFINED = b"\x81\x8d\x8f\x90\x9d"
#: Bytes that text does not have; Hive separates columns by the byte 1.
_CONTROL = bytes(one for one in range(27) if one != 1 and chr(one) not in "\t\n\v\f\r\x1a")
#: The share of such bytes from which a file counts as binary.
_BINARY_SHARE = 0.01
_BINARY = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of an old version", "save its sheet as CSV and name that file"),
    (b"SQLite format 3\0", "a SQLite database", "name a table of it as sqlite:///FILE?table=NAME"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and name the file in it"),
    (b"Rar!", "a RAR archive", "unpack it and name the file in it"),
    (b"BZh", "packed with bzip2", "unpack it and name the file in it"),
    (b"\xfd7zXZ", "packed with xz", "unpack it and name the file in it"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it and name the file in it"),
    (b"PK\x03\x04", "a zip archive inside another", "unpack it and name the file in it"),
    (b"\x1f\x8b", "a gzip file inside an archive", "unpack it and name the file in it"),
    (b"%PDF", "a PDF document", "name a CSV, TSV, JSON or Parquet file"),
    (b"\x89HDF", "an HDF5 file", "save its table as CSV or Parquet and name that file"),
    (b"ARROW1", "an Arrow file", "save it as Parquet and name that file"),
)
_TAR, _TAR_AT = b"ustar", 257


class TextReader:
    """A binary file that is read as text; an error tells where it is not text.

    A line that is not UTF-8 is read as Windows-1252, of which Latin-1 is a part. UTF-16 is recognised by its byte
    order mark or its zeros. Zero bytes in text and byte order marks at its beginning are dropped.

    Parameters
    ----------
    stream
        An object with ``read(size)``.
    name
        The name of the file, for messages.
    encoding
        ``"utf-8"``, or another one for a file of which this is known. In text of this encoding the byte of a line end
        must be no part of a letter.
    read_bytes
        How many bytes to read at a time.
    whole_lines
        Whether blocks must end with a line; if not, they can end with any closing bracket of JSON too.
    """

    def __init__(
        self,
        stream: Any,
        name: str,
        encoding: str = "utf-8",
        read_bytes: int = _READ_BYTES,
        *,
        whole_lines: bool = True,
    ) -> None:
        self._whole_lines = whole_lines
        self._stream = stream
        self._name = name
        self._encoding = encoding
        self._read_bytes = read_bytes
        self._line = 1
        self._utf_16 = ""
        self._zeros = 0
        self._first_zero = 0
        self._other_lines = 0
        self._first_other = ""

    def blocks(self) -> Iterator[bytes]:
        """The text in UTF-8, in blocks that end with a line.

        Raises
        ------
        DataError
            If the file is not text, or one of its lines is too long.
        """
        rest = b""
        begun = False
        for piece in self._pieces():
            data = rest + piece
            if not begun:
                data = _without_marks(data)
                begun = True
            end = _last_line_end(data)
            if not self._whole_lines:
                end = max(end, data.rfind(b"}") + 1)
            elif rest and end and _first_line_end(data) > MAX_LINE_BYTES:
                raise self._too_long()
            rest = data[end:]
            if end:
                yield self._as_utf_8(data[:end])
            if len(rest) > MAX_LINE_BYTES:
                raise self._too_long()
        if rest:
            yield self._as_utf_8(rest)

    def remarks(self) -> list[str]:
        """What was unusual about the text so far: the ends of sentences that begin with the name of the file."""
        found = []
        if self._utf_16:
            found.append("was read as UTF-16 text.")
        if self._other_lines:
            more = self._other_lines - 1
            who = f"and {more:,} more are not UTF-8 and were" if more else "is not UTF-8 and was"
            found.append(f"{self._first_other} {who} read as Windows-1252 (Latin-1).")
        if self._zeros:
            found.append(f"{self._zeros:,} zero bytes were dropped, the first in line {self._first_zero:,}.")
        return found

    def _pieces(self) -> Iterator[bytes]:
        """Blocks of bytes as they are read; those of UTF-16 are decoded already."""
        piece = bytes(self._stream.read(self._read_bytes))
        self._require_text(piece)
        self._utf_16 = _utf_16_of(piece)
        if not self._utf_16:
            while piece:
                yield piece
                piece = bytes(self._stream.read(self._read_bytes))
            return
        decoder = codecs.getincrementaldecoder(self._utf_16)()
        while True:
            try:
                text = decoder.decode(piece, final=not piece)
                yield text.encode()
            except UnicodeError:
                raise self._bad(f"is damaged UTF-16 text near line {self._line:,}; save it as UTF-8") from None
            if not piece:
                return
            # Half as much, since a letter of two bytes can become one of three.
            piece = bytes(self._stream.read(self._read_bytes // 2))

    def _require_text(self, head: bytes) -> None:
        for magic, what, remedy in _BINARY:
            if head.startswith(magic):
                raise self._bad(f"is {what}; {remedy}")
        if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
            raise self._bad("is a tar archive; unpack it and name the file or the folder in it")
        begin = _without_marks(head[:200]).lstrip().lower()
        if begin.startswith((b"<!doctype html", b"<html")):
            raise self._bad("is a web page and not the data itself; download the file again, signed in if necessary")
        strange = len(head) - len(head.translate(None, _CONTROL))
        if not _utf_16_of(head) and strange > max(4, len(head) * _BINARY_SHARE):
            raise self._bad("is not a text file; name a CSV, TSV, JSON or Parquet file")

    def _as_utf_8(self, block: bytes) -> bytes:
        begin = self._line
        self._line += block.count(b"\n")
        if 0 in block:
            self._first_zero = self._first_zero or begin + block.count(b"\n", 0, block.index(0))
            self._zeros += block.count(0)
            block = block.replace(b"\0", b"")
        if block.isascii():
            return block
        if self._encoding != "utf-8":
            try:
                return block.decode(self._encoding).encode()
            except UnicodeDecodeError as error:
                number = begin + block.count(b"\n", 0, error.start)
                raise DataError(
                    f"{self._name}, line {number:,}: byte 0x{block[error.start]:02x} is not {self._encoding} text: "
                    "name another encoding, or none to have it found.",
                    kind=ErrorKind.BAD_ENCODING,
                    file=self._name,
                    row=number,
                ) from None
        try:
            block.decode()
        except UnicodeDecodeError:
            lines = block.splitlines(keepends=True)
            return b"".join(self._line_as_utf_8(line, begin + number) for number, line in enumerate(lines))
        return block

    def _line_as_utf_8(self, line: bytes, number: int) -> bytes:
        if line.isascii():
            return line
        try:
            line.decode()
        except UnicodeDecodeError as error:
            around = line[max(0, error.start - 12) : error.start + 12].strip()
            where = f"byte 0x{line[error.start]:02x} in {around.decode('cp1252', 'replace')!r}"
            strange = next((one for one in line if one in _UNDEFINED), None)
            if strange is not None:
                raise DataError(
                    f"{self._name}, line {number:,}: {where} is not UTF-8, and byte 0x{strange:02x} of this line is "
                    "not Windows-1252 either: save the file as UTF-8 and add it again.",
                    kind=ErrorKind.BAD_ENCODING,
                    file=self._name,
                    row=number,
                ) from None
            self._other_lines += 1
            self._first_other = self._first_other or f"line {number:,} ({where})"
            return line.decode("cp1252").encode()
        return line

    def _too_long(self) -> DataError:
        return DataError(
            f"{self._name}, line {self._line:,}: has more than {MAX_LINE_BYTES >> 20} MB, which no row of data has; "
            "check that it is the right file, with one row on each line.",
            kind=ErrorKind.BAD_ROW,
            file=self._name,
            row=self._line,
        )

    def _bad(self, what: str) -> DataError:
        return DataError(f"{self._name}: {what}.", kind=ErrorKind.BAD_ENCODING, file=self._name)


class BlockStream:
    """A file-like object, as pyarrow needs one, over blocks of bytes.

    Parameters
    ----------
    blocks
        Blocks that end with a line.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._waiting = b""
        self.closed = False

    def readable(self) -> bool:
        """Always true; pyarrow requires this method."""
        return True

    def close(self) -> None:
        """Remember that pyarrow has finished; the file is closed by the code that opened it."""
        self.closed = True

    def read(self, size: int) -> bytes:
        """The next block or, if it has more than ``size`` bytes, those of its lines that fit."""
        while not self._waiting:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._waiting = block
        found = self._waiting
        if len(found) <= size:
            self._waiting = b""
            return found
        end = _last_line_end(found[:size]) or size
        self._waiting = found[end:]
        return found[:end]


def _without_marks(data: bytes) -> bytes:
    """Without byte order marks; programs that join files, or save them twice, leave more than one."""
    while data.startswith(codecs.BOM_UTF8):
        data = data.removeprefix(codecs.BOM_UTF8)
    return data


def _utf_16_of(head: bytes) -> str:
    """The codec, if the bytes are UTF-16."""
    if head[:2] in _UTF_16 and head[2:4] != b"\0\0":  # else it is UTF-32
        return _UTF_16[head[:2]]
    # Text in a Latin script has a zero in every second byte.
    for half, codec in ((head[1::2], "utf-16-le"), (head[0::2], "utf-16-be")):
        if half.count(0) > len(head) // 4 and head.count(0) < len(head) * 0.6:
            return codec
    return ""


def _first_line_end(data: bytes) -> int:
    return next((end for end in (data.find(b"\n"), data.find(b"\r")) if end >= 0), -1)


def _last_line_end(data: bytes) -> int:
    """The position after the last line end; 0 if there is none."""
    end = data.rfind(b"\n") + 1
    # In files with \r alone, the last byte may be the first half of \r\n.
    return end or data.rfind(b"\r", 0, len(data) - 1) + 1
