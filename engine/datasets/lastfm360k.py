"""Last.fm 360K: how often users played artists, in a table without a header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import read_log
from engine.datasets.build.items import Catalogue
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.ids import to_ids
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import RowBatch
from engine.datasets.formats.sources import Source, collect
from engine.datasets.reader import Certainty, Evidence, Reader

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.runtime.job import Job

_NAMES = ("usersha1-artmbid-artname-plays.tsv", "*artmbid-artname-plays*")
_COLUMNS = ("user", "artist id", "artist", "plays")
_FIRST_LINE = re.compile(r"[0-9a-f]{40}\t(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?\t[^\t]*\t\s*\d+\s*")
#: The column that is added: what an artist is known by.
_ITEM = "item"


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read who played which artist, with the plays as weights. There are no ratings and no times.

    An artist is known by the MusicBrainz id, and where a row has none, by the name.

    Raises
    ------
    DataError
        If the file is missing or not what it should be.
    """
    source = files.find("ratings", _NAMES)
    files.require_any((source,), "lastfm-360k", ("ratings",))
    assert source is not None
    rows = _Plays(source)
    log = read_log(rows, {"user": "user", "item": _ITEM, "weight": "plays"}, job)
    if rows.without_id:
        log.report.remarks.append(f"{rows.without_id:,} rows have no id of the artist, whose name is the id then.")
    notes = []
    if files.source is not None:
        others = [one.base for one in collect(files.source) if one != source]
        notes = [f"Files that were not read: {', '.join(others[:8])}."] if others else []
    catalogue = rows.catalogue()
    return assemble(
        name, "lastfm-360k", "Last.fm 360K", catalogue=catalogue, log=log, reports=[log.report], notes=notes, job=job
    )


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_NAMES)
    return Certainty.certain_if(
        source is not None and _FIRST_LINE.fullmatch(evidence.glimpse(source).first_line) is not None
    )


READER = Reader("lastfm-360k", "Last.fm 360K: usersha1-artmbid-artname-plays.tsv", read, _recognises)


class _Plays:
    """The rows of the file with a column of what the artist is known by; the names are collected while it is read."""

    has_header = False
    remarks: Sequence[str] = ()

    def __init__(self, source: Source) -> None:
        self._rows = Delimited(source, delimiter="\t", quote=None, columns=_COLUMNS)
        self._names: dict[str, str] = {}
        self.name = source.name
        self.columns = [*_COLUMNS, _ITEM]
        self.without_id = 0

    def blocks(self, wanted: Sequence[str], report: ReadReport) -> Iterator[RowBatch]:
        """Read the columns; see :meth:`engine.datasets.formats.rows.Rows.blocks`."""
        import pyarrow.compute as pc

        for block in self._rows.blocks(_COLUMNS, report):
            ids, names = (pc.utf8_trim_whitespace(block.columns[one]) for one in ("artist id", "artist"))
            has_id = pc.fill_null(pc.not_equal(ids, ""), False)
            self.without_id += len(block) - (pc.sum(has_id).as_py() or 0)
            items = pc.if_else(has_id, ids, names)
            self._collect(items, names)
            yield RowBatch({**block.columns, _ITEM: items}, block.rows)

    def catalogue(self) -> Catalogue:
        """The artists by what they are known by."""
        import pyarrow as pa

        ids, names = (
            pa.array(list(self._names), pa.string()),
            pa.chunked_array([list(self._names.values())], pa.string()),
        )
        standard = {
            "title": names,
            "year": pa.nulls(len(ids), pa.int32()),
            "genres": columns.no_genres(len(ids)),
            "text": names,
        }
        return Catalogue(to_ids(ids), columns.table_of(standard))

    def _collect(self, items: pa.Array, names: pa.Array) -> None:
        import numpy as np
        import pyarrow as pa

        coded = items.dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy()
        different, first = np.unique(codes, return_index=True)
        known = coded.dictionary.take(pa.array(different[different >= 0])).to_pylist()
        for item, title in zip(known, names.take(pa.array(first[different >= 0])).to_pylist(), strict=True):
            if item:
                self._names.setdefault(item, title or item)
