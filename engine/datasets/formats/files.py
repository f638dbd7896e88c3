"""The files that a person named for one data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.datasets.formats.sources import Source, choose, collect, open_source
from engine.errors import DataError, ErrorKind

if TYPE_CHECKING:
    import numpy.typing as npt

#: Role -> name of the column that has it, or names for a role that takes several.
ColumnMapping = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Files:
    """The files and the mapping with which :func:`engine.datasets.read` was called.

    Attributes
    ----------
    items, ratings, links
        One file each.
    source
        A folder or an archive with all of them.
    mapping
        For the reader ``table``: role -> column, or ``#3`` for the third one; an empty name turns the guess off. The
        role ``unrated`` takes the rating that means "not rated".
    more_ratings, more_items
        Files that continue ``ratings`` and ``items``, for the reader ``table``.
    where
        For the reader ``table``: column -> the value that a row of the interactions must have.
    user
        For the reader ``table``: the person whose interactions these are, where no column says it.
    join
        For the reader ``table``: a file with further columns of the interactions, and the column that both files have.
    header, encoding
        For the reader ``table``: as :func:`engine.datasets.formats.parquet_json.open_rows` takes them.
    day_first
        For the reader ``table``: whether the day comes first in dates such as 03/04/2024; None decides by the column.
    known_day_first
        ``"ratings"`` or ``"items"`` -> column -> the same for one column. It goes before ``day_first``.
    known_items
        The ids of the items of the data set that the files continue; None if they continue none.
    """

    items: Path | None = None
    ratings: Path | None = None
    links: Path | None = None
    source: Path | None = None
    mapping: ColumnMapping = field(default_factory=dict)
    more_ratings: tuple[Path, ...] = ()
    more_items: tuple[Path, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    join: tuple[Path, str] | None = None
    header: bool | None = None
    encoding: str = "utf-8"
    day_first: bool | None = None
    known_day_first: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    known_items: npt.NDArray[Any] | None = field(default=None, compare=False)

    @property
    def empty(self) -> bool:
        """Whether no file was named."""
        return not (self.items or self.ratings or self.links or self.source)

    @property
    def only_for_tables(self) -> bool:
        """Whether something was said that the reader ``table`` alone understands."""
        several = self.more_ratings or self.more_items
        return bool(self.mapping or several or self.where or self.user or self.join or self._forms)

    @property
    def _forms(self) -> bool:
        return self.header is not None or self.encoding != "utf-8" or self.day_first is not None

    def day_first_of(self, role: str, column: str) -> bool | None:
        """Whether the day comes first in the dates of a column of ``"ratings"`` or ``"items"`` that does not tell."""
        return self.known_day_first.get(role, {}).get(column, self.day_first)

    def find(self, role: str, wanted: Sequence[str]) -> Source | None:
        """The file for a role: the one named for it, else the one of the folder or archive that fits.

        Parameters
        ----------
        role
            ``"items"``, ``"ratings"`` or ``"links"``.
        wanted
            Patterns of file names in lower case, the best first.
        """
        path: Path | None = getattr(self, role)
        if path is not None:
            return open_source(path, wanted)
        return None if self.source is None else choose(collect(self.source), wanted)

    def require_any(
        self, found: Sequence[Source | None], kind: str, roles: Sequence[str] = ("items", "ratings")
    ) -> None:
        """Raise DataError if none of the files was found.

        Parameters
        ----------
        found
            What :meth:`find` returned for each role.
        kind
            The kind of data set that is read.
        roles
            The roles of which one is needed, for the message.
        """
        if any(found):
            return
        if self.source is not None:
            what = f"{self.source}: holds no file of the kind {kind!r}, which has"
        else:
            what = f"No file was named for a data set of the kind {kind!r}, which has"
        each = f"a file of {' or '.join(roles)}" + (", or both" if len(roles) == 2 else "")
        raise DataError(
            f"{what} {each}.",
            kind=ErrorKind.MISSING_FILE,
            name=kind,
            choices=roles,
            file=None if self.source is None else str(self.source),
        )
