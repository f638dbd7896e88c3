"""Tests of explanations: what is named as the cause of a result is taken away, and something else at random.

If the named cause is one, the score falls more without it than without another item of the history, or without other
words of the text that was found. This is the deletion test of Samek et al. ("Evaluating the visualization of what a
deep neural network has learned", 2017).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.data.items import Item, ItemTable
    from engine.data.results import Result
    from engine.recommender import Recommender
    from engine.search import SearchIndex
    from engine.search.removal import Part

#: So many results of each query are tested.
_RESULTS = 3
#: The first word that a reason names.
_NAMED_WORD = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class RemovalTest:
    """What taking causes away did to the scores of what was recommended or found.

    Attributes
    ----------
    named
        How much the score of an item fell without what was named as its cause: an item of a history, or words of a
        text. One for each history or search result.
    random
        How much it fell without another item of the same history, or as many other words of the same text, drawn at
        random.
    """

    named: npt.NDArray[np.float64]
    random: npt.NDArray[np.float64]

    @property
    def share_lowered(self) -> float:
        """The share of the cases in which the score is lower without the named cause."""
        return float(np.mean(self.named > 0))

    @property
    def share_larger(self) -> float:
        """The share of the cases in which it falls more without the named cause than without what is random."""
        return float(np.mean(self.named > self.random))


def removal_of_history(recommender: Recommender, users: Sequence[int], seed: int = 0) -> RemovalTest:
    """Test the explanations of a model of users, for the first recommendation of each user.

    Parameters
    ----------
    recommender
        The model and its data set. The model must fold in and explain.
    users
        Internal ids. Users with fewer than three items, and those to whom nothing can be recommended, are left out.
    seed
        Draws the random items.
    """
    return _test(_history_cases(recommender, users, np.random.RandomState(seed)))


def removal_of_sequence(
    recommender: Recommender, sequences: Sequence[npt.NDArray[np.int64]], seed: int = 0
) -> RemovalTest:
    """Test the explanations of a model of sequences, for the item that is most likely to come next.

    Parameters
    ----------
    recommender
        The model and its data set.
    sequences
        Internal ids, oldest first. Sequences with fewer than three items are left out.
    seed
        Draws the random items.
    """
    return _test(_sequence_cases(recommender, sequences, np.random.RandomState(seed)))


def removal_of_search(
    items: ItemTable,
    make_index: Callable[[ItemTable], SearchIndex],
    queries: Sequence[str],
    mode: str = "hybrid",
    *,
    listed: bool = False,
    seed: int = 0,
) -> RemovalTest:
    """Test the reasons of the first three results of each query: the catalogue is changed, and searched anew.

    Parameters
    ----------
    items
        The catalogue.
    make_index
        Makes the index of a catalogue, with its embeddings if the search needs them.
    queries
        Queries; results without a reason are left out.
    mode
        The search mode.
    listed
        Whether to test the first word that stands in the list, rather than the part that is named for a result that is
        looked at.
    seed
        Draws the random words.
    """
    draw = np.random.RandomState(seed)

    def cases() -> Iterator[tuple[float, float]]:
        index = make_index(items)
        for query in queries:
            for result in index.search(query, _RESULTS, mode).results:
                cause = _listed_word(result) if listed else _weightiest_part(index, query, result, mode)
                other = None if cause is None else _random_words(result.item, cause, draw)
                if cause is None or other is None:
                    continue
                without_cause, without_other = (
                    _score(make_index(_without(items, result.item, part)), query, result.item, mode)
                    for part in (cause, other)
                )
                yield result.score - without_cause, result.score - without_other

    return _test(cases())


def _listed_word(result: Result) -> Part | None:
    from engine.search.removal import Part

    found = _NAMED_WORD.search(result.reason)
    return None if found is None else Part(found[0], frozenset(words(found[1])))


def _weightiest_part(index: SearchIndex, query: str, result: Result, mode: str) -> Part | None:
    found = index.removal_effects(query, result.item.internal_id, mode)
    return found[0][0] if found else None


def _random_words(item: Item, cause: Part, draw: np.random.RandomState) -> Part | None:
    """As many words of an item's text as its named part has, or all others that it has; None if it has none."""
    from engine.search.lexical.stop_words import STOP_WORDS
    from engine.search.removal import Part

    taken = cause.words | set(words(cause.phrase))
    others = [one for one in dict.fromkeys(words(item.text)) if one not in taken and one not in STOP_WORDS]
    wanted = len(set(words(cause.phrase)) - STOP_WORDS) if cause.phrase else 1
    if not wanted or not others:
        return None
    return Part("random words", frozenset(draw.choice(others, min(wanted, len(others)), replace=False).tolist()))


def _without(items: ItemTable, item: Item, part: Part) -> ItemTable:
    """A catalogue in which an item does not have a part, in none of its columns."""
    import pyarrow as pa

    from engine.data.items import ItemTable

    def changed(value: object) -> object:
        if isinstance(value, str):
            return part.taken_from(value)
        if isinstance(value, list):
            return [one for one in map(changed, value) if not isinstance(one, str) or one.strip()]
        return value

    row = item.internal_id - 1
    table = items.table
    for number, field in enumerate(table.schema):
        values = table.column(number).to_pylist()
        values[row] = changed(values[row])
        table = table.set_column(number, field, pa.array(values, field.type))
    return ItemTable(items.id_map, table)


def _score(index: SearchIndex, query: str, item: Item, mode: str) -> float:
    """The score of an item, 0 if it is not found."""
    results = index.search(query, len(index.items), mode).results
    return next((one.score for one in results if one.item.internal_id == item.internal_id), 0.0)


def _test(cases: Iterator[tuple[float, float]]) -> RemovalTest:
    drops = np.array(list(cases), dtype=np.float64).reshape(-1, 2)
    return RemovalTest(drops[:, 0], drops[:, 1])


def _history_cases(
    recommender: Recommender, users: Sequence[int], draw: np.random.RandomState
) -> Iterator[tuple[float, float]]:
    dataset = recommender.dataset
    for user in users:
        history = recommender.user_index.history(user)
        if recommender.rating_range is not None and history.ratings is not None:
            history = history.select(~np.isnan(history.ratings))
        if len(history) < 3:
            continue
        best = recommender.recommend(dataset.users.decode_one(user), 1)
        explained = recommender.explain_to(history, best[0].item.item_id, 1) if best else []
        if not explained:
            continue
        target, cause = best[0].item.internal_id, explained[0].item.internal_id
        other = int(draw.choice(history.items[history.items != cause]))
        whole, without_cause, without_other = (
            float(recommender.scores_for(one)[1][target])
            for one in (history, history.without(cause), history.without(other))
        )
        yield whole - without_cause, whole - without_other


def _sequence_cases(
    recommender: Recommender, sequences: Sequence[npt.NDArray[np.int64]], draw: np.random.RandomState
) -> Iterator[tuple[float, float]]:
    for sequence in sequences:
        if len(sequence) < 3:
            continue
        best = recommender.next_items(sequence.tolist(), 1)
        explained = recommender.explain_next(sequence.tolist(), best[0].item.item_id, 1) if best else []
        if not explained:
            continue
        target, cause = best[0].item.internal_id, explained[0].item.internal_id
        effects = recommender.sequence_effects(sequence, target)
        others = np.flatnonzero(sequence != cause)
        if len(others):
            yield float(effects[sequence == cause].max()), float(effects[draw.choice(others)])
