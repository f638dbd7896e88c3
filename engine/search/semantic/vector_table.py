"""Vectors in a store outside this process, which gives candidates for the nearest neighbours of a query.

A table holds the rows of a :class:`engine.search.semantic.vector_store.VectorStore`, under the same numbers. Rows are
only appended, there and here, so a push goes on where the last one ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.errors import DataError, ErrorKind
from engine.ranking import top_k
from engine.runtime.job import Job, Progress
from engine.search.semantic.vector_index import ExactIndex, Rows, Scores

Hashes = npt.NDArray[np.uint64]

#: The number of rows that are pushed, and compared, at a time.
BATCH = 8192
#: Up to this number of allowed rows are compared here, exactly.
_FEW = 4096
#: How many more rows are asked for than are expected to be enough.
_SPARE = 1.5
#: Where more than one in this many rows would have to be asked for, all are compared here.
_MOST_ASKED_DIVISOR = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are pushed together.

    Attributes
    ----------
    first
        The number of the first row; the others follow.
    hashes
        The hash of each text.
    item_ids, titles
        The external id, as text, and the title of an item that has the text; None for a text that no item has.
    vectors
        The vectors, of unit length, float32, ``(len(hashes), dim)``.
    """

    first: int
    hashes: Hashes
    item_ids: Sequence[str | None]
    titles: Sequence[str | None]
    vectors: npt.NDArray[np.float32]


class VectorTable(Protocol):
    """Vectors in a store outside this process. Errors of the store are raised as DataError."""

    def count(self) -> int:
        """The number of rows; 0 if there is no table yet."""
        ...

    def hashes(self, start: int, stop: int) -> Hashes:
        """The hashes of some rows, in their order; fewer if there are fewer."""
        ...

    def append(self, batch: Batch) -> None:
        """Add rows, all or none of them. The first call makes the table."""
        ...

    def finish(self) -> None:
        """Make the store's own index, where it helps and there is none of all rows. Called when all rows are there."""
        ...

    def nearest(self, query: npt.NDArray[np.float32], count: int) -> Rows:
        """The rows that are nearest to a vector of unit length, the nearest first; some may be missed."""
        ...


def push(
    table: VectorTable,
    hashes: Hashes,
    vectors: npt.NDArray[np.float32],
    item_ids: Sequence[str | None],
    titles: Sequence[str | None],
    job: Job | None = None,
) -> int:
    """Add what a table lacks, and compare its hashes with those that it should have.

    Parameters
    ----------
    table
        The table.
    hashes, vectors, item_ids, titles
        All rows; see :class:`Batch`.
    job
        Receives the progress and may cancel. What was pushed until then stays, and the next push goes on after it.

    Returns
    -------
    int
        The number of rows that were added.

    Raises
    ------
    DataError
        If the table holds other rows than these, or the store fails.
    """
    job, total = job or Job(), len(hashes)
    found = table.count()
    if found > total:
        raise _different(f"it has {found:,} rows, where there are {total:,}")
    require_same(table, hashes[:found], job)
    for start in range(found, total, BATCH):
        job.checkpoint()
        job.report(Progress("pushing vectors", start, total, "rows"))
        part = slice(start, start + BATCH)
        table.append(Batch(start, hashes[part], item_ids[part], titles[part], np.ascontiguousarray(vectors[part])))
    require_same(table, hashes, job, start=found)
    job.report(Progress("indexing vectors"))
    job.checkpoint()
    if total:
        table.finish()  # also where nothing was added: the last push may have been cut off before it
    return total - found


def require_same(table: VectorTable, hashes: Hashes, job: Job | None = None, *, start: int = 0) -> None:
    """Compare the hashes of a table from a row on.

    Raises
    ------
    DataError
        If it has other rows, or fewer.
    """
    for first in range(start, len(hashes), BATCH):
        if job is not None:
            job.checkpoint()
        wanted = hashes[first : first + BATCH]
        if not np.array_equal(table.hashes(first, first + len(wanted)), wanted):
            raise _different(f"its rows from {first:,} on are of other texts")


def require_filled(table: VectorTable, hashes: Hashes) -> None:
    """Check that a table has all rows, by their number and by the hashes of the first and the last ones.

    Raises
    ------
    DataError
        If it has fewer, or others.
    """
    found, total = table.count(), len(hashes)
    if found < total:
        raise DataError(
            f"The index has {found:,} of the {total:,} vectors of this data set: the others must be pushed to it.",
            kind=ErrorKind.INDEX_BEHIND,
        )
    last = max(0, total - BATCH)
    for start in {0, last}:
        if not np.array_equal(table.hashes(start, start + BATCH), hashes[start : start + BATCH]):
            raise _different(f"its rows from {start:,} on are of other texts")


def _different(why: str) -> DataError:
    return DataError(
        f"The index does not hold the embeddings of this data set ({why}): it must be removed there and filled anew.",
        kind=ErrorKind.OTHER_INDEX,
    )


class TableIndex(ExactIndex):
    """An index whose candidates come from a table.

    All returned scores are exact cosines, and a filter is never taken lightly: if ``k`` items are allowed, ``k`` are
    returned, and where few are, all of these are compared here. Of the stored vectors only those that are compared are
    read.

    Parameters
    ----------
    vectors, rows
        The same as for :class:`engine.search.semantic.vector_index.ExactIndex`; the vectors are memory-mapped.
    table
        The table of these vectors.
    """

    def __init__(self, vectors: npt.NDArray[Any], rows: Rows | None, table: VectorTable) -> None:
        super().__init__(vectors, rows)
        self._table = table

    def search(
        self, queries: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Rows, Scores]:
        """The ``k`` nearest items to each query; see :class:`engine.search.semantic.vector_index.ExactIndex`."""
        searched = self._has_vector if allowed is None else self._has_vector & allowed
        k = min(k, int(np.count_nonzero(searched)))
        items, scores = np.zeros((len(queries), k), dtype=np.int64), np.zeros((len(queries), k), dtype=np.float32)
        usable = np.zeros(len(self._vectors), dtype=bool)
        usable[self._rows[searched]] = True
        for number, query in enumerate(queries if k else ()):
            candidates = self._candidates(query, k, usable)
            if candidates is None:
                items[number], scores[number] = (one[0] for one in super().search(query[None], k, allowed))
                continue
            # An item may share its vector with others, so items are taken, not rows.
            found = np.flatnonzero(searched & np.isin(self._rows, candidates))
            cosines = self.cosines(query, found)
            best = top_k(cosines, k)
            items[number], scores[number] = found[best], cosines[best]
        return items, scores

    def _candidates(self, query: Scores, k: int, usable: npt.NDArray[np.bool_]) -> Rows | None:
        """Usable rows among which the nearest are; None if it is quicker to compare all of them."""
        num_usable = int(np.count_nonzero(usable))
        if num_usable <= max(_FEW, k):
            return np.flatnonzero(usable)
        count = int(_SPARE * k * len(usable) / num_usable) + k
        while count <= max(len(usable) // _MOST_ASKED_DIVISOR, _FEW):
            rows = self._table.nearest(query, count)
            rows = rows[(rows >= 0) & (rows < len(usable))]
            rows = np.unique(rows[usable[rows]])  # two pushes at once may have added a row twice
            if len(rows) >= k:
                return rows
            count *= 2
        return None
