"""Writing ranked lists: chosen, computed in blocks or found from an interrupted export, and written as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import LearningError
from engine.models.numpy_model import NumpyModel
from engine.runtime.executor import LOCAL
from engine.runtime.job import Job
from engine.session.exports.exported import Exported
from engine.session.exports.lists import ListBlocks, ListColumns, schema_of, to_tables
from engine.session.exports.target import Target
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset
from engine.storage.partial_result import PartialResult
from engine.storage.table_files import write_tables
from engine.version import __version__

if TYPE_CHECKING:
    from engine.models.list_ranker import ListRanker
    from engine.models.ranked_lists import Ids
    from engine.recommender import Recommender

#: Up to so many scores, lists are computed one after the other sooner than torch is imported.
_FEW_SCORES = 4_000_000


@dataclass(frozen=True, slots=True)
class ListRequest:
    """Which lists are to be written.

    Attributes
    ----------
    columns
        The columns of the table.
    ids
        The internal ids of the users or items whose lists they are.
    k
        The length of the lists.
    named
        Whether the user has named the model.
    choose
        Gives the name of the model that answers, or raises the error that says why none can.
    ranker
        Gives what ranks the lists.
    plan
        What else determines the content of the lists.
    """

    columns: ListColumns
    ids: Ids
    k: int
    named: bool
    choose: Callable[[], str]
    ranker: Callable[[Recommender], ListRanker]
    plan: Mapping[str, Any]


def export_lists(opened: OpenDataset, models: ModelService, target: Target, request: ListRequest, job: Job) -> Exported:
    """Write ranked lists to a file.

    Parameters
    ----------
    opened, models
        The data set, and its models.
    target
        The file, which no other export writes meanwhile.
    request
        Which lists are to be written.
    job
        Receives the progress and may cancel; what was computed is then kept.

    Raises
    ------
    RecsysError
        If no model can answer, or the file cannot be written.
    """
    dataset, columns = opened.dataset, request.columns
    request.choose()  # that no model can answer is said without waiting for the device
    with opened.queue.background(job) as turn:
        few = len(request.ids) * (dataset.num_items + 1) <= _FEW_SCORES
        few = few and opened.on == LOCAL and not columns.of_items  # what items have in common is compared by torch
        name, recommender, checksum = models.identified(request.choose, brief=few)
        blocks = ListBlocks(
            request.ids,
            request.k,
            recommender.batch_size(request.k),
            request.ranker(recommender),
            opened.executor(turn),
        )
        if opened.on == LOCAL and _device_of(recommender) == "cpu":
            blocks.use_threads()
        plan = {**request.plan, **blocks.plan(), **_identity(opened, name, checksum, recommender)}
        kept = PartialResult(target.path, {"of": columns.stage, **plan})
        discarded = kept.exists and not kept.matches()
        with _of_dataset(opened):
            blocks.compute(columns, kept, turn)
            tables = (
                table
                for ids, lists in blocks.read(columns, kept, turn)
                for table in to_tables(dataset, columns, ids, lists)
            )
            rows = write_tables(target.path, schema_of(dataset, columns), tables, prepare_cell=target.prepare_cell)
    kept.clear_quietly()
    return Exported(
        (str(target.path),),
        rows,
        name,
        lists=len(request.ids),
        empty=blocks.empty,
        continued=blocks.continued,
        discarded=discarded,
        note=models.note_on(name, recommender, named=request.named),
    )


@contextmanager
def _of_dataset(opened: OpenDataset) -> Iterator[None]:
    """Say of which data set a model is that gives no numbers."""
    try:
        yield
    except LearningError as error:
        error.dataset = opened.name
        raise


def _identity(opened: OpenDataset, name: str, checksum: str, recommender: Recommender) -> dict[str, Any]:
    """What the numbers of a model depend on: lists of two models, or of two states of the data, are never mixed."""
    tables = opened.manifest.files
    return {
        "program": __version__,
        "data": {table: tables[table]["sha256"] for table in sorted(tables)},
        "model": name,
        "checksum": checksum,
        "device": _device_of(recommender) if opened.on == LOCAL else "cpu",
    }


def _device_of(recommender: Recommender) -> str:
    """Where a model computes; ``"numpy"`` for one that answers without torch, whose scores differ by rounding."""
    model: Any = recommender.model
    return "numpy" if isinstance(model, NumpyModel) else str(model.device)
