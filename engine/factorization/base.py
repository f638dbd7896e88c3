"""The base class of Spotlight's explicit and implicit factorisation models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.data.ids import as_ids
from engine.errors import LearningError, OptionError, UnsupportedError
from engine.factorization.bilinear import BilinearTrainer, PackedRows, is_plain
from engine.factorization.folding_in import FactorizationFoldIn
from engine.factorization.objectives import Objective
from engine.factorization.representations import BilinearNet
from engine.interactions import Interactions
from engine.models.closed_form import require_weights
from engine.models.contract import Capabilities, ScoresAllItems
from engine.models.estimator import Estimator
from engine.ranking import CHUNK, finite_pairs, finite_scores
from engine.sampling import NegativeSampler
from engine.training.autograd import AutogradTrainer, Batch
from engine.training.loop import Learner

Scores = npt.NDArray[np.float32]


class FactorizationModel(FactorizationFoldIn, Estimator):
    """The base class of models that score pairs of a user and an item. For the options see :class:`Estimator`."""

    _objectives: dict[str, Objective]

    _num_users = 0
    _rows: PackedRows | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What this model can do. Only with a :class:`BilinearNet` can it fold in users and compare items."""
        declared = super().capabilities
        if self.representation is None or type(self.representation) is BilinearNet:
            return declared
        return replace(declared, folds_in=False, explains=False, similar=False, factorizes=False)

    def _unsupported(self, capability: str) -> UnsupportedError:
        if self.capabilities == self.spec.capabilities:
            return super()._unsupported(capability)
        return UnsupportedError(
            f"This model has the custom representation {type(self.representation).__name__}: only models with a "
            "BilinearNet can answer for new users and compare items."
        )

    # -- predicting ---------------------------------------------------------------------------------------------
    def predict(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike | None = None) -> Scores:
        """Scores of pairs, or of all items.

        Parameters
        ----------
        user_ids
            One user, or several.
        item_ids
            Items; None means all.

        Returns
        -------
        numpy.ndarray
            One user: ``(len(item_ids),)`` or ``(num_items,)``. ``n`` users and as many items: the pairs' scores,
            ``(n,)``. ``n`` users without items: ``(n, num_items)``, which agrees with the former to rounding. An
            implicit model gives the items that training has not met, and the padding, a number just below all
            other scores of the same user: they come last, and means and plots stay readable.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        ValueError
            If an id is out of range, or the lengths do not match.
        """
        self._trained()
        users = as_ids(user_ids, self._num_users, "user").reshape(-1)
        if item_ids is None and len(users) != 1:
            return finite_scores(np.concatenate([part.cpu().numpy() for part in self._score_in_chunks(users)]))
        items = (
            torch.arange(self._num_items) if item_ids is None else as_ids(item_ids, self._num_items, "item").reshape(-1)
        )
        if len(users) != 1 and len(users) != len(items):
            raise OptionError(f"{len(users)} user_ids and {len(items)} item_ids make no pairs: give as many of each.")
        if len(users) == 1 and type(self._net) is not BilinearNet:  # which accepts one user for all items
            users = users.expand(len(items))
        scores = np.empty(len(items), dtype=np.float32)
        piece = max(1, CHUNK // (4 * self.embedding_dim))
        for start in range(0, len(items), piece):
            part = slice(start, start + piece)
            scores[part] = self._score_pairs(users if len(users) == 1 else users[part], items[part]).cpu().numpy()
        return finite_scores(scores) if item_ids is None else finite_pairs(scores, users, self.predict)

    def scores(self, user_ids: npt.ArrayLike, item_ids: Tensor | None = None) -> Tensor:
        """Return the scores of items for several users, ``(len(user_ids), items)``, on the model's device.

        The caller bounds the number of users, and leaves out the padding (id 0). An item that must not be ranked has
        :data:`engine.ranking.MASKED_SCORE`. ``item_ids`` are on the model's device; None means all.
        """
        self._trained()
        parts = list(self._score_in_chunks(as_ids(user_ids, self._num_users, "user").reshape(-1), item_ids))
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _complete(self, scores: Tensor) -> Tensor:
        return self._hide(self._output(scores.float()), None)

    def _net_to_fold_into(self) -> nn.Module:
        return self._trained()

    def _output(self, scores: Tensor) -> Tensor:
        """Convert the network's scores to predictions."""
        return scores

    def _hide(self, scores: Tensor, items: Tensor | None) -> Tensor:
        """Replace the scores of items that must not be recommended. None for ``items`` means all items."""
        return scores

    @torch.no_grad()
    def _score_pairs(self, users: Tensor, items: Tensor) -> Tensor:
        users, items = users.to(self.device), items.to(self.device)
        scores = self._output(self._trained()(users, items).reshape(len(items)).float())
        return self._hide(scores, items)

    def _score_in_chunks(self, users: Tensor, item_ids: Tensor | None = None) -> Iterator[Tensor]:
        net = self._trained()
        num_items = self._num_items if item_ids is None else len(item_ids)
        piece = max(1, CHUNK // max(1, num_items * (1 if isinstance(net, ScoresAllItems) else self.embedding_dim)))
        for start in range(0, max(1, len(users)), piece):
            yield self._score_block(net, users[start : start + piece].to(self.device), item_ids)

    @torch.no_grad()
    def _score_block(self, net: Any, users: Tensor, item_ids: Tensor | None) -> Tensor:
        if isinstance(net, ScoresAllItems):
            scores = net.score_all(users, item_ids)
        else:
            items = torch.arange(self._num_items, device=self.device) if item_ids is None else item_ids
            pairs = users.repeat_interleave(len(items)), items.repeat(len(users))
            scores = net(*pairs).reshape(len(users), len(items))
        return self._hide(self._output(scores.float()), item_ids)

    # -- training ------------------------------------------------------------------------------------------------
    def _check(self, interactions: Interactions) -> None:
        if len(interactions) == 0:
            raise LearningError("There are no interactions to learn from.")
        require_weights(interactions)
        if self._net is not None:
            for kind, ids, size in (
                ("user", interactions.user_ids, self._num_users),
                ("item", interactions.item_ids, self._num_items),
            ):
                if int(ids.max()) >= size:
                    raise OptionError(
                        f"{kind} id {int(ids.max())} is not below {size}, the number of {kind}s in the model's first "
                        f"fit: give the first fit interactions with a larger num_{kind}s, or make a new model."
                    )

    def _columns(self, interactions: Interactions) -> Iterable[npt.NDArray[Any] | None]:
        return interactions.user_ids, interactions.item_ids, interactions.ratings, interactions.weights

    def _build(self, interactions: Interactions) -> nn.Module:
        self._num_users, self._num_items = interactions.num_users, interactions.num_items
        return self._rebuild()

    def _rebuild(self) -> nn.Module:
        self._rows = None
        if self.representation is None:
            return BilinearNet(self._num_users, self._num_items, self.embedding_dim, sparse=self.sparse)
        if not isinstance(self.representation, nn.Module):
            raise OptionError(f"representation must be a torch.nn.Module, not {self.representation!r}.")
        return self.representation

    def _learner(self, interactions: Interactions, net: nn.Module) -> Learner:
        users = self._tensor(interactions.user_ids, np.int32)
        items = self._tensor(interactions.item_ids, np.int32)
        self._record_seen(items)
        weights = None if interactions.weights is None else self._tensor(interactions.weights, np.float32)
        observed = self._observed(interactions)
        if self.optimizer_func is None and is_plain(net):
            assert isinstance(net, BilinearNet)
            present_users, users = _positions(users, self._num_users)
            present_items, items = _positions(items, self._num_items)
            return BilinearTrainer(
                self._packed(net, present_users, present_items),
                self._objective(),
                users,
                items,
                observed=observed,
                weights=weights,
                sampler=self._sampler(users, items, torch.arange(len(present_items), device=self.device)),
                num_negatives=self._num_negatives,
                batch_size=self.batch_size,
            )
        self._make_optimizers(net)
        return AutogradTrainer(
            net,
            self._optimizers,
            {"groups": users, "items": items, "observed": observed, "weights": weights},
            lambda batch: self._batch_loss(net, batch),
            self._sampler(users, items, torch.unique(items)),
            self._num_negatives,
        )

    def _packed(self, net: BilinearNet, users: Tensor, items: Tensor) -> PackedRows:
        """Pack the rows to train, with the Adam moments of earlier fits."""
        before, state = self._rows, self._loaded_optimizer
        if before is not None and before.same_rows(users, items):
            return before
        self._rows = PackedRows(net, users, items, self.learning_rate, self.l2)
        if before is not None:
            self._rows.take_over(before.state(), before.adam.steps)
        elif state:
            here = {name: tensor.to(self.device) for name, tensor in state.items()}
            self._rows.take_over(here, int(self._loaded_optimizer_header["steps"]))
        self._loaded_optimizer = {}
        return self._rows

    def _finish(self, net: nn.Module) -> None:
        self._write_back(net)

    def _write_back(self, net: nn.Module) -> None:
        if self._rows is not None and isinstance(net, BilinearNet):
            self._rows.write_back(net)

    def _reset(self) -> None:
        super()._reset()
        self._rows = None

    def _forget_optimizer(self) -> None:
        super()._forget_optimizer()
        self._rows = None

    def _to_cpu(self, net: nn.Module) -> None:
        super()._to_cpu(net)
        if self._rows is not None:
            self._rows.to(self.device)

    def _optimizer_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        if self._rows is not None:
            return self._rows.state(), {"steps": self._rows.adam.steps}
        return super()._optimizer_state()

    def _sizes(self) -> dict[str, float]:
        return {"_num_users": self._num_users, "_num_items": self._num_items}

    def _objective(self) -> Objective:
        """Return the function of loss and gradient for :class:`BilinearTrainer`."""
        return self._objectives[self.loss]

    # -- what explicit and implicit models implement -------------------------------------------------------
    @property
    def _num_negatives(self) -> int:
        return 1

    def _observed(self, interactions: Interactions) -> Tensor | None:
        """Return the ratings that the scores are compared with, if any."""
        return None

    def _sampler(self, users: Tensor, items: Tensor, candidates: Tensor) -> NegativeSampler | None:
        """Make the sampler of negatives, if the model needs one. It draws from items that occur."""
        return None

    def _batch_loss(self, net: nn.Module, batch: Batch) -> Tensor:
        raise NotImplementedError


def _positions(ids: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return the distinct ids in ascending order, and the position of each of ``ids`` among them (int32)."""
    occurs = torch.zeros(size, dtype=torch.bool, device=ids.device)
    occurs[ids.long()] = True
    position = occurs.cumsum(0, dtype=torch.int32) - 1
    return occurs.nonzero().squeeze(1), position[ids.long()]
