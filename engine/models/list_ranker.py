"""What ranks the lists of many users or items, apart from the data set, so that it can be sent to other machines."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from engine.data.user_index import SortedItems
from engine.models.numpy_model import NumpyModel
from engine.models.ranked_lists import Ids, RankedLists
from engine.models.registry import load
from engine.runtime.job import Job, Progress

if TYPE_CHECKING:
    from engine.data.user_index import UserIndex
    from engine.models.contract import Model
    from engine.ranking import Scores

#: What a list holds: what a user would like, what comes next for the user, or what is like an item.
Method = Literal["recommend", "next", "similar"]


@dataclass(frozen=True, slots=True)
class ListRanker:
    """A model, and what else the lists of one kind depend on.

    Attributes
    ----------
    method
        The kind.
    model
        A fitted model.
    k
        The length of the lists.
    history
        The interactions of the users; None for lists of items.
    filter_seen
        Whether to leave out the items that a user has interacted with.
    margin, rating_range
        See :func:`engine.models.batch_ranking.rank_for_users`.
    """

    method: Method
    model: Model
    k: int
    history: UserIndex | None = None
    filter_seen: bool = False
    margin: Scores | None = None
    rating_range: tuple[float, float] | None = None

    def rank(self, ids: Ids) -> RankedLists:
        """The lists of some users or items, by their internal ids.

        Raises
        ------
        LearningError
            If the model gives no numbers.
        """
        if self.method == "similar":
            from engine.models.batch_ranking import rank_similar

            return rank_similar(self.model, ids, self.k)
        if self.history is None:
            raise ValueError(f"lists of the kind {self.method!r} need the history of the users")
        ranking: Any  # two modules with the same functions
        model: object = self.model
        if isinstance(model, NumpyModel):
            from engine.models import numpy_ranking as ranking
        else:
            from engine.models import batch_ranking as ranking
        lists: RankedLists
        if self.method == "next":
            lists = ranking.rank_next(self.model, ids, self.k, history=self.history, filter_seen=self.filter_seen)
        else:
            seen = self.history if self.filter_seen else None
            limits = {"margin": self.margin, "rating_range": self.rating_range}
            lists = ranking.rank_for_users(self.model, ids, self.k, seen=seen, **limits)
        return lists

    def __reduce__(self) -> tuple[Any, ...]:
        """Send the model as the files in which it is stored, which run no code when they are read."""
        history = None if self.history is None else SortedItems.of(self.history)
        others = self.k, history, self.filter_seen, self.margin, self.rating_range
        return _unpacked, (*_packed(self.model), self.method, *others)


def rank_block(job: Job, ranker: ListRanker, batch: int, ids: Ids) -> RankedLists:
    """The lists of a block of users or items, of which ``batch`` are computed at a time; work for an executor.

    Raises
    ------
    CancelledError
        If the job was cancelled.
    LearningError
        If the model gives no numbers.
    """
    parts = []
    for start in range(0, len(ids), batch):
        job.checkpoint()
        parts.append(ranker.rank(ids[start : start + batch]))
        job.report(Progress("ranking", min(start + batch, len(ids)), len(ids), "lists"))
    if not parts:
        return RankedLists(np.zeros((0, ranker.k), np.int32), np.zeros((0, ranker.k), np.float32))
    values = [one.values for one in parts if one.values is not None]
    return RankedLists(
        np.concatenate([one.items for one in parts]),
        np.concatenate([one.scores for one in parts]),
        np.concatenate(values) if values else None,
    )


# -- other processes ------------------------------------------------------------------------------------------------
_Files = dict[str, npt.NDArray[np.uint8]]


def _packed(model: Model) -> tuple[str, _Files]:
    """The files in which a model is stored, and their checksum."""
    with TemporaryDirectory(prefix="recsys-tui-") as folder:
        model.save(folder)
        files = {path.name: np.fromfile(path, np.uint8) for path in sorted(Path(folder).iterdir()) if path.is_file()}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(name.encode() + b"\0" + content.tobytes())
    return digest.hexdigest(), files


#: The model that this process was sent last, and its checksum.
_last: tuple[str, Model] | None = None


def _unpacked(checksum: str, files: _Files, *rest: Any) -> ListRanker:
    """A ranker that was sent: its model is loaded like any stored one, once for all blocks."""
    global _last
    if _last is None or _last[0] != checksum:
        with TemporaryDirectory(prefix="recsys-tui-") as folder:
            for name, content in files.items():
                content.tofile(Path(folder) / Path(name).name)
            _last = checksum, load(folder, device="cpu")
    method, *others = rest
    return ListRanker(method, _last[1], *others)
