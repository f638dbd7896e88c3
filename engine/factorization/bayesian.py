"""Bayesian matrix factorisation of ratings by Gibbs sampling, with history, time and side information."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.data.features import Features, history
from engine.data.ids import as_ids
from engine.errors import OptionError
from engine.factorization import specs
from engine.factorization.blocks import FactorBlock, draw, draw_prior, pad_by_entity
from engine.factorization.days import Days
from engine.factorization.likelihoods import Gaussian, Likelihood, Ordinal
from engine.factorization.linear_prior import LinearPrior
from engine.factorization.posterior import Posterior, Samples
from engine.interactions import Interactions
from engine.models.base import Scores
from engine.models.closed_form import ClosedFormUserModel, require_ratings
from engine.models.contract import Capabilities
from engine.models.fold_in import Ridge
from engine.models.item_vectors import ItemVectorsMixin
from engine.models.spec import ModelSpec
from engine.runtime.job import Job, Progress

LIKELIHOODS = ("gaussian", "ordinal")
#: The standard deviation of the vectors that the sampler starts from, in units of the ratings' own.
_START = 0.3
_START_DAYS = 0.1
#: Sweeps by alternating least squares before the first draw, with the priors held still.
_WARM_START = 2
#: The scale of the prior on the vectors' scatter.
_SCATTER = 0.5


class BayesianFactorizationModel(ItemVectorsMixin, ClosedFormUserModel):
    """Predicts ratings, and how sure it is, by averaging over many factorisations that fit about as well.

    Bayesian probabilistic matrix factorisation (Salakhutdinov and Mnih, 2008) whose sampler draws all users' and all
    items' vectors in batches of equal size, on the CPU or a GPU alike, with these additions, each of which lowers the
    error (docs/results.md says how much): biases as elements of the vectors; noise of each user's own; what a user has
    rated, and who has rated an item, as features of their priors (the implicit side of SVD++, Koren, 2008, on both
    sides, as "flipped" in Rendle, Zhang and Koren, 2019); drifts and moods by day (as in timeSVD++, Koren, 2009); and
    any features of items and users (as Macau, Simm et al., 2017).

    Parameters
    ----------
    embedding_dim
        The length of the vectors, without the bias.
    n_iter
        Sweeps over all vectors.
    burn_in
        How many of them, at the start, are thrown away.
    likelihood
        ``gaussian``, or ``ordinal``: ratings are grades whose distances are learnt (ordered probit).
    history
        Whether to use who rated what as features.
    time
        Whether to use the times of ratings, where there are any.
    side_features
        Whether to use features that :meth:`fit` is given.
    concentration
        How alike users are in how noisily they rate: the shape k of the Gamma distribution of their precisions.
    num_samples
        How many samples are kept for predictions at a time, spreads and new users.
    random_state
        The seed: the same one gives the same model on the same device.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises
    ------
    ValueError
        If an option has an impossible value.
    """

    spec: ClassVar[ModelSpec] = specs.BAYESIAN
    _plain: ClassVar[tuple[str, ...]] = (*ClosedFormUserModel._plain, "lowest", "highest", "_span")
    _tensors: ClassVar[tuple[str, ...]] = ()  # those of the posterior and of the days; see _pack_tensors

    lowest = 0.0
    highest = 0.0
    _span: tuple[float, float] | None = None

    def __init__(
        self,
        embedding_dim: int = 16,
        n_iter: int = 100,
        burn_in: int = 10,
        likelihood: str = "gaussian",
        history: bool = True,
        time: bool = True,
        side_features: bool = True,
        concentration: float = 8.0,
        num_samples: int = 48,
        *,
        random_state: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(random_state=random_state, device=device)
        if likelihood not in LIKELIHOODS:
            raise OptionError(f"likelihood must be one of {', '.join(LIKELIHOODS)}, not {likelihood!r}.")
        for option, value, least in (
            ("embedding_dim", embedding_dim, 1),
            ("n_iter", n_iter, 1),
            ("burn_in", burn_in, 0),
            ("num_samples", num_samples, 1),
        ):
            if int(value) != value or value < least:
                raise OptionError(f"{option} must be a whole number from {least} on, not {value!r}.")
        if burn_in >= n_iter:
            raise OptionError(f"burn_in must be less than n_iter ({n_iter}), not {burn_in}: nothing would be kept.")
        if not concentration > 0:
            raise OptionError(f"concentration must be above 0, not {concentration!r}.")
        self.embedding_dim, self.n_iter, self.burn_in = int(embedding_dim), int(n_iter), int(burn_in)
        self.likelihood, self.history, self.time, self.side_features = likelihood, history, time, side_features
        self.concentration, self.num_samples = float(concentration), int(num_samples)
        self._features: Features | None = None
        self._posterior: Posterior | None = None
        self._days: Days | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Without ``side_features`` the model uses no features."""
        declared = super().capabilities
        return declared if self.side_features else replace(declared, uses=("ratings", "times"))

    # -- fitting ------------------------------------------------------------------------------------------------
    def fit(
        self,
        interactions: Interactions,
        verbose: bool = False,
        job: Job | None = None,
        features: Features | None = None,
    ) -> None:
        """Learn from ratings, anew at each call.

        Parameters
        ----------
        interactions
            With ratings on any scale; ``timestamps`` in unix seconds are used where ``time`` is on.
        verbose
            Taken for the sake of a common signature.
        job
            Receives progress and may cancel.
        features
            What is known of items and users beside the ratings; used where ``side_features`` is on.

        Raises
        ------
        CancelledError
            After ``job.cancel()``; the model is then what it was before.
        ValueError
            If there are no ratings, or they do not suit the likelihood.
        """
        self._features = features if self.side_features else None
        super().fit(interactions, verbose, job)
        self._features = None

    @torch.no_grad()
    def _fit(self, interactions: Interactions, job: Job) -> None:
        ratings = self._tensor(require_ratings(interactions), np.float32)
        seed = self.random_state if self.random_state is not None else int(np.random.default_rng().integers(2**31))
        generator = torch.Generator(device=self.device).manual_seed(seed)
        days = None
        if self.time and interactions.timestamps is not None:
            days = Days(interactions.user_ids, interactions.timestamps, interactions.num_users)
        likelihood = self._likelihood(ratings, self._tensor(interactions.user_ids, np.int64), interactions.num_users)
        blocks = self._blocks(interactions, days, generator)
        samples = self._sample(blocks, likelihood, generator, job)
        grades = likelihood.grades if isinstance(likelihood, Ordinal) else ratings.new_zeros(0)
        typical = None if days is None else days.shares(interactions.num_users)
        self._posterior = Posterior.summarise(samples, grades, typical)
        self.__dict__.pop("_people", None)
        self._days, self._span = days, None if days is None else days.span
        self.lowest, self.highest = float(ratings.min()), float(ratings.max())

    def _likelihood(self, ratings: Tensor, users: Tensor, num_users: int) -> Likelihood:
        make: type[Gaussian | Ordinal] = Ordinal if self.likelihood == "ordinal" else Gaussian
        return make(ratings, users, num_users, self.concentration)

    def _blocks(self, interactions: Interactions, days: Days | None, generator: torch.Generator) -> list[FactorBlock]:
        """Users, their days, items: the order in which they are drawn. Items come last, as ``_sample`` relies on."""
        width = self.embedding_dim + 1
        known = self._features or Features()
        of_users, of_items = dict(known.users), dict(known.items)
        if self.history:
            of_users["history"], of_items["history"] = history(interactions)

        def make(
            name: str, left: bool, ids: Any, count: int, features: dict[str, Any], scale: float, centred: bool
        ) -> FactorBlock:
            ids = np.asarray(ids, dtype=np.int64)
            vectors = torch.empty(count, width, device=self.device).normal_(generator=generator) * scale
            vectors[:, -1] = 0.0
            return FactorBlock(
                name,
                left,
                torch.from_numpy(np.append(ids, 0)).to(self.device),
                pad_by_entity(ids, count, width, self.device),
                vectors,
                [LinearPrior(matrix, width, self.device) for matrix in features.values()],
                centred,
            )

        blocks = [make("user", True, interactions.user_ids, interactions.num_users, of_users, _START, True)]
        if days is not None:
            blocks.append(make("day", True, days.ids, len(days), days.features(), _START_DAYS, False))
        blocks.append(make("item", False, interactions.item_ids, interactions.num_items, of_items, _START, True))
        return blocks

    def _sample(
        self, blocks: list[FactorBlock], likelihood: Likelihood, generator: torch.Generator, job: Job
    ) -> Samples:
        state = likelihood.start()
        offset = float(state.score[0])
        state.score += _scores(blocks)
        samples = Samples(blocks, offset, self.num_samples, self.n_iter - self.burn_in)
        for sweep in range(-_WARM_START, self.n_iter):
            warming = sweep < 0
            for block in blocks:
                others = [other for other in blocks if other.left != block.left]
                means = draw(block, others, state, None if warming else generator, job)
                if block is blocks[-1] and sweep >= self.burn_in:
                    # The mean of the items given all else says more than a draw around it (Rao and Blackwell).
                    samples.add(blocks, means, likelihood)
                if not warming:
                    draw_prior(block, generator, _SCATTER)
            if not warming:
                likelihood.draw(state, generator)
                error = float((state.target - state.score)[:-1].square().mean())
                values = {"epoch": sweep + 1, "loss": error}
                job.report(Progress(f"training {self.name}", sweep + 1, self.n_iter, "sweeps", values))
        return samples

    # -- predicting ---------------------------------------------------------------------------------------------
    @torch.no_grad()
    def predict(
        self,
        user_ids: npt.ArrayLike,
        item_ids: npt.ArrayLike | None = None,
        timestamps: npt.ArrayLike | None = None,
    ) -> Scores:
        """Mean ratings of pairs, or of all items.

        The shapes are those of :meth:`engine.models.closed_form.ClosedFormUserModel.predict`.

        Parameters
        ----------
        user_ids, item_ids
            As there.
        timestamps
            When the pairs would be rated, unix seconds, ``(n,)``: takes in how the user rated on that day, or about
            then. Without, no day in particular.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        ValueError
            If an id is out of range, or the lengths do not match.
        """
        if timestamps is None or item_ids is None or self._days is None:
            return super().predict(user_ids, item_ids)
        mean, _ = self._sampled(user_ids, item_ids, timestamps)
        return mean

    @torch.no_grad()
    def std(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike, timestamps: npt.ArrayLike | None = None) -> Scores:
        """The standard deviation of predicted ratings of pairs, ``(n,)``: that of the mean and that of the noise."""
        _, deviation = self._sampled(user_ids, item_ids, timestamps)
        return deviation

    def _sampled(
        self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike, timestamps: npt.ArrayLike | None
    ) -> tuple[Scores, Scores]:
        posterior = self._known()
        users = as_ids(user_ids, self.num_users, "user").reshape(-1)
        items = as_ids(item_ids, self.num_items, "item").reshape(-1)
        users = users.expand(len(items)) if len(users) == 1 else users
        if len(users) != len(items):
            raise OptionError(f"{len(users)} user_ids and {len(items)} item_ids make no pairs: give as many of each.")
        days = features = None
        if timestamps is not None and self._days is not None:
            times = np.broadcast_to(np.asarray(timestamps, dtype=np.float64), users.shape)
            days = torch.from_numpy(self._days.find(users.numpy(), times)).to(self.device)
            known = self._days.features(users.numpy(), times)
            features = torch.from_numpy(np.concatenate(list(known.values()), 1)).to(self.device)
        users, items = users.to(self.device), items.to(self.device)
        scores = posterior.samples_of_pairs(users, items, days, features)
        variance = posterior.variance[users] + posterior.item_doubt[items] + scores.var(0)
        mean = posterior.rating(scores.mean(0), variance)
        return mean.cpu().numpy(), variance.sqrt().cpu().numpy()

    def _score_users(self, users: Tensor) -> Tensor:
        return self._known().all_scores(users)

    def _score_pairs(self, users: Tensor, items: Tensor) -> Tensor:
        return self._known().pair_scores(users, items)

    def item_vectors(self) -> Scores:
        """What the mean predictions hold of each item, ``(num_items, r)``."""
        vectors: Scores = self._known().item_factors.cpu().numpy()
        return vectors

    def _known(self) -> Posterior:
        self._require_fitted()
        assert self._posterior is not None
        return self._posterior

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        assert ratings is not None
        posterior = self._known()
        ridge, rows, targets = self._problem(items, ratings)
        scores = posterior.item_factors @ ridge.solve(rows, targets)
        return posterior.rating(scores, posterior.variance.mean() + posterior.item_doubt)

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        assert ratings is not None
        ridge, rows, wanted = self._problem(items, ratings)
        return ridge.parts(rows, wanted, self._known().item_factors[targets])

    def _problem(self, items: Tensor, ratings: Tensor) -> tuple[Ridge, Tensor, Tensor]:
        """Somebody's vector as a ridge regression: what they rated, weighed by how well it is known."""
        posterior = self._known()
        noise = posterior.variance.mean()
        root = (noise / (noise + posterior.item_doubt[items])).sqrt()
        return self._people, posterior.item_factors[items] * root[:, None], posterior.latent(ratings) * root

    @cached_property
    def _people(self) -> Ridge:
        posterior = self._known()
        return Ridge.of_people(posterior.user_factors, float(posterior.variance.mean()))

    # -- storing ------------------------------------------------------------------------------------------------
    def _pack_tensors(self) -> dict[str, Tensor]:
        tensors = self._known().tensors()
        if self._days is not None:
            tensors |= {
                "day_keys": torch.from_numpy(self._days.keys),
                "first_times": torch.from_numpy(self._days.first),
            }
        return tensors

    def _unpack_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        own = {name: tensor.to(self.device) for name, tensor in tensors.items() if name in Posterior.names()}
        self._posterior = Posterior(**own)
        if self._span is not None:
            first, last = self._span
            self._days = Days.restore(tensors["day_keys"].numpy(), tensors["first_times"].numpy(), (first, last))


def _scores(blocks: list[FactorBlock]) -> Tensor:
    """The score of each rating, ``(N + 1,)``."""
    sides = []
    for left in (True, False):
        parts = [block.vectors[block.ids] for block in blocks if block.left == left]
        sides.append(sum(parts[1:], parts[0]))
    one, other = sides
    return (one[:, :-1] * other[:, :-1]).sum(1) + one[:, -1] + other[:, -1]
