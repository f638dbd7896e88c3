"""The inverted index of a catalogue, cached in a file between starts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError, MissingError
from engine.runtime.job import Job
from engine.runtime.memory import require_free
from engine.search import memory
from engine.search.lexical.aliases import FILE_NAME, Aliases, read_aliases
from engine.search.lexical.bm25 import BM25Index
from engine.search.lexical.catalogue_fields import OTHER_TITLES, find_fields, role_of
from engine.search.lexical.catalogue_titles import CatalogueTitles
from engine.search.lexical.exact_titles import ExactTitles
from engine.search.lexical.synonyms import Synonyms, read_synonyms
from engine.storage.arrays import read_npz
from engine.storage.atomic import writing

if TYPE_CHECKING:
    from engine.data.items import ItemTable

logger = logging.getLogger(__name__)

#: The version of the file's content. Increase it with every change of what is stored.
_VERSION = 2
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
    remarks
        What is wrong with the files of aliases and of synonyms, in sentences.
    """

    def __init__(self, keywords: BM25Index, titles: ExactTitles, remarks: Sequence[str] = ()) -> None:
        self.keywords = keywords
        self.titles = titles
        self.remarks = tuple(remarks)

    @classmethod
    def of(
        cls,
        items: ItemTable,
        item_popularity: npt.NDArray[np.float64],
        cache: CacheFile | None = None,
        job: Job | None = None,
        synonyms_file: Path | None = None,
    ) -> InvertedIndex:
        """Read the index of a catalogue from its cache file, or build it and write the file.

        Parameters
        ----------
        items
            The catalogue.
        item_popularity
            The popularity of each item, from 0 to 1, shape (num_items,).
        cache
            The cache file; None for no file. A file that cannot be read or written is no error. Further titles of items
            are read from ``aliases.csv`` beside it.
        job
            Checked at intervals for cancellation.
        synonyms_file
            The file with words that mean the same; None for no file. A wrong file is said in ``remarks``.

        Raises
        ------
        RecsysError
            If building the index needs more memory than is free.
        """
        aliases, remarks = (Aliases(), []) if cache is None else _aliases(cache, items)
        synonyms = Synonyms()
        if synonyms_file is not None:
            try:
                synonyms = read_synonyms(synonyms_file)
            except DataError as error:
                remarks.append(str(error))
        if cache is not None and aliases.of_row:
            cache = CacheFile(cache.path, f"{cache.source} {aliases.fingerprint()}")
        index = None if cache is None else _read(cache, len(items), item_popularity, synonyms)
        if index is None:
            searched = [column for column in items.table.column_names if role_of(column) is not None]
            require_free(memory.keyword_index(items, searched), f"Indexing the words of {len(items):,} items")
            fields = find_fields(items)
            titles = CatalogueTitles.of(
                items, [field.texts for field in fields if field.role is OTHER_TITLES], aliases.of_row
            )
            years = items.table.column("year").to_pylist()
            keywords = BM25Index(
                titles.titles,
                titles.texts,
                job,
                other_titles=titles.for_words(),
                fields=[field for field in fields if field.role is not OTHER_TITLES],
                acronyms=lambda vocabulary: titles.acronyms(years, item_popularity, vocabulary),
                item_popularity=item_popularity,
                synonyms=synonyms,
            )
            index = cls(keywords, ExactTitles(titles.titles, titles.for_lookup()))
            if cache is not None:
                _write(cache, index)
        index.remarks = tuple(remarks)
        return index


def _aliases(cache: CacheFile, items: ItemTable) -> tuple[Aliases, list[str]]:
    path = cache.path.with_name(FILE_NAME)
    if not path.exists():
        return Aliases(), []
    try:
        aliases = read_aliases(path, items.id_map.ids.tolist(), items.titles())
    except DataError as error:
        return Aliases(), [str(error)]
    if not aliases.unmatched:
        return aliases, []
    some = f"{aliases.unmatched:,} lines are" if aliases.unmatched > 1 else "one line is"
    return aliases, [f"{FILE_NAME}: {some} about no item of this data set, the first about {aliases.example[:60]!r}."]


def _read(
    cache: CacheFile, num_items: int, item_popularity: npt.NDArray[np.float64], synonyms: Synonyms
) -> InvertedIndex | None:
    try:
        state = read_npz(cache.path)
        if not np.array_equal(state.get(_KEY, ()), _key(cache)):
            return None  # it is of an earlier version of the catalogue or of the program
        return InvertedIndex(
            BM25Index.restore(state, num_items, item_popularity, synonyms), ExactTitles.restore(state, num_items)
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
