"""Opening the files that a person names: a plain file, a ``.gz``, a member of a ``.zip``, or all files of a folder."""

from __future__ import annotations

import codecs
import fnmatch
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from engine.errors import DataError, ErrorKind
from engine.storage.atomic import describe_os_error

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_HEAD = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or one member of an archive.

    Attributes
    ----------
    path
        The path of the file, or of the archive.
    member
        The name inside a zip archive; None for a file.
    packing
        How the content is packed.
    """

    path: Path
    member: str | None = None
    packing: Literal["plain", "gzip", "zip"] = "plain"

    @property
    def name(self) -> str:
        """The name to show: that of the file, and for a member of an archive its name after a slash."""
        name = self.path.name if self.member is None else f"{self.path.name}/{self.member}"
        # A name on disk can be other bytes than text, but what is shown and stored must be text.
        return name.encode("utf-8", "replace").decode()

    @property
    def base(self) -> str:
        """The name without folders and ``.gz``, in lower case: ``ratings.csv``."""
        name = PurePosixPath(self.member).name if self.member is not None else self.path.name
        return name.lower().removesuffix(".gz")

    @contextmanager
    def open(self) -> Iterator[Any]:
        """Open the unpacked content as an object with ``read(size)``.

        Raises
        ------
        DataError
            If the file does not exist, may not be read, or is damaged; also while it is read.
        """
        import pyarrow as pa

        with ExitStack() as stack, explaining(self):
            if self.packing == "gzip":
                yield stack.enter_context(pa.input_stream(str(self.path), compression="gzip"))
            elif self.member is not None:
                archive = stack.enter_context(zipfile.ZipFile(self.path))
                yield stack.enter_context(archive.open(self.member))
            else:
                yield stack.enter_context(open(self.path, "rb"))

    @contextmanager
    def open_text(self, encoding: str = "utf-8") -> Iterator[CheckedText]:
        """Open the content as UTF-8 text; that it is text is checked while it is read."""
        with self.open() as stream:
            yield CheckedText(stream, self.name, encoding)

    def head(self) -> bytes:
        """The first 64 KiB, unpacked."""
        with self.open() as stream:
            return bytes(stream.read(_HEAD))

    def text_head(self) -> str:
        """The first 64 KiB as text, for a look at the columns.

        Bytes that are not UTF-8 are replaced; they are reported when the whole file is read.
        """
        head = self.head()
        _require_text(head, self.name)
        if not head.strip():
            raise DataError(f"{self.name} is empty: name a file that holds data.", file=self.name)
        return head.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")

    def encoding(self) -> str:
        """``"utf-8"`` if the whole file is UTF-8, else ``"latin-1"``; for formats that exist in both encodings."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        with self.open() as stream:
            try:
                while block := stream.read(_HEAD):
                    decoder.decode(bytes(block))
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                return "latin-1"
        return "utf-8"


class CheckedText:
    """A binary file that is read as UTF-8 text; an error tells where it is not text.

    Parameters
    ----------
    stream
        An object with ``read(size)``.
    name
        The name of the file, for messages.
    encoding
        The encoding of the bytes: ``"utf-8"`` or ``"latin-1"``.

    Attributes
    ----------
    odd_quotes
        Whether the number of quotation marks that were read so far is odd.
    """

    def __init__(self, stream: Any, name: str, encoding: str = "utf-8") -> None:
        self._stream = stream
        self._name = name
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = 1
        self._begun = False
        self.closed = False
        self.odd_quotes = False

    def readable(self) -> bool:
        """Always true; pyarrow requires this method."""
        return True

    def close(self) -> None:
        """Remember that pyarrow has finished; the stream is closed by the code that opened it."""
        self.closed = True

    def read(self, size: int = -1) -> bytes:
        """Read up to ``size`` bytes, as UTF-8 without a byte order mark.

        Raises
        ------
        DataError
            If the bytes are not text in the expected encoding.
        """
        if self._encoding == "latin-1" and size > 1:
            size //= 2  # one byte can become two, and pyarrow refuses more bytes than it asked for
        block = bytes(self._stream.read(size))
        if not self._begun:
            self._begun = True
            _require_text(block, self._name)
            if block.startswith(codecs.BOM_UTF8):
                block = block.removeprefix(codecs.BOM_UTF8) or self.read(size)
        self.odd_quotes ^= block.count(b'"') % 2 == 1
        if self._encoding == "latin-1":
            return block.decode("latin-1").encode()
        self._check(block)
        return block

    def _check(self, block: bytes) -> None:
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            broken = error.object  # the block, preceded by the undecoded end of the block before
            line = self._line + broken.count(b"\n", 0, error.start)
            around = broken[max(0, error.start - 12) : error.start + 12].decode("latin-1")
            raise DataError(
                f"{self._name}, line {line}: byte 0x{broken[error.start]:02x} (in {around!r}) is not UTF-8; the file "
                "is probably Latin-1 or Windows-1252: save it as UTF-8 and add it again.",
                kind=ErrorKind.BAD_ENCODING,
                file=self._name,
                row=line,
            ) from None
        if "\0" in text:
            raise DataError(
                f"{self._name}: contains zero bytes, so it is not a text file; save it as UTF-8 text.",
                kind=ErrorKind.BAD_ENCODING,
                file=self._name,
            )
        self._line += block.count(b"\n")


