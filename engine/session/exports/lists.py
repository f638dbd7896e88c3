"""Ranked lists of many users or items: computed in blocks, which an interrupted export finds again, as tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.runtime.job import ForwardingJob, Job, Progress

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.dataset import Dataset
    from engine.models.list_ranker import ListRanker
    from engine.models.ranked_lists import Ids, RankedLists
    from engine.runtime.executor import Executor
    from engine.storage.partial_result import PartialResult

#: The number of lists in a block, of which as many entries as this are kept in memory at most.
BLOCK_LISTS, BLOCK_ENTRIES = 2048, 4_194_304
#: The largest number of rows of a table that is written at a time.
_ROWS = 131_072


@dataclass(frozen=True, slots=True)
class ListColumns:
    """The names of the columns of a table of ranked lists.

    Attributes
    ----------
    stage, unit
        What is done meanwhile, and whose lists they are, as progress is reported.
    of_items
        Whether the lists are those of items; else they are those of users.
    owner
        The columns of whom a list belongs to: the id and, for an item, the title.
    item
        The columns of the item in the list: the id and the title.
    value
        The column of the predicted ratings or the probabilities; None for lists that have neither.
    """

    stage: str
    unit: str
    of_items: bool
    owner: tuple[str, ...]
    item: tuple[str, str]
    value: str | None


RECOMMENDATIONS = ListColumns("recommending", "users", False, ("user",), ("item_id", "title"), "predicted_rating")
NEXT = ListColumns("predicting next items", "users", False, ("user",), ("item_id", "title"), "probability")
NEIGHBOURS = ListColumns(
    "comparing items", "items", True, ("item_id", "title"), ("neighbour_id", "neighbour_title"), None
)


class ListBlocks:
    """The ranked lists of many users or items, a block at a time.

    Parameters
    ----------
    ids
        The internal ids of the users or items.
    k
        The length of the lists.
    batch
        The number of lists that are computed at a time. A block consists of whole batches, so that a computation that
        was interrupted gives the same numbers as one that was not.
    ranker
        Ranks the lists.
    executor
        What computes the blocks.

    Attributes
    ----------
    continued
        The number of lists that were taken over from an interrupted export.
    empty
        The number of lists without an item, among those that :meth:`read` has given.
    """

    def __init__(self, ids: Ids, k: int, batch: int, ranker: ListRanker, executor: Executor) -> None:
        self._ids, self._k, self._ranker, self._executor = ids, k, ranker, executor
        self._batch = max(1, min(batch, BLOCK_LISTS, BLOCK_ENTRIES // k))
        self._size = self._batch * max(1, min(BLOCK_LISTS, BLOCK_ENTRIES // k) // self._batch)
        self._only: RankedLists | None = None
        self.continued = self.empty = 0

    def __len__(self) -> int:
        return -(-len(self._ids) // self._size)

    def use_threads(self) -> None:
        """Compute several blocks at the same time, each with one core, if there are several."""
        if len(self) > 1:
            from engine.runtime.thread_executor import ThreadExecutor

            self._executor = ThreadExecutor()

    def plan(self) -> dict[str, Any]:
        """What of these lists determines their content, beside the model."""
        digest = hashlib.sha256(self._ids.astype("<i8").tobytes()).hexdigest()
        return {"ids": digest, "lists": len(self._ids), "k": self._k, "batch": self._batch, "block": self._size}

    def compute(self, columns: ListColumns, kept: PartialResult, job: Job) -> None:
        """Compute the lists. A single block is kept in memory, several beside the file that they are for.

        Raises
        ------
        CancelledError
            If the job was cancelled; the finished blocks stay.
        LearningError
            If the model gives no numbers.
        DataError
            If a block cannot be kept.
        """
        if len(self) <= 1:
            self._only = self._compute_one(0, columns, job)
            return
        kept.begin()
        missing = [number for number in range(len(self)) if self._read(number, kept) is None]
        self.continued = len(self._ids) - sum(len(self._part(number)) for number in missing)
        if self.continued:
            job.report(Progress(f"going on after {self.continued:,} of {len(self._ids):,} {columns.unit}"))
        for number, block in self._compute(missing, columns, job):
            arrays = {"items": block.items, "scores": block.scores}
            kept.write(number, arrays if block.values is None else {**arrays, "values": block.values})

    def read(self, columns: ListColumns, kept: PartialResult, job: Job) -> Iterator[tuple[Ids, RankedLists]]:
        """The ids and the lists, a block at a time, in their order; a block that was spoilt is computed again."""
        for number in range(len(self)):
            job.checkpoint()
            block = self._only or self._read(number, kept) or self._compute_one(number, columns, job)
            self.empty += int((block.items[:, 0] == 0).sum())
            yield self._part(number), block

    def _part(self, number: int) -> Ids:
        return self._ids[number * self._size : (number + 1) * self._size]

    def _compute(self, numbers: Sequence[int], columns: ListColumns, job: Job) -> Iterator[tuple[int, RankedLists]]:
        """Compute some blocks, and give each with its number as it is done."""
        from engine.models.list_ranker import rank_block

        done = len(self._ids) - sum(len(self._part(number)) for number in numbers)
        counting = _Counting(job, columns, done, len(self._ids))
        shared = self._executor.share(self._ranker), self._batch
        for place, lists in self._executor.run(rank_block, shared, ((self._part(one),) for one in numbers), counting):
            counting.finish(len(lists.items))
            yield numbers[place], lists

    def _compute_one(self, number: int, columns: ListColumns, job: Job) -> RankedLists:
        return next(lists for _, lists in self._compute([number], columns, job))

    def _read(self, number: int, kept: PartialResult) -> RankedLists | None:
        from engine.models.ranked_lists import RankedLists

        arrays = kept.read(number)
        shape = len(self._part(number)), self._k
        kinds = {"items": np.int32, "scores": np.float32, "values": np.float32}
        if arrays is None or not {"items", "scores"} <= arrays.keys() <= kinds.keys():
            return None
        if any(array.shape != shape or array.dtype != kinds[name] for name, array in arrays.items()):
            return None
        return RankedLists(arrays["items"], arrays["scores"], arrays.get("values"))


class _Counting(ForwardingJob):
    """A job that counts the lists of all blocks, where the work on a block counts its own."""

    def __init__(self, job: Job, columns: ListColumns, done: int, total: int) -> None:
        super().__init__(job)
        self._columns, self._done, self._total = columns, done, total

    def finish(self, lists: int) -> None:
        """Count the lists of a finished block."""
        self._done += lists
        self.report(Progress(""))

    def report(self, progress: Progress) -> None:
        super().report(Progress(self._columns.stage, self._done + progress.done, self._total, self._columns.unit))


def schema_of(dataset: Dataset, columns: ListColumns) -> pa.Schema:
    """The columns of a table of ranked lists, with the ids in the type that they have in the data set."""
    import pyarrow as pa

    kinds = {name: pa.int64() if ids.numeric else pa.string() for name, ids in _id_maps(dataset, columns).items()}
    titles = dict.fromkeys((columns.item[1], *columns.owner[1:]), pa.string())
    numbers: dict[str, Any] = {"rank": pa.int32(), "score": pa.float32()}
    if columns.value is not None:
        numbers[columns.value] = pa.float32()
    types = kinds | titles | numbers
    names = [*columns.owner, "rank", *columns.item, "score", *([columns.value] if columns.value else [])]
    return pa.schema([(name, types[name]) for name in names])


def to_tables(dataset: Dataset, columns: ListColumns, ids: Ids, lists: RankedLists) -> Iterator[pa.Table]:
    """Ranked lists as tables with one row for each item of a list, some lists at a time."""
    step = max(1, _ROWS // max(1, lists.items.shape[1]))
    for start in range(0, len(ids), step):
        part = slice(start, start + step)
        yield _to_table(dataset, columns, ids[part], lists, part)


def _to_table(dataset: Dataset, columns: ListColumns, ids: Ids, lists: RankedLists, part: slice) -> pa.Table:
    import pyarrow as pa

    items = lists.items[part]
    owners, ranks = np.nonzero(items)
    filled = items[owners, ranks]
    found: dict[str, Any] = {"rank": ranks + 1, "score": lists.scores[part][owners, ranks]}
    if columns.value is not None:
        known = lists.values
        found[columns.value] = pa.nulls(len(filled), pa.float32()) if known is None else known[part][owners, ranks]
    for names, of_items, internal in ((columns.owner, columns.of_items, ids[owners]), (columns.item, True, filled)):
        id_map = dataset.items.id_map if of_items else dataset.users
        found[names[0]] = id_map.ids[internal - id_map.first]
        if of_items:
            found[names[1]] = titles_of(dataset, internal)
    schema = schema_of(dataset, columns)
    return pa.table({field.name: pa.array(found[field.name], field.type) for field in schema}, schema)


def titles_of(dataset: Dataset, internal: npt.NDArray[Any]) -> pa.Array:
    """The titles of items by their internal ids; an empty text for one that has none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    titles = dataset.items.table.column("title").take(pa.array(internal - 1))
    titles = titles.cast(pa.string()).combine_chunks()
    if isinstance(titles, pa.ChunkedArray):
        titles = pa.concat_arrays(titles.chunks) if titles.num_chunks else pa.array([], pa.string())
    return pc.fill_null(titles, "")


def _id_maps(dataset: Dataset, columns: ListColumns) -> Mapping[str, Any]:
    owners = dataset.items.id_map if columns.of_items else dataset.users
    return {columns.owner[0]: owners, columns.item[0]: dataset.items.id_map}
