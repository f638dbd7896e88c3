"""What search by words needs of a catalogue, kept in a file so that the next start need not make it again."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError
from engine.runtime.job import Job
from engine.search.lexical.bm25 import BM25Index
from engine.search.lexical.exact_titles import ExactTitles
from engine.storage.atomic import writing

if TYPE_CHECKING:
    from engine.data.items import ItemTable

#: To be changed with whatever changes what is in the file.
_VERSION = 1
_KEY = "key"


@dataclass(frozen=True, slots=True)
class CacheFile:
    """Where an index of words is kept.

    Attributes
    ----------
    path
        The file; it need not exist.
    source
        What the catalogue is known by: another one has another text here.
    """

    path: Path
    source: str


class InvertedIndex:
    """Words and titles of a catalogue.

    Parameters
    ----------
    keywords, titles
        The parts.
    """

    def __init__(self, keywords: BM25Index, titles: ExactTitles) -> None:
        self.keywords = keywords
        self.titles = titles

    @classmethod
    def of(
        cls,
        items: ItemTable,
        item_popularity: npt.NDArray[np.float64],
        kept: CacheFile | None = None,
        job: Job | None = None,
    ) -> InvertedIndex:
        """The index of a catalogue: from its file if there is one, else made now and kept.

        Parameters
        ----------
        items
            The catalogue.
        item_popularity
            From 0 to 1, how well known each item is.
        kept
            Where the index is kept, None for nowhere. That it cannot be read or written is no error.
        job
            Asked from time to time whether to stop.
        """
        index = None if kept is None else _read(kept, len(items), item_popularity)
        if index is None:
            others = None
            if "original_title" in items.table.column_names:
                others = items.table.column("original_title").cast("string").to_pylist()
            titles = items.titles()
            keywords = BM25Index(titles, items.texts(), job, other_titles=others, item_popularity=item_popularity)
            index = cls(keywords, ExactTitles(titles, others))
            if kept is not None:
                _write(kept, index)
        return index


def _read(kept: CacheFile, num_items: int, item_popularity: npt.NDArray[np.float64]) -> InvertedIndex | None:
    try:
        with np.load(kept.path, allow_pickle=False) as file:
            if not np.array_equal(file[_KEY], _key(kept)):
                return None
            state = {name: file[name] for name in file.files}
        return InvertedIndex(BM25Index.restore(state, num_items, item_popularity), ExactTitles.restore(state))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # a convenience only


def _write(kept: CacheFile, index: InvertedIndex) -> None:
    if not kept.path.parent.is_dir():
        return  # the data set was removed meanwhile
    state: dict[str, Any] = {_KEY: _key(kept), **index.keywords.state(), **index.titles.state()}
    with suppress(DataError), writing(kept.path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **state)


def _key(kept: CacheFile) -> npt.NDArray[np.uint8]:
    return np.frombuffer(f"{_VERSION} {kept.source}".encode(), dtype=np.uint8)
