"""What can be seen of files before they are read: readers decide by it whether the files are theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from engine.datasets.formats.files import Files
from engine.datasets.formats.json import JsonLines
from engine.datasets.formats.parquet_json import Parquet, open_rows
from engine.datasets.formats.shown import listed
from engine.datasets.formats.sources import Source, choose, collect, open_source
from engine.errors import DataError, ErrorKind


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The beginning of one file.

    Attributes
    ----------
    columns
        The names in its header, in lower case. A file without a header gives the values of its first row. Readers
        know the text files of their format by them, so a file with types, such as Parquet, gives none.
    names
        The same as they are in the file, in its order.
    first_line
        Its first line that is not blank; empty for Parquet and JSON.
    """

    columns: frozenset[str]
    first_line: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The files among which a reader recognises its own; each is opened only when a reader looks at it.

    Attributes
    ----------
    items, ratings, links
        The files that were named for these roles. The only file of a folder or an archive counts as ``ratings``.
    members
        The files of the folder or archive that was named, also as ``ratings``; empty if none was.
    """

    items: Source | None = None
    ratings: Source | None = None
    links: Source | None = None
    members: Sequence[Source] = ()
    _seen: dict[Source, Glimpse | DataError] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, files: Files) -> Evidence:
        """Find the files.

        Raises
        ------
        DataError
            If one does not exist or cannot be opened.
        """
        if files.source is not None:
            members = collect(files.source)
            return cls(ratings=members[0] if len(members) == 1 else None, members=members)
        items, links = (None if path is None else open_source(path) for path in (files.items, files.links))
        if files.ratings is None:
            return cls(items, None, links)
        try:
            return cls(items, open_source(files.ratings), links)
        except DataError as error:
            if error.kind not in (ErrorKind.SEVERAL_FILES, ErrorKind.FOLDER_GIVEN):
                raise
            # A person's export is an archive or a folder, and a catalogue may be named beside it.
            with suppress(DataError):
                return cls(items, None, links, collect(files.ratings))
            raise

    def member(self, *patterns: str) -> Source | None:
        """The first file of the folder or archive whose name fits; patterns are in lower case, the best first."""
        return choose(self.members, patterns)

    def glimpse(self, source: Source) -> Glimpse:
        """Look into a file.

        Raises
        ------
        DataError
            If it is empty, damaged, or not text in a known encoding.
        """
        if source not in self._seen:
            try:
                self._seen[source] = _look_into(source)
            except DataError as error:  # a large file is not opened again for each reader
                self._seen[source] = error
        seen = self._seen[source]
        if isinstance(seen, DataError):
            raise seen
        return seen

    def tables(self) -> list[Glimpse]:
        """The beginnings of the items and the ratings, as far as they were named."""
        return [self.glimpse(one) for one in (self.items, self.ratings) if one is not None]

    def __str__(self) -> str:
        """What was seen, for a person."""
        if len(self.members) > 1:
            return f"the files are {listed(one.base for one in self.members)}"
        return "; ".join(self._columns()) or "no file was named"

    def _columns(self) -> Iterator[str]:
        for source in (self.items, self.ratings, self.links):
            if source is not None:
                yield f"{source.name} has the columns {listed(self.glimpse(source).names, 100)}"


def _look_into(source: Source) -> Glimpse:
    rows = open_rows(source)
    if isinstance(rows, Parquet):
        return Glimpse(frozenset(), "", tuple(rows.columns))
    lines = () if isinstance(rows, JsonLines) else source.text_head().splitlines()
    first_line = next((line for line in lines if line.strip()), "")
    return Glimpse(frozenset(name.lower() for name in rows.columns), first_line, tuple(rows.columns))
