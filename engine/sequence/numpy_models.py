"""Stored sequence models that answer for one sequence without torch; see :mod:`engine.models.numpy_model`."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.models.contract import Capabilities
from engine.models.numpy_model import Array, Arrays, Header, Ids, NumpyModel, Scores
from engine.ranking import MASKED_SCORE, finite_scores
from engine.sequence import specs
from engine.sequence.attention_inference import AttentionInference
from engine.sequence.markov_votes import Counting, MarkovVotes


class NumpySequenceModel(NumpyModel):
    """A stored sequence model that answers for one sequence. A subclass gives the scores."""

    @abstractmethod
    def _score(self, items: Ids) -> Array:
        """Return the scores of all items after some items, ``(num_items,)``, float32; the caller may change them."""

    def _answers(self, items: Ids) -> bool:
        """Whether the class can answer for these items."""
        return True

    def predict_with_probabilities(self, sequence: npt.ArrayLike) -> tuple[Scores, Scores]:
        """Return the scores and the probabilities of the items after a sequence; see :class:`SequenceModel`."""
        items = np.asarray(sequence)
        is_whole = items.ndim == 1 and np.issubdtype(items.dtype, np.integer)
        if not is_whole or not ((items >= 0) & (items < self.num_items)).all() or not self._answers(items):
            whole: Any = self._whole.predict_with_probabilities(sequence)
            return whole[0], whole[1]
        scores = self._score(items)
        shares = np.exp(scores - scores.max())
        return finite_scores(scores), shares / shares.sum()


class NumpyMarkov(NumpySequenceModel):
    """Answers for :class:`engine.sequence.markov.MarkovModel`."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        self.num_items = header["plain"]["num_items"]
        self._markov = _Markov(arrays, self.num_items, self._options, header["plain"]["counting"])

    @property
    def ranked(self) -> npt.NDArray[np.bool_]:
        """The items that the model can rank, as a mask ``(num_items,)``: those that occur in the training data."""
        return self._markov.ranked

    def _score(self, items: Ids) -> Array:
        return self._markov.scores(items)


class NumpyAttention(NumpySequenceModel):
    """Answers for :class:`engine.sequence.attention.AttentionModel` with one layer."""

    @classmethod
    def answers_for(cls, header: Header) -> bool:
        """Whether the network has one layer, and none is the caller's."""
        return bool(header["options"]["num_layers"] == 1 and not header["own_representation"])

    def _restore(self, header: Header, arrays: Arrays) -> None:
        self.num_items = header["sizes"]["_num_items"]
        self._attention = _Attention(_below(arrays, "net."), arrays["seen"])

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do. Without ``texts`` it scores only items that occur in the training data."""
        return _with_texts(super().capabilities, self._options)

    @property
    def ranked(self) -> npt.NDArray[np.bool_]:
        """The items that the model can rank, as a mask ``(num_items,)``."""
        return self._attention.ranked

    def _answers(self, items: Ids) -> bool:
        return bool(len(items)) and bool(items.all())

    def _score(self, items: Ids) -> Array:
        return self._attention.scores(items)


class NumpyBlend(NumpySequenceModel):
    """Answers for :class:`engine.sequence.blend.BlendModel`."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        plain, of_attention = header["plain"], _below(arrays, "attention.")
        self.num_items, self._share = plain["num_items"], np.float32(plain["share"])
        defaults = {name: option.default for name, option in specs.MARKOV.options.items()}
        options = {**defaults, **self._options}
        counting = plain.get("counting") or [options[name] for name in ("decay", "ahead", "sharpness")]
        self._markov = _Markov(_below(arrays, "markov."), self.num_items, options, counting)
        self._attention = _Attention(of_attention, of_attention["seen"])

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do. Without ``texts`` it scores only items that occur in the training data."""
        return _with_texts(super().capabilities, self._options)

    @property
    def ranked(self) -> npt.NDArray[np.bool_]:
        """The items that the model can rank, as a mask ``(num_items,)``."""
        return self._markov.ranked | self._attention.ranked

    def _answers(self, items: Ids) -> bool:
        return bool(len(items)) and bool(items.all())

    def _score(self, items: Ids) -> Array:
        markov = _log_softmax(self._markov.scores(items))
        attention = _log_softmax(self._attention.scores(items[-self._attention.length :]))
        # Items that attention alone can rank get their probabilities from it alone.
        markov = np.where(self._attention.ranked & ~self._markov.ranked, attention, markov)
        return np.maximum(markov + self._share * (attention - markov), np.float32(MASKED_SCORE))


class _Markov:
    """The votes of training sequences, as scores."""

    def __init__(self, arrays: Arrays, num_items: int, options: Header, counting: Any) -> None:
        self._counting: Counting = tuple(counting)
        self._votes = MarkovVotes(
            arrays["items"],
            arrays["weights"] if len(arrays["weights"]) else None,
            num_items,
            options["lags"],
            *(options[name] for name in ("alignment", "rarity", "popularity", "smoothing")),
        )

    @property
    def ranked(self) -> npt.NDArray[np.bool_]:
        return self._votes.counts > 0

    def scores(self, items: Ids) -> Array:
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(self._votes.smoothed(items, self._counting)), np.float32(MASKED_SCORE))


class _Attention:
    """The network of attention, as scores."""

    def __init__(self, parameters: Arrays, seen: npt.NDArray[np.bool_]) -> None:
        own, name = parameters.get("item_embeddings.own.weight"), "item_embeddings"
        self._vectors = (
            parameters[f"{name}.weight"]
            if own is None
            else own + parameters[f"{name}.descriptions"] @ parameters[f"{name}.projection.weight"].T
        )
        self._biases, self.ranked = parameters["item_biases.weight"][:, 0], seen
        self._network = AttentionInference(parameters)

    @property
    def length(self) -> int:
        """The number of items that attention is given at most."""
        return self._network.reach

    def scores(self, items: Ids) -> Array:
        final = self._network.final_representation(self._vectors[items])
        return np.where(self.ranked, self._vectors @ final + self._biases, np.float32(MASKED_SCORE))


def _below(arrays: Arrays, prefix: str) -> Arrays:
    """The arrays whose names begin so, by the rest of their names."""
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}


def _log_softmax(scores: Array) -> Array:
    top = scores.max()
    result: Array = scores - (top + np.log(np.exp(scores - top).sum()))
    return result


def _with_texts(declared: Capabilities, options: Header) -> Capabilities:
    return declared if options["texts"] else replace(declared, uses=())
