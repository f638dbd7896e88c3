"""A person's list from MyAnimeList: the XML export of anime or manga, packed or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.parsers import expat

from engine.data.dataset import Dataset
from engine.datasets.build.export_dates import read_dates
from engine.datasets.build.personal import ExportItem, PersonalExport
from engine.datasets.formats.files import Files
from engine.datasets.formats.sources import Source
from engine.datasets.formats.values import BadValueError
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job, Progress

_NAMES = ("animelist*.xml", "mangalist*.xml", "*.xml")
_ENTRIES = ("anime", "manga")
_PLANNED = ("plan to watch", "plan to read", "6")
_STATUS = {"1": "Watching", "2": "Completed", "3": "On-Hold", "4": "Dropped", "6": "Plan to Watch"}
_READ_BYTES = 1 << 16
#: A list of 20,000 anime has about 25 MB; more is no list of a person, and a small packed file can hold much more.
_LARGEST = 256 << 20
_LONGEST_VALUE = 100_000
_DEEPEST = 16


def read_history(name: str, files: Files, job: Job | None = None) -> PersonalExport:
    """Read the anime or manga that a person has watched or read, as the user ``me``.

    A score of 0 means "not rated". What is only planned is in the catalogue and is no interaction, unless it has a
    score. The date is that of finishing, or else that of starting.

    Raises
    ------
    DataError
        If the file is missing, is no list of MyAnimeList, or declares entities or a document type, which such a list
        has no use for and which can make a small file fill the memory.
    """
    source = files.find("ratings", _NAMES)
    files.require_any((source,), "myanimelist", ("ratings",))
    assert source is not None
    export = PersonalExport(name, "myanimelist", "MyAnimeList", "title", highest_rating=10.0)
    report = export.report(source.name)
    entries = list(_entries(source, job))
    finished, started = (_dates(source, entries, field) for field in ("my_finish_date", "my_start_date"))
    for position, (line, entry) in enumerate(entries):
        report.rows += 1
        item = entry.get("series_animedb_id") or entry.get("manga_mangadb_id") or entry.get("series_mangadb_id", "")
        if not item.isdecimal():
            report.skip("no id of an anime or manga", place=f"line {line:,}")
            continue
        status = _STATUS.get(entry.get("my_status", ""), entry.get("my_status", ""))
        kind = entry.get("series_type", "")
        title = entry.get("series_title") or entry.get("manga_title", "")
        export.add_item(
            ExportItem(
                item,
                title,
                facts={
                    "type": kind,
                    "episodes": _count(entry.get("series_episodes")),
                    "chapters": _count(entry.get("manga_chapters")),
                    "volumes": _count(entry.get("manga_volumes")),
                    "status": status,
                    "tags": entry.get("my_tags"),
                },
            )
        )
        score = _score(source, line, entry.get("my_score", ""))
        if status.lower() in _PLANNED and score is None:
            report.skip("planned, so not seen yet", place=f"line {line:,}")
            continue
        time = finished[position] if finished[position] is not None else started[position]
        export.add_event(item, score, time, report, line)
    return export


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """The data set of one person: what :func:`read_history` finds, matched to a catalogue if ``files`` names one."""
    return read_history(name, files, job).build(files, job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_NAMES)
    return Certainty.certain_if(source is not None and b"<myanimelist" in source.head())


READER = Reader(
    "myanimelist", "a person's list from MyAnimeList: the XML export, .xml or .xml.gz", read, _recognises, read_history
)


def _dates(source: Source, entries: Sequence[tuple[int, Mapping[str, str]]], field: str) -> list[int | None]:
    try:
        return read_dates([one.get(field, "") for _, one in entries]).seconds
    except BadValueError as error:
        line = entries[error.position][0]
        raise DataError(
            f"{source.name}, line {line:,}, {field}: {error}; correct it.",
            kind=ErrorKind.BAD_VALUE,
            file=source.name,
            row=line,
            column=field,
        ) from None


def _score(source: Source, line: int, text: str) -> float | None:
    try:
        score = float(text or 0)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 10:
        shown = repr(text[:60])
        raise DataError(
            f"{source.name}, line {line:,}, my_score: {shown} is not a score from 0 to 10; correct it.",
            kind=ErrorKind.BAD_VALUE,
            file=source.name,
            row=line,
            column="my_score",
        )
    return score or None


def _count(text: str | None) -> int | None:
    """A number that is only shown; 0 means that it is unknown."""
    return int(text) or None if text and text.isdecimal() and len(text) < 10 else None


def _entries(source: Source, job: Job | None) -> Iterator[tuple[int, dict[str, str]]]:
    """The line and the values of each entry, read piece by piece."""
    collector = _Collector(source)
    size = 0
    with source.open() as stream:
        while True:
            block = bytes(stream.read(_READ_BYTES))
            size += len(block)
            if size > _LARGEST:
                raise DataError(
                    f"{source.name}: has more than {_LARGEST >> 20} MB, which no list of a person has; check that it "
                    "is the right file.",
                    file=source.name,
                )
            try:
                collector.parser.Parse(block, not block)
            except expat.ExpatError as error:
                what = expat.errors.messages[error.code]
                raise _not_a_list(
                    source, error.lineno, f"is not well-formed XML ({what}); export the list again"
                ) from None
            except (LookupError, ValueError):
                raise _not_a_list(source, 1, "declares an encoding that is not known; export the list again") from None
            yield from collector.finished
            collector.finished.clear()
            if job is not None:
                job.checkpoint()
                job.report(Progress(f"reading {source.name}", size, None, "bytes"))
            if not block:
                return


class _Collector:
    """Takes the elements of a list from a parser that reads no entities."""

    def __init__(self, source: Source) -> None:
        self.finished: list[tuple[int, dict[str, str]]] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self._source = source
        self._path: list[str] = []
        self._entry: dict[str, str] = {}
        self._parts: list[str] = []
        self._length = 0
        self._line = 1

    def _start(self, tag: str, _: Any) -> None:
        if not self._path and tag != "myanimelist":
            raise self._error(f"begins with <{tag[:30]}> and not with <myanimelist>; name the export of MyAnimeList")
        self._path.append(tag)
        if len(self._path) > _DEEPEST:
            raise self._error(f"has more than {_DEEPEST} elements inside one another; export the list again")
        if len(self._path) == 2:
            self._entry, self._line = {}, self.parser.CurrentLineNumber
        self._parts, self._length = [], 0

    def _text(self, text: str) -> None:
        if len(self._path) < 3:
            return  # the space between the entries
        self._length += len(text)
        if self._length > _LONGEST_VALUE:
            raise self._error(f"has a value of more than {_LONGEST_VALUE:,} characters; export the list again")
        self._parts.append(text)

    def _end(self, tag: str) -> None:
        if len(self._path) == 3:
            self._entry[tag] = "".join(self._parts).strip()
        if len(self._path) == 2 and tag in _ENTRIES:
            self.finished.append((self._line, self._entry))
        self._path.pop()
        self._parts, self._length = [], 0

    def _refuse(self, *_: Any) -> None:
        raise self._error("declares a document type or entities, which a list does not need; export the list again")

    def _error(self, what: str) -> DataError:
        return _not_a_list(self._source, self.parser.CurrentLineNumber, what)


def _not_a_list(source: Source, line: int, what: str) -> DataError:
    return DataError(f"{source.name}, line {line:,}: {what}.", kind=ErrorKind.BAD_ROW, file=source.name, row=line)
