"""Spotlight's implicit sequence model, which ranks the next item."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.data.ids import as_ids
from engine.errors import LearningError, OptionError
from engine.interactions import SequenceInteractions
from engine.losses import adaptive_hinge_loss, bpr_loss, hinge_loss, pointwise_loss
from engine.models.base import pieces
from engine.models.contract import ScoresAllItems
from engine.models.estimator import Estimator, OptimizerFunc, RandomState
from engine.models.option_checks import require_whole
from engine.models.spec import ModelSpec
from engine.ranking import CHUNK, MASKED_SCORE, finite_scores
from engine.runtime.device import mixed_precision_pays
from engine.sampling import NegativeSampler
from engine.sequence import specs
from engine.sequence.representations import PADDING_IDX, CNNNet, ItemNet, LSTMNet, MixtureLSTMNet, PoolNet
from engine.sequence.self_attention import AttentionNet
from engine.sequence.softmax import SharedNegatives, softmax_loss
from engine.training.autograd import AutogradTrainer, Batch
from engine.training.loop import SMALL_STEP, Learner

_LOSSES = {"pointwise": pointwise_loss, "bpr": bpr_loss, "hinge": hinge_loss}
_NETS = {"pooling": PoolNet, "cnn": CNNNet, "lstm": LSTMNet, "mixture": MixtureLSTMNet, "attention": AttentionNet}

#: The softmax of ``cross_entropy`` is over all items if there are at most FULL_SOFTMAX, and else over a sample of
#: SAMPLED_SOFTMAX items, which a batch shares.
FULL_SOFTMAX = 10_000
SAMPLED_SOFTMAX = 1_024


class ImplicitSequenceModel(Estimator):
    """Ranks the items that may follow a sequence. The sequence need not be of a user in the training data.

    The loss is computed at every step of every training sequence: it compares the item of that step with negatives.

    Parameters
    ----------
    loss
        The loss function: ``pointwise`` (log loss), ``bpr``, ``hinge``, ``adaptive_hinge`` or ``cross_entropy`` (see
        :mod:`engine.sequence.softmax`; over all items if there are at most ten thousand). Spotlight does not have the
        last one.
    representation
        The network: ``pooling``, ``cnn``, ``lstm``, ``mixture``, ``attention`` (not in Spotlight), or a module (see
        :mod:`engine.sequence.representations`).
    embedding_dim, n_iter, batch_size, l2, learning_rate, optimizer_func, use_cuda, sparse, random_state, device
        See :class:`engine.models.estimator.Estimator`. The defaults are Spotlight's. The examples
        of a batch are sequences.
    num_negative_samples
        The number of negatives a step, from which ``adaptive_hinge`` takes the hardest. The other losses use one.
    exclude_known
        Whether the negatives of a step exclude the item of that step. False draws from all items, as Spotlight does,
        which has no such option. The other items of the sequence are not excluded: a network that never gets them as
        negatives learns to repeat its input (on synthetic data the mean reciprocal rank of cnn fell from .67 to .62).

    Notes
    -----
    The model differs from Spotlight's in these ways:

    - ``bpr`` and ``pointwise`` are the logarithmic losses (see :mod:`engine.losses`).
    - Negatives are items that occur in the sequences and, by default, are not the item of the step.
    - An item that occurs in no sequence (the padding, a gap in the ids) comes after all others.
    - The ``weights`` of the interactions multiply the loss.
    """

    spec: ClassVar[ModelSpec] = specs.SEQUENCE
    losses: ClassVar[tuple[str, ...]] = (*_LOSSES, "adaptive_hinge", "cross_entropy")

    def __init__(
        self,
        loss: str = "pointwise",
        representation: str | nn.Module = "pooling",
        embedding_dim: int = 32,
        n_iter: int = 10,
        batch_size: int = 256,
        l2: float = 0.0,
        learning_rate: float = 1e-2,
        optimizer_func: OptimizerFunc | None = None,
        use_cuda: bool = False,
        sparse: bool = False,
        random_state: RandomState = None,
        num_negative_samples: int = 5,
        *,
        exclude_known: bool = True,
        device: str | None = None,
    ) -> None:
        super().__init__(
            loss,
            embedding_dim,
            n_iter,
            batch_size,
            l2,
            learning_rate,
            optimizer_func,
            use_cuda,
            representation,
            sparse,
            random_state,
            device,
        )
        if loss == "cross_entropy" and representation not in _NETS and not isinstance(representation, ScoresAllItems):
            raise OptionError("cross_entropy needs a representation that has score_all.")
        if not isinstance(representation, nn.Module) and representation not in _NETS:
            raise OptionError(
                f"representation must be one of {', '.join(_NETS)} or a torch.nn.Module, not {representation!r}."
            )
        require_whole(num_negative_samples=num_negative_samples)
        self.num_negative_samples = int(num_negative_samples)
        self.exclude_known = exclude_known

    # -- predicting ---------------------------------------------------------------------------------------------
    def predict(self, sequences: npt.ArrayLike, item_ids: npt.ArrayLike | None = None) -> npt.NDArray[np.float32]:
        """Scores of the items that may come next.

        Parameters
        ----------
        sequences
            Items, oldest first: one sequence ``(length,)`` or ``(1, length)``, or several, padded with 0 on the
            left, ``(n, length)``. An empty sequence asks what comes first.
        item_ids
            Which items to score; None means all.

        Returns
        -------
        numpy.ndarray
            One sequence: ``(num_items,)`` or ``(len(item_ids),)``; several: the same for each, ``(n, …)``. The items
            that training has not met, and the padding, get a number just below all other scores of the same
            sequence: they come last, and means and plots stay readable. Their probability is 0 (see
            :meth:`probabilities`).

        Raises
        ------
        NotTrainedError
            Before the first fit.
        ValueError
            If an id is out of range.
        """
        result = finite_scores(self.scores(sequences).cpu().numpy())
        if item_ids is not None:
            result = result[:, as_ids(item_ids, self._num_items, "item").reshape(-1).numpy()]
        return result[0] if len(result) == 1 else result

    def probabilities(self, sequences: npt.ArrayLike, temperature: float = 1.0) -> npt.NDArray[np.float32]:
        """Return each item's probability of being the next item; for the shapes see :meth:`predict`.

        The probabilities follow from what the losses estimate. With ``bpr``, item i wins against item j in proportion
        to p_i and p_j, so the scores are log p + constant. With ``pointwise`` and ``exclude_known``, an item is a
        negative only where another item came next, so the scores are the log odds, log(p / (1 - p)), relative to
        uniform chance. Without ``exclude_known`` they are log p + constant. The log probabilities are divided by
        ``temperature`` and normalised. They are not calibrated on held-out data, so a network that overfits is
        overconfident. With the hinge losses, the probabilities are only meaningful as an order of the items.
        """
        result: npt.NDArray[np.float32] = self._softmax(self.scores(sequences), temperature).cpu().numpy()
        return result[0] if len(result) == 1 else result

    def predict_with_probabilities(
        self, sequence: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return :meth:`predict` and :meth:`probabilities` of one sequence, from the same scores."""
        scores = self.scores(sequence)[:1]
        probabilities = self._softmax(scores, 1.0).cpu().numpy()[0]  # before the scores are changed in place
        return finite_scores(scores.cpu().numpy())[0], probabilities

    def scores_with_probabilities(self, sequences: npt.ArrayLike) -> tuple[Tensor, Tensor]:
        """Return :meth:`scores` and :meth:`probabilities` of several sequences, from the same scores."""
        scores = self.scores(sequences)
        return scores, self._softmax(scores, 1.0)

    def _softmax(self, scores: Tensor, temperature: float) -> Tensor:
        if self.loss == "pointwise" and self.exclude_known:
            chance = math.log(max(1, int(self._seen.sum()) - 1))
            scores = nn.functional.logsigmoid(scores - chance).masked_fill_(~self._seen, MASKED_SCORE)
        return (scores / temperature).softmax(1)

    @property
    def ranked(self) -> Tensor:
        """The items that the model can rank, as a mask ``(num_items,)``: those that occur in the training data."""
        return self._seen

    @torch.no_grad()
    def scores(self, sequences: npt.ArrayLike, item_ids: Tensor | None = None) -> Tensor:
        """Return the scores of items, ``(num_sequences, items)`` even for one sequence, on the model's device.

        The caller bounds the number of sequences and leaves out the padding (id 0). An item that must not be ranked
        has :data:`engine.ranking.MASKED_SCORE`. ``item_ids`` are on the model's device; None means all.
        """
        net: Any = self._trained()
        rows = as_ids(sequences, self._num_items, "item").to(self.device)
        if rows.dim() == 1:
            rows = rows.unsqueeze(0)
        if rows.shape[1] == 0:
            rows = torch.zeros(len(rows), 1, dtype=torch.long, device=self.device)
        piece = max(1, CHUNK // (rows.shape[1] * self.embedding_dim))
        finals = [_final_representation(net, part) for part in pieces(rows, piece)]
        final = finals[0] if len(finals) == 1 else torch.cat(finals)
        num_items = self._num_items if item_ids is None else len(item_ids)
        if isinstance(net, ItemNet | ScoresAllItems):  # the class comes first: to check a protocol takes long
            piece = max(1, CHUNK // (max(1, final.shape[1] // self.embedding_dim) * max(1, num_items)))
            parts = [net.score_all(part, item_ids) for part in pieces(final, piece)]
            scores = torch.cat(parts) if len(parts) > 1 else parts[0]
        else:
            items = torch.arange(num_items, device=self.device) if item_ids is None else item_ids
            each = [net(one.expand(len(items), *one.shape), items.unsqueeze(1)).reshape(-1) for one in final]
            scores = torch.stack(each)
        scores = scores.float()
        return torch.where(self._seen if item_ids is None else self._seen[item_ids], scores, MASKED_SCORE)

    # -- training ------------------------------------------------------------------------------------------------
    def _check(self, interactions: SequenceInteractions) -> None:
        sequences = interactions.sequences
        if sequences.size == 0 or not sequences.any():
            raise LearningError("There are no sequences to learn from.")
        if interactions.num_items < 3:
            raise LearningError("There is only one item, so the model has nothing to compare it with.")
        if self._net is not None and int(sequences.max()) >= self._num_items:
            raise OptionError(
                f"item id {int(sequences.max())} is not below {self._num_items}, the number of items in the "
                "model's first fit: give the first fit sequences with a larger num_items, or make a new model."
            )

    def _columns(self, interactions: SequenceInteractions) -> Iterable[npt.NDArray[Any] | None]:
        return interactions.sequences, interactions.user_ids, interactions.weights

    def _build(self, interactions: SequenceInteractions) -> nn.Module:
        self._num_items = interactions.num_items
        net = self._rebuild()
        if self.loss == "cross_entropy" and isinstance(net, ItemNet):
            # Biases start at the log popularity, which a small learning rate would take long to learn.
            counts = np.bincount(interactions.sequences.reshape(-1), minlength=self._num_items)
            log_odds = torch.from_numpy(np.log(counts + 0.5)).float()
            with torch.no_grad():
                net.item_biases.weight[1:, 0] = (log_odds - log_odds[1:].mean())[1:]
        return net

    def _rebuild(self) -> nn.Module:
        if isinstance(self.representation, nn.Module):
            return self.representation
        assert self.representation is not None
        made: nn.Module = _NETS[self.representation](self._num_items, self.embedding_dim, sparse=self.sparse)
        return made

    def _sizes(self) -> dict[str, float]:
        return {"_num_items": self._num_items}

    def _learner(self, interactions: SequenceInteractions, net: nn.Module) -> Learner:
        sequences = self._tensor(interactions.sequences, np.int64)
        # The group of a step is its item, which is the only known positive of that step.
        self._record_seen(sequences)
        self._seen[PADDING_IDX] = False
        occurring = torch.unique(sequences)
        occurring = occurring[occurring != PADDING_IDX]
        sampler, num_negatives = self._sampler(sequences, occurring)
        self._make_optimizers(net)
        weights = None if interactions.weights is None else self._tensor(interactions.weights, np.float32)
        return AutogradTrainer(
            net,
            self._optimizers,
            {"groups": sequences, "weights": weights},
            lambda batch: self._batch_loss(net, batch, sampler, occurring),
            sampler,
            num_negatives,
            small_steps=max(self.batch_size * sequences.shape[1], self._num_items) * self.embedding_dim < SMALL_STEP,
            # A custom module may not support mixed precision.
            mixed=isinstance(self.representation, str) and mixed_precision_pays(self.device, self.embedding_dim),
            positions=_count_items,
            shared_negatives=self.loss == "cross_entropy",
        )

    def _sampler(self, sequences: Tensor, occurring: Tensor) -> tuple[Any, int]:
        """Return the sampler of negatives, and the number of negatives for each sequence."""
        if self.loss != "cross_entropy":
            drawn = self.num_negative_samples if self.loss == "adaptive_hinge" else 1
            return NegativeSampler(occurring, occurring, self._num_items, occurring, self.exclude_known), drawn
        shared = self._shared_negatives(len(occurring))
        if not shared:
            return None, 0
        counts = torch.bincount(sequences.reshape(-1), minlength=self._num_items)
        counts[PADDING_IDX] = 0
        return SharedNegatives(counts), -(-shared // self.batch_size)

    def _shared_negatives(self, num_items: int) -> int:
        """Return the number of negatives that a batch shares; 0 means all items that occur."""
        return 0 if num_items <= FULL_SOFTMAX else SAMPLED_SOFTMAX

    def _batch_loss(self, net: Any, batch: Batch, sampler: Any, occurring: Tensor) -> Tensor:
        sequences, negatives, weights = batch["groups"], batch.get("negatives"), batch.get("weights")
        users, _ = net.user_representation(sequences)
        mask = sequences != PADDING_IDX
        if self.loss == "cross_entropy":
            if negatives is None:  # the sequences may have moved to another device
                return softmax_loss(net, users, sequences, mask, occurring.to(sequences.device), None, weights)
            return softmax_loss(net, users, sequences, mask, negatives.reshape(-1), sampler.log_chance, weights)
        assert negatives is not None
        positive = net(users, sequences)
        negative_scores = torch.stack([net(users, one) for one in negatives.unbind(1)])
        if self.loss == "adaptive_hinge":
            return adaptive_hinge_loss(positive, negative_scores, mask, weights)
        return _LOSSES[self.loss](positive, negative_scores[0], mask, weights)


def _count_items(batch: Batch) -> int:
    return int(torch.count_nonzero(batch["groups"] != PADDING_IDX))


def _final_representation(net: Any, sequences: Tensor) -> Tensor:
    """Compute the final representations, ``(batch, width)``."""
    if isinstance(net, ItemNet):
        return net.final_representation(sequences)
    final: Tensor = net.user_representation(sequences)[1]
    return final
