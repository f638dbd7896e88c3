"""A stored model ``markov`` that answers for one sequence without torch; see :mod:`engine.models.numpy_model`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.models.numpy_model import Arrays, Header, NumpyModel, Scores
from engine.ranking import MASKED_SCORE, finite_scores
from engine.sequence.markov_votes import Counting, MarkovVotes


class NumpyMarkov(NumpyModel):
    """Answers for :class:`engine.sequence.markov.MarkovModel`."""

    def _restore(self, header: Header, arrays: Arrays) -> None:
        options = self._options
        self.num_items = header["plain"]["num_items"]
        self._counting: Counting = tuple(header["plain"]["counting"])
        self._votes = MarkovVotes(
            arrays["items"],
            arrays["weights"] if len(arrays["weights"]) else None,
            self.num_items,
            options["lags"],
            *(options[name] for name in ("alignment", "rarity", "popularity", "smoothing")),
        )

    @property
    def ranked(self) -> npt.NDArray[np.bool_]:
        """The items that the model can rank, as a mask ``(num_items,)``: those that occur in the training data."""
        return self._votes.counts > 0

    def predict_with_probabilities(self, sequence: npt.ArrayLike) -> tuple[Scores, Scores]:
        """Return the scores and the probabilities of the items after a sequence; see :class:`SequenceModel`."""
        items = np.asarray(sequence)
        if items.ndim != 1 or not np.issubdtype(items.dtype, np.integer) or not _inside(items, self.num_items):
            whole: Any = self._whole.predict_with_probabilities(sequence)
            return whole[0], whole[1]
        with np.errstate(divide="ignore"):
            scores = np.maximum(np.log(self._votes.smoothed(items, self._counting)), np.float32(MASKED_SCORE))
        shares = np.exp(scores - scores.max())
        return finite_scores(scores), shares / shares.sum()


def _inside(items: npt.NDArray[Any], size: int) -> bool:
    return bool(((items >= 0) & (items < size)).all())
