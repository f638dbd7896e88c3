"""The inverted index of a catalogue, cached in a file between starts."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError, MissingError
from engine.runtime.job import Job
from engine.search.lexical.bm25 import BM25Index
from engine.search.lexical.exact_titles import ExactTitles
from engine.storage.arrays import read_npz
from engine.storage.atomic import writing

if TYPE_CHECKING:
    from engine.data.items import ItemTable

logger = logging.getLogger(__name__)

#: The version of the file's content. Increase it with every change of what is stored.
_VERSION = 1
_KEY = "key"


@dataclass(frozen=True, slots=True)
class CacheFile:
    """The file in which an index is cached.

    Attributes
    ----------
    path
        The path of the file, which need not exist.
    source
        A text that identifies the catalogue and its content. A file written for another source is ignored.
    """

    path: Path
    source: str


class InvertedIndex:
    """The keyword index and the title index of a catalogue.

    Parameters
    ----------
    keywords
        The BM25 index over titles and texts.
    titles
        The lookup of whole titles.
    """

    def __init__(self, keywords: BM25Index, titles: ExactTitles) -> None:
        self.keywords = keywords
        self.titles = titles

    @classmethod
    def of(
        cls,
        items: ItemTable,
        item_popularity: npt.NDArray[np.float64],
        cache: CacheFile | None = None,
        job: Job | None = None,
    ) -> InvertedIndex:
        """Read the index of a catalogue from its cache file, or build it and write the file.

        Parameters
        ----------
        items
            The catalogue.
        item_popularity
            The popularity of each item, from 0 to 1, shape (num_items,).
        cache
            The cache file; None for no file. A file that cannot be read or written is no error.
        job
            Checked at intervals for cancellation.
        """
        index = None if cache is None else _read(cache, len(items), item_popularity)
        if index is None:
            others = None
            if "original_title" in items.table.column_names:
                others = items.table.column("original_title").cast("string").to_pylist()
            titles = items.titles()
            keywords = BM25Index(titles, items.texts(), job, other_titles=others, item_popularity=item_popularity)
            index = cls(keywords, ExactTitles(titles, others))
            if cache is not None:
                _write(cache, index)
        return index


def _read(cache: CacheFile, num_items: int, item_popularity: npt.NDArray[np.float64]) -> InvertedIndex | None:
    try:
        state = read_npz(cache.path)
        if not np.array_equal(state.get(_KEY, ()), _key(cache)):
            return None  # it is of an earlier version of the catalogue or of the program
        return InvertedIndex(
            BM25Index.restore(state, num_items, item_popularity), ExactTitles.restore(state, num_items)
        )
    except MissingError:
        return None
    except (DataError, ValueError, KeyError, TypeError, OverflowError) as error:
        logger.warning("The keyword index is built again, since its cache cannot be used: %s", error)
        return None


def _write(cache: CacheFile, index: InvertedIndex) -> None:
    if not cache.path.parent.is_dir():
        return  # the data set was removed meanwhile
    state: dict[str, Any] = {_KEY: _key(cache), **index.keywords.state(), **index.titles.state()}
    with suppress(DataError), writing(cache.path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **state)


def _key(cache: CacheFile) -> npt.NDArray[np.uint8]:
    return np.frombuffer(f"{_VERSION} {cache.source}".encode(), dtype=np.uint8)
