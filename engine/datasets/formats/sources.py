"""Opening the files that a person names: a plain file, a ``.gz``, a member of a ``.zip``, or all files of a folder."""

from __future__ import annotations

import codecs
import fnmatch
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from engine.datasets.formats.limits import require_unpackable
from engine.datasets.formats.shown import listed, shortened
from engine.datasets.formats.text import TextReader
from engine.errors import DataError, ErrorKind
from engine.storage.atomic import describe_os_error

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
#: A member of a zip archive -> what the archive is.
_WORKBOOKS = {
    "xl/workbook.xml": "an Excel workbook",
    "xl/workbook.bin": "an Excel workbook",
    "content.xml": "an OpenDocument file",
    "Index/Document.iwa": "a Numbers document",
    "word/document.xml": "a Word document",
}
_HEAD = 1 << 16
_LONGEST_FILE_NAME = 100


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
        return shortened(name.encode("utf-8", "replace").decode(), _LONGEST_FILE_NAME)

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
                packed = stack.enter_context(pa.input_stream(str(self.path), compression="gzip"))
                yield _Unpacked(packed, self, self.path.stat().st_size)
            elif self.member is not None:
                archive = stack.enter_context(zipfile.ZipFile(self.path))
                info = archive.getinfo(self.member)
                require_unpackable(self.name, info.compress_size, info.file_size)
                yield _Unpacked(stack.enter_context(archive.open(info)), self, info.compress_size)
            else:
                yield stack.enter_context(open(self.path, "rb"))

    @contextmanager
    def open_text(self, encoding: str = "utf-8") -> Iterator[TextReader]:
        """Open the content as text; that it is text is checked while it is read."""
        with self.open() as stream:
            yield TextReader(stream, self.name, encoding)

    def head(self) -> bytes:
        """The first 64 KiB, unpacked."""
        with self.open() as stream:
            return bytes(stream.read(_HEAD))

    def text_head(self) -> str:
        """The first 64 KiB as text, or the first line if that is longer, for a look at the columns."""
        head = b""
        with self.open() as stream:
            for block in TextReader(stream, self.name, read_bytes=_HEAD).blocks():
                head += block
                if len(head) >= _HEAD // 2 and head.strip():
                    break
        if not head.strip():
            raise DataError(f"{self.name} is empty: name a file that holds data.", file=self.name)
        return head.decode()

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


class _Unpacked(io.RawIOBase):
    """Packed content while it is read; its size is checked, since an archive can state a wrong one, and gzip none."""

    def __init__(self, stream: Any, source: Source, packed: int) -> None:
        super().__init__()
        self._stream = stream
        self._source = source
        self._packed = packed
        self._unpacked = 0

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as many bytes as fit."""
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def read(self, size: int = -1) -> bytes:
        """Read up to ``size`` bytes."""
        block = bytes(self._stream.read(size))
        self._unpacked += len(block)
        require_unpackable(self._source.name, self._packed, self._unpacked)
        return block


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
            f"{path.name} holds {len(sources)} files ({listed(names)}): unpack it and name the one to read.",
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
    sources, archives = [], []
    for file in files:
        with explaining(Source(file)), open(file, "rb") as stream:
            magic = stream.read(4)
        if magic != _ZIP:  # an archive beside the files is usually the one from which they were unpacked
            sources.append(Source(file, packing="gzip" if magic.startswith(_GZIP) else "plain"))
        else:
            archives.append(file.name)
    if archives and not sources:
        raise DataError(f"{path} holds only archives or workbooks ({listed(archives)}): name one.", file=str(path))
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
    why = shortened(str(error)).rstrip(".")
    return DataError(
        f"{source.name}: is cut short or damaged and cannot be unpacked ({why}); get it again.", file=source.name
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
                    if info.filename  # is_dir fails on an empty name
                    and not info.is_dir()
                    and not info.filename.startswith("__MACOSX/")
                    and not PurePosixPath(info.filename).name.startswith(".")
                ]
                names = set(archive.namelist())
                what = next((what for member, what in _WORKBOOKS.items() if member in names), None)
                locked = any(info.flag_bits & 1 for info in archive.infolist())
            if what is not None:
                raise DataError(
                    f"{path.name} is {what}: save its sheet as CSV (in UTF-8), and name that file.",
                    kind=ErrorKind.BAD_ENCODING,
                    file=path.name,
                )
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
