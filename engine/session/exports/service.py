"""The export service: what the models of a data set answer, for all users or items, as files for other programs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import DataError
from engine.runtime.job import Job
from engine.session.exports.exported import Exported
from engine.session.exports.kinds import EXPORT_KINDS
from engine.session.exports.list_export import ListRequest, export_lists
from engine.session.exports.lists import NEIGHBOURS, NEXT, RECOMMENDATIONS, titles_of
from engine.session.exports.orders import ExportChoice, ExportOrder, Side, export_choices, kind_of, require_order
from engine.session.exports.report_page import PAGE_ENDINGS, report_page
from engine.session.exports.reports import write_reports
from engine.session.exports.target import Target, writing_to
from engine.session.exports.vectors import VECTOR_ENDINGS, VectorTable, write_vectors
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset
from engine.session.profile import ProfileService
from engine.session.runs import RunService
from engine.session.search import SearchService
from engine.storage.atomic import writing
from engine.storage.partial_result import PartialResult
from engine.storage.table_files import TABLE_FORMATS
from engine.workspace.layout import LOCKS

if TYPE_CHECKING:
    from engine.data.id_map import ExternalId
    from engine.data.results import FitReport
    from engine.models.ranked_lists import Ids

_FORMULAS = {"identity": "score", "exp": "exp(score)", "sigmoid": "1 / (1 + exp(-score))"}


class ExportService:
    """Writes the answers of models, their vectors and their reports to files.

    Every file is whole or absent at each moment. What has been computed of many ranked lists is kept beside the file
    until it is written, so that the same call goes on with it after an interruption.

    Parameters
    ----------
    opened
        The data set.
    models
        The models that answer.
    search
        Where the vectors of the items' texts come from.
    """

    def __init__(self, opened: OpenDataset, models: ModelService, search: SearchService) -> None:
        self._opened = opened
        self._models = models
        self._search = search

    @staticmethod
    def kept_after_interruption(path: Path) -> Path | None:
        """The folder of what an interrupted export to a file has computed; None if there is none."""
        kept = PartialResult(path.resolve(), {})
        return kept.folder if kept.exists else None

    # -- any kind -------------------------------------------------------------------------------------------------
    def choices(self) -> list[ExportChoice]:
        """The kinds of exports with the models that can answer; reads no model and imports no torch."""
        return export_choices(self._models)

    def require(self, order: ExportOrder) -> Path | None:
        """Check that an export can begin, which takes no time.

        Returns
        -------
        Path or None
            The folder of what an interrupted export to the same file has computed; None if there is none.

        Raises
        ------
        OptionError, DataError, UnknownError, NotTrainedError, UnsupportedError
            As the method that writes it.
        """
        require_order(self._models, order)
        return self.kept_after_interruption(order.target.path)

    def write(self, order: ExportOrder, job: Job | None = None) -> Exported:
        """Write an export of any kind; the errors are those of the method for its kind."""
        target, model = order.target, order.model
        match kind_of(order).name:
            case "recommendations":
                return self.recommendations(target, order.k, model, job=job)
            case "next":
                return self.next_items(target, order.k, model, job=job)
            case "neighbours":
                return self.neighbours(target, order.k, model, job=job)
            case "embeddings":
                return self.embeddings(target, job=job)
            case "model":
                return self.factors(target, model, order.side, job=job)
            case _:
                return self.reports(target, model, job=job)

    # -- ranked lists ---------------------------------------------------------------------------------------------
    def recommendations(
        self,
        target: Target,
        k: int = 10,
        model: str | None = None,
        *,
        users: Sequence[ExternalId] | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Exported:
        """Write what users would like: a row for each user and rank.

        Parameters
        ----------
        target
            The file, whose name ends in ``.csv``, ``.jsonl`` or ``.parquet``.
        k
            The number of items for each user; a user to whom fewer can be recommended has fewer rows.
        model
            The model that answers; None for the best trained one.
        users
            External ids, in the order of the rows; None for all users.
        filter_seen
            Whether to leave out the items that a user has interacted with.
        job
            Receives the progress and may cancel; what was computed is then kept.

        Raises
        ------
        OptionError
            If the name of the file has another ending.
        DataError
            If the file exists and is not to be replaced, or cannot be written.
        UnknownError
            If there is no such user or model.
        NotTrainedError
            If the model, or any for users, is not trained yet.
        """
        return self._write_lists(
            target,
            k,
            job,
            lambda length: ListRequest(
                RECOMMENDATIONS,
                self._user_ids(users),
                length,
                model is not None,
                lambda: self._models.choose("user", model),
                lambda recommender: recommender.list_ranker("recommend", length, filter_seen),
                {"filter_seen": filter_seen},
            ),
        )

    def next_items(
        self,
        target: Target,
        k: int = 10,
        model: str | None = None,
        *,
        users: Sequence[ExternalId] | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Exported:
        """Write what comes after the history of users, of which a model is given as many items as it declares.

        The parameters and the errors are those of :meth:`recommendations`.
        """
        return self._write_lists(
            target,
            k,
            job,
            lambda length: ListRequest(
                NEXT,
                self._user_ids(users),
                length,
                model is not None,
                lambda: self._models.choose("sequence", model),
                lambda recommender: recommender.list_ranker("next", length, filter_seen),
                {"filter_seen": filter_seen},
            ),
        )

    def neighbours(self, target: Target, k: int = 10, model: str | None = None, *, job: Job | None = None) -> Exported:
        """Write the items that are most like each item that has interactions.

        Without ``model`` the best trained one that compares items answers. The other parameters and the errors are
        those of :meth:`recommendations`.

        Raises
        ------
        UnsupportedError
            If the model does not compare items.
        """
        return self._write_lists(
            target,
            k,
            job,
            lambda length: ListRequest(
                NEIGHBOURS,
                np.arange(1, self._opened.dataset.num_rated_items + 1),
                length,
                model is not None,
                lambda: self._models.choose_for("similar", model),
                lambda recommender: recommender.list_ranker("similar", length),
                {},
            ),
        )

    def _write_lists(self, target: Target, k: int, job: Job | None, request: Callable[[int], ListRequest]) -> Exported:
        with self._writing_to(target, TABLE_FORMATS, job) as (target, job):
            return export_lists(self._opened, self._models, target, request(self._length(k)), job)

    def _length(self, k: int) -> int:
        """The length of the lists, which need no room for more items than there are."""
        return max(1, min(k, self._opened.dataset.num_items))

    def _user_ids(self, users: Sequence[ExternalId] | None) -> Ids:
        dataset = self._opened.dataset
        if users is None:
            return np.arange(dataset.num_users)
        return np.array([dataset.users.encode_one(user) for user in users], dtype=np.int64)

    # -- vectors --------------------------------------------------------------------------------------------------
    def embeddings(self, target: Target, *, job: Job | None = None) -> Exported:
        """Write the vectors of all items' texts; what is not embedded yet is embedded first.

        Parameters
        ----------
        target
            The file: ``.npy`` with the ids in a CSV file beside it, or ``.parquet`` or ``.jsonl`` with both.
        job
            Receives the progress and may cancel.

        Raises
        ------
        OptionError, DataError
            As :meth:`recommendations`.
        RecsysError
            If there is no embedding model.
        """
        with self._writing_to(target, VECTOR_ENDINGS, job) as (target, job):
            state = self._search.embed(job)
            rows, vectors = self._search.stored_vectors()
            if (rows < 0).any():
                raise DataError(
                    f"The embeddings of {self._opened.name!r} lack {int((rows < 0).sum()):,} of {len(rows):,} items.",
                    dataset=self._opened.name,
                )
            table = VectorTable(self._item_columns(len(rows)), lambda part: vectors[rows[part]], vectors.shape[1])
            return self._export_vectors(target, table, state.model, {}, job)

    def factors(
        self, target: Target, model: str | None = None, side: Side = "items", *, job: Job | None = None
    ) -> Exported:
        """Write the vectors and the biases of a factorisation, such as for a vector database.

        Parameters
        ----------
        target
            As of :meth:`embeddings`.
        model
            The model; None for the best trained one that is a factorisation.
        side
            Whether the vectors are those of the items that have interactions, or those of the users.
        job
            Receives the progress and may cancel.

        Returns
        -------
        Exported
            Its ``about`` says how a prediction follows from the numbers; see :class:`engine.models.factors.Factors`.

        Raises
        ------
        OptionError, DataError, UnknownError, NotTrainedError
            As :meth:`recommendations`.
        UnsupportedError
            If the model is no factorisation.
        """
        import pyarrow as pa

        with self._writing_to(target, VECTOR_ENDINGS, job) as (target, job):
            with self._opened.queue.background(job):
                name, recommender, _ = self._models.identified(lambda: self._models.choose_for("factorizes", model))
                factors = recommender.model.factors()
            if side == "users":
                vectors, biases = factors.users, factors.user_biases
                # A model of before an update knows the first users only.
                columns = {"user": pa.array(self._opened.dataset.users.ids[: len(vectors)])}
            else:
                vectors, biases = factors.items[1:], factors.item_biases[1:]
                columns = self._item_columns(len(vectors))
            about = {
                "side": side,
                "score_formula": "offset + user vector · item vector + user bias + item bias",
                "offset": factors.offset,
                "prediction_formula": _FORMULAS[factors.link],
            }
            table = VectorTable({**columns, "bias": pa.array(biases)}, vectors.__getitem__, vectors.shape[1])
            note = self._models.note_on(name, recommender, named=model is not None)
            return self._export_vectors(target, table, name, about, job, note)

    def _export_vectors(
        self, target: Target, table: VectorTable, model: str, about: Mapping[str, Any], job: Job, note: str = ""
    ) -> Exported:
        files = write_vectors(target.path, table, job, prepare_cell=target.prepare_cell)
        return Exported(tuple(map(str, files)), len(table), model, note=note, about={**about, "dimensions": table.dim})

    def _item_columns(self, count: int) -> dict[str, Any]:
        import pyarrow as pa

        ids, dataset = np.arange(1, count + 1), self._opened.dataset
        return {"item_id": pa.array(dataset.items.id_map.ids[:count]), "title": titles_of(dataset, ids)}

    # -- reports --------------------------------------------------------------------------------------------------
    def reports(self, target: Target, model: str | None = None, *, job: Job | None = None) -> Exported:
        """Write the stored reports of the trained models, or of one model.

        Parameters
        ----------
        target
            The file: ``.json`` with all that a report has, a table as ``.csv``, ``.jsonl`` or ``.parquet``, or one page
            about the data set, its models and its evaluations as ``.html`` or ``.md``.
        model
            The model; None for all trained ones.
        job
            Reports for whom it waits, and may be cancelled.

        Raises
        ------
        OptionError, DataError, UnknownError, NotTrainedError
            As :meth:`recommendations`.
        """
        with self._writing_to(target, EXPORT_KINDS["report"].endings, job) as (target, job):
            found = self._models.reports(model)
            ending = target.path.suffix.lower()
            if ending in PAGE_ENDINGS:
                self._write_page(target.path, ending, found, model, job)
                return Exported((str(target.path),), len(found), model)
            write_reports(target.path, found, prepare_cell=target.prepare_cell)
            return Exported((str(target.path),), len(found), model)

    def _write_page(
        self, path: Path, ending: str, found: Sequence[tuple[FitReport, str | None]], model: str | None, job: Job
    ) -> None:
        profile, runs = ProfileService(self._opened).profile(job), RunService(self._opened)
        measured = [one for one in runs.list().runs if runs.is_current(one) and model in (None, one.model)]
        page = report_page(ending, self._opened.manifest.overview, profile, found, measured)
        with writing(path) as temporary:
            temporary.write_text(page, encoding="utf-8", errors="replace", newline="\n")

    @contextmanager
    def _writing_to(self, target: Target, endings: Collection[str], job: Job | None) -> Iterator[tuple[Target, Job]]:
        job = job or Job()
        locks = self._opened.workspace.folder / LOCKS / self._opened.name
        with writing_to(target, endings, locks, job) as found:
            yield found, job
