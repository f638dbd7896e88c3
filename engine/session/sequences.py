"""The sequence service: which titles are meant, and what comes after them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.data.results import Answer, Comparison, EmptyReason, TitleMatch
from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset, check
from engine.session.what_if import next_what_if

if TYPE_CHECKING:
    from engine.data.history import Timeline
    from engine.data.id_map import ExternalId
    from engine.data.ranked_pages import RankedPages
    from engine.recommender import Recommender
    from engine.search.hidden import AdultItems
    from engine.text.title_matcher import TitleMatcher
    from engine.what_if import Edit

#: How many completions are looked at for each one that is offered, where some are left out.
_OVERSAMPLING = 3
#: The kinds of matches in which the whole title or id was typed.
_CERTAIN = ("exact", "id", "folded")


class SequenceService:
    """Completes titles and predicts the next items of a sequence.

    Parameters
    ----------
    opened
        The data set.
    models
        The models that answer.
    """

    def __init__(self, opened: OpenDataset, models: ModelService) -> None:
        self._opened = opened
        self._models = models

    @locked_property
    def _titles(self) -> TitleMatcher:
        from engine.text.title_matcher import TitleMatcher

        return TitleMatcher(self._opened.dataset.items, self._opened.popularity)

    @locked_property
    def _adult_items(self) -> AdultItems:
        from engine.search.filters.fields import Fields
        from engine.search.hidden import AdultItems

        return AdultItems(Fields(self._opened.dataset.items))

    def complete_title(self, text: str, limit: int = 8) -> list[TitleMatch]:
        """Items that a half-typed title may mean, best first; forgives typos. Needs no torch.

        Items for adults are offered only where their whole title or id is typed, unless the settings show them.
        """
        hidden = None if self._opened.shows_adult else self._adult_items.mask
        if hidden is None:
            return self._titles.complete(text, limit)
        found = self._titles.complete(text, _OVERSAMPLING * limit)
        kept = [one for one in found if one.how in _CERTAIN or not hidden[one.item.internal_id - 1]]
        return kept[:limit]

    def resolve_title(self, text: str, *, model: str | None = None, rated: bool | None = None) -> TitleMatch:
        """The one item that a title or an id means.

        Parameters
        ----------
        text
            What was typed.
        model
            Which sequence model is to be asked about it; None for the best trained one. The item must occur in the
            interactions, except for a model that was trained to use texts.
        rated
            Whether the item must occur in the interactions; None leaves it to the model.

        Raises
        ------
        UnknownError
            With suggestions, where nothing fits, several things do, or nobody has rated what fits.
        """
        if rated is not None:
            return self._titles.resolve(text, rated=rated)
        trained = (one for one in self._models.states("sequence") if one.trained and model in (None, one.name))
        asked = next(trained, None)
        return self._titles.resolve(text, rated=asked is None or not asked.uses_texts)

    def explain(
        self,
        items: Sequence[int],
        item: ExternalId,
        model: str | None = None,
        k: int = 3,
        job: Job | None = None,
    ) -> Answer:
        """The items of a sequence without which an item would be less likely to come next.

        Parameters
        ----------
        items
            The sequence, internal ids, oldest first.
        item
            The id of the item in the source file.
        model
            The model that answers; None for the best trained one.
        k
            The number of items.
        job
            May cancel before the model is asked.

        Raises
        ------
        UnknownError
            If there is no such item or model.
        NotTrainedError
            If the model, or any for sequences, is not trained yet.
        """
        with self._models.turn("sequence", model):
            check(job)
            name, recommender, _ = self._models.answering("sequence", model)
            results = recommender.explain_next(_known(items, recommender)[0], item, k)
        return Answer(
            tuple(results), name, "" if results else f"{name} finds nothing in the sequence that speaks for it"
        )

    def next_items(
        self,
        items: Sequence[int],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer:
        """What comes after these items (internal ids, oldest first), with probabilities.

        A model from before an update of the data set does not know the items that were new in it: they are left out,
        and the note says so.

        Raises
        ------
        NotTrainedError
            If the model, or any for sequences, is not trained yet.
        """
        with self._models.turn("sequence", model):
            check(job)
            name, recommender, note = self._models.answering("sequence", model)
            known, left_out = _known(items, recommender)
            results = recommender.next_items(known, k, filter_seen)
        note = " ".join(one for one in (note, left_out) if one)

        def whole() -> RankedPages:
            with self._opened.queue.turn():
                _, recommender, _ = self._models.answering("sequence", name)
                return recommender.next_pages(known, None, filter_seen).inside(self._opened.queue.turn)

        if results or k < 1:
            return Answer(tuple(results), name, note, whole=whole if len(results) == k else None)
        sentence = f"{name} can rank no item" + (" that is not in the sequence already." if filter_seen else ".")
        return Answer((), name, empty=EmptyReason.NOTHING_TO_RANK, why_empty=sentence)

    def what_if(
        self,
        timeline: Timeline,
        edits: Sequence[Edit],
        whose: str = "the sequence",
        k: int = 10,
        model: str | None = None,
        excluded: Collection[int] = (),
        job: Job | None = None,
    ) -> Comparison:
        """What would come next after another history; see :func:`engine.session.what_if.next_what_if`."""
        return next_what_if(self._opened, self._models, timeline, edits, whose, k, model, excluded, job)

    def compare(
        self,
        before: Sequence[int],
        after: Sequence[int],
        k: int = 10,
        model: str | None = None,
        job: Job | None = None,
    ) -> Comparison:
        """What comes after the sequence ``after``, and what differs from what comes after ``before``.

        Raises
        ------
        NotTrainedError
            If the model, or any for sequences, is not trained yet.
        RecsysError
            As :func:`engine.what_if.compare_next`.
        """
        from engine.what_if import compare_next

        with self._models.turn("sequence", model):
            check(job)
            name, recommender, note = self._models.answering("sequence", model)
            known, left_out = _known(after, recommender)
            found = compare_next(recommender, _known(before, recommender)[0], known, k)
            return replace(found, method=name, note=" ".join(one for one in (note, left_out) if one))


def _known(items: Sequence[int], recommender: Recommender) -> tuple[Sequence[int], str]:
    """The items without those that came with an update after the model was trained, and a remark on these.

    All are kept where none would be left, so that the model says itself what it does not know.
    """
    limit, now = recommender.known.num_rated_items, recommender.dataset.num_rated_items
    if "texts" in recommender.model.capabilities.uses or limit == now:
        return items, ""
    kept = [item for item in items if item <= limit or item > now]
    left_out = len(items) - len(kept)
    if not kept or not left_out:
        return items, ""
    are = "is" if left_out == 1 else "are"
    return kept, f"and does not know {left_out} of the {len(items)} items, which {are} left out"