def open_source(path: Path, wanted: Sequence[str] = ()) -> Source:
    """The one file to which a path leads.

    Parameters
    ----------
    path
        A file. A zip archive must have one member only, or one that fits a pattern.
    wanted
        Patterns of the members that fit, the best first, such as ``("ratings.csv", "ratings*.csv")``.

    Raises
    ------
    DataError
        If the file is missing, a folder, empty or damaged, or an archive with several files of which none fits.
    """
    _require_exists(path)
    if path.is_dir():
        raise DataError(f"{path} is a folder, and a file is needed here.", kind=ErrorKind.FOLDER_GIVEN, file=str(path))
    sources = _sources_in(path)
    if len(sources) == 1:
        return sources[0]
    found = choose(sources, wanted)
    if found is None:
        names = [source.member or "" for source in sources]
        raise DataError(
            f"{path.name} holds {len(sources)} files ({', '.join(names[:8])}): unpack it and name the one to read.",
            kind=ErrorKind.SEVERAL_FILES,
            file=path.name,
            choices=names,
        )
    return found


def collect(path: Path) -> list[Source]:
    """All files of a release: those in a folder and in its subfolders, those in a zip archive, or the one file itself.

    Raises
    ------
    DataError
        If there is no file, or an archive is damaged.
    """
    _require_exists(path)
    if not path.is_dir():
        return _sources_in(path)
    with explaining(Source(path)):
        found = [one for one in sorted(path.iterdir()) if not one.name.startswith(".")]
        for folder in [one for one in found if one.is_dir()]:
            found += [one for one in sorted(folder.iterdir()) if not one.name.startswith(".")]
        files = [one for one in found if one.is_file()]
    sources = []
    for file in files:
        with explaining(Source(file)), open(file, "rb") as stream:
            magic = stream.read(4)
        if magic != _ZIP:  # an archive beside the files is usually the one from which they were unpacked
            sources.append(Source(file, packing="gzip" if magic.startswith(_GZIP) else "plain"))
    if not sources:
        raise DataError(f"{path} holds no files: name the folder into which the data set was unpacked.", file=str(path))
    return sources


def choose(sources: Iterable[Source], wanted: Sequence[str]) -> Source | None:
    """The first source whose base name fits the earliest possible pattern; None if none fits."""
    candidates = list(sources)
    for pattern in wanted:
        for source in candidates:
            if fnmatch.fnmatch(source.base, pattern):
                return source
    return None


@contextmanager
def explaining(source: Source) -> Iterator[None]:
    """Turn the exceptions of opening and reading a file into DataError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _damaged(source, error) from error
    except OSError as error:
        if source.packing == "gzip" and error.errno is None:  # pyarrow reports an error of zlib as OSError
            raise _damaged(source, error) from error
        raise DataError(
            f"{source.path}: cannot be read ({describe_os_error(error)}).", file=str(source.path)
        ) from error


def _damaged(source: Source, error: Exception) -> DataError:
    return DataError(
        f"{source.name}: is cut short or damaged and cannot be unpacked ({str(error).rstrip('.')}); get it again.",
        file=source.name,
    )


def _require_exists(path: Path) -> None:
    with explaining(Source(path)):
        if not path.exists():
            raise DataError(f"{path} does not exist: check the name.", file=str(path))
        if not path.is_dir() and not path.is_file():
            raise DataError(
                f"{path} is not a regular file: store its content in a file, since it is read more than once.",
                file=str(path),
            )
        if path.is_file() and path.stat().st_size == 0:
            raise DataError(f"{path.name} is empty: name a file that holds data.", file=path.name)


def _sources_in(path: Path) -> list[Source]:
    with explaining(Source(path)):
        with open(path, "rb") as file:
            magic = file.read(4)
        if magic == _ZIP:
            with zipfile.ZipFile(path) as archive:
                members = [
                    info.filename
                    for info in archive.infolist()
                    if not info.is_dir()
                    and not info.filename.startswith("__MACOSX/")
                    and not PurePosixPath(info.filename).name.startswith(".")
                ]
                locked = any(info.flag_bits & 1 for info in archive.infolist())
            if locked:
                raise DataError(
                    f"{path.name} is locked with a password: unpack it and name the files in it.", file=path.name
                )
            if not members:
                raise DataError(f"{path.name} is an archive without files: get it again.", file=path.name)
            return [Source(path, member, "zip") for member in members]
        for suffix, expected in ((".gz", _GZIP), (".zip", _ZIP)):
            if path.name.lower().endswith(suffix) and not magic.startswith(expected):
                raise DataError(
                    f"{path.name}: is damaged or not a {suffix} archive; get it again, "
                    f"or remove {suffix} from its name if it is not packed.",
                    file=path.name,
                )
    return [Source(path, packing="gzip" if magic.startswith(_GZIP) else "plain")]


def _require_text(head: bytes, name: str) -> None:
    encoding = _BYTE_ORDER_MARKS.get(head[:2])
    if encoding is None and b"\0" in head:
        # In UTF-16, text in a Latin script has a zero in every second byte.
        every_other = max(head[0::2].count(0), head[1::2].count(0))
        encoding = "UTF-16" if every_other > len(head) // 4 else None
        if encoding is None:
            raise DataError(
                f"{name}: contains zero bytes, so it is not a text file; name a CSV, TSV, JSONL or Parquet file.",
                kind=ErrorKind.BAD_ENCODING,
                file=name,
            )
    if encoding is not None:
        raise DataError(
            f"{name} is {encoding} text: save it as UTF-8 and add it again.", kind=ErrorKind.BAD_ENCODING, file=name
        )
