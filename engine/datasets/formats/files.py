"""The files that a person named for one data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.datasets.formats.sources import Source, choose, collect, open_source
from engine.errors import DataError

#: Role -> name of the column that has it, or names for a role that takes several.
ColumnMapping = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Files:
    """What ``read`` was called with.

    Attributes
    ----------
    items, ratings, links
        One file each.
    source
        A folder or an archive with all of them.
    mapping
        For the ``table`` reader: role -> column.
    """

    items: Path | None = None
    ratings: Path | None = None
    links: Path | None = None
    source: Path | None = None
    mapping: ColumnMapping = field(default_factory=dict)

    def find(self, role: str, wanted: Sequence[str]) -> Source | None:
        """The file for a role: the one named for it, else the one of the folder or archive that fits.

        Parameters
        ----------
        role
            ``"items"``, ``"ratings"`` or ``"links"``.
        wanted
            Patterns of names in lower case, best first.
        """
        path: Path | None = getattr(self, role)
        if path is not None:
            return open_source(path, wanted)
        return None if self.source is None else choose(collect(self.source), wanted)

    def demand_one(self, found: Sequence[Source | None], kind: str, hint: str) -> None:
        """See to it that there is at least one file.

        Raises
        ------
        DataError
            If not; it says what the reader would take.
        """
        if any(found):
            return
        where = (
            f"{self.source}: holds no file of the kind {kind!r}" if self.source else f"No file was named for {kind!r}"
        )
        raise DataError(f"{where}: give {hint}.")
