"""Bayesian matrix factorisation of ratings by Gibbs sampling (BPMF)."""

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
from engine.factorization.blocks import FactorBlock, draw, draw_prior
from engine.factorization.days import Days
from engine.factorization.likelihoods import Gaussian, Likelihood, Ordinal
from engine.factorization.linear_prior import LinearPrior
from engine.factorization.pieces import index_type, pad_by_entity
from engine.factorization.posterior import Posterior, Samples, Shares
from engine.factorization.rating_scale import RatingScale
from engine.factorization.sweeps import SweepJob
from engine.interactions import Interactions
from engine.models.base import Scores
from engine.models.closed_form import ClosedFormUserModel, require_ratings
from engine.models.contract import Capabilities
from engine.models.factors import Factors
from engine.models.fold_in import Ridge
from engine.models.item_vectors import ItemVectorsMixin
from engine.models.option_checks import require_positive, require_whole
from engine.models.spec import ModelSpec
from engine.runtime.executor import Executor, LocalExecutor
from engine.runtime.job import Job, Progress

LIKELIHOODS = ("gaussian", "ordinal")
#: The standard deviation of the initial vectors of users and items, and of days.
_INITIAL_STD = 0.3
_INITIAL_STD_DAYS = 0.1
#: The number of sweeps of alternating least squares, with fixed priors, before the first draw.
_WARM_START = 2
#: The scale of the Wishart prior of the vectors' precision.
_WISHART_SCALE = 0.5
#: The number of ratings that are scored at a time at the start.
_PIECE = 4_194_304


class BayesianFactorizationModel(ItemVectorsMixin, ClosedFormUserModel):
    """Predicts ratings and their uncertainty by averaging over samples of a factorisation's posterior.

    The model is Bayesian probabilistic matrix factorisation (Salakhutdinov and Mnih, ICML 2008). Its sampler draws the
    vectors of all users and of all items in padded batches, on the CPU or on a GPU. It has these additions, each of
    which lowers the error (docs/results.md says by how much):

    - The biases are elements of the vectors.
    - Each user has an own noise variance.
    - The items that a user has rated, and the users who have rated an item, are features of the priors. This is the
      implicit feedback of SVD++ (Koren, KDD 2008), for items too as in Rendle, Zhang and Koren (2019).
    - The vectors of users drift over time and differ by day, as in timeSVD++ (Koren, KDD 2009).
    - Any features of items and users move the means of the priors, as in Macau (Simm et al., 2017).

    Parameters
    ----------
    embedding_dim
        The length of the vectors, without the bias.
    n_iter
        The number of Gibbs sweeps over all vectors.
    burn_in
        The number of sweeps at the start that are discarded.
    likelihood
        The likelihood of the ratings: ``gaussian``, or ``ordinal`` for grades whose distances are learnt (ordered
        probit).
    history
        Whether to use implicit feedback (who rated what) as features.
    time
        Whether to use the times of the ratings, if there are any.
    side_features
        Whether to use the features that :meth:`fit` is given.
    concentration
        The shape k of the Gamma prior of the users' noise precisions. The larger it is, the more similar the users'
        precisions are.
    num_samples
        The number of samples that are kept for predictions.
    random_state
        The seed. The same seed gives the same model on the same device.
    device
        The device: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises
    ------
    ValueError
        If an option has an impossible value.
    """

    spec: ClassVar[ModelSpec] = specs.BAYESIAN
    _plain: ClassVar[tuple[str, ...]] = (*ClosedFormUserModel._plain, "_span")
    _tensors: ClassVar[tuple[str, ...]] = ()  # _pack_tensors returns those of the posterior and of the days

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
        require_whole(embedding_dim=embedding_dim, n_iter=n_iter, num_samples=num_samples)
        require_whole(0, burn_in=burn_in)
        if burn_in >= n_iter:
            raise OptionError(f"burn_in must be less than n_iter ({n_iter}), not {burn_in}: nothing would be kept.")
        require_positive(concentration=concentration)
        self.embedding_dim, self.n_iter, self.burn_in = int(embedding_dim), int(n_iter), int(burn_in)
        self.likelihood, self.history, self.time, self.side_features = likelihood, history, time, side_features
        self.concentration, self.num_samples = float(concentration), int(num_samples)
        self._features: Features | None = None
        self._executor: Executor = LocalExecutor()
        self._posterior: Posterior | None = None
        self._days: Days | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What this model can do. Without ``side_features`` it uses no features.

        With an ordinal likelihood the predictions are no function of the scores alone, so there are no factors.
        """
        declared = replace(super().capabilities, factorizes=self.likelihood == "gaussian")
        return declared if self.side_features else replace(declared, uses=("ratings", "times"))

    # -- training ------------------------------------------------------------------------------------------------
    def fit(
        self,
        interactions: Interactions,
        verbose: bool = False,
        job: Job | None = None,
        features: Features | None = None,
        *,
        executor: Executor | None = None,
    ) -> None:
        """Train on ratings. Each call starts from scratch.

        Parameters
        ----------
        interactions
            Interactions with ratings on any scale. Their ``timestamps`` (unix seconds) are used if ``time`` is set.
            Their ``weights`` are not used.
        verbose
            Has no effect. It exists because all models have the same signature.
        job
            The job that receives progress and may cancel.
        features
            Features of items and users, which are used if ``side_features`` is set.
        executor
            What draws the vectors of the blocks of users, items and days; None draws them here. The draws are the same
            to the last bit.

        Raises
        ------
        CancelledError
            If the job was cancelled. The model is then untrained.
        ValueError
            If there are no ratings, or they do not suit the likelihood.
        """
        self._features = features if self.side_features else None
        self._executor = executor or LocalExecutor()
        try:
            super().fit(interactions, verbose, job)
        finally:
            self._features, self._executor = None, LocalExecutor()

    @torch.no_grad()
    def _fit(self, interactions: Interactions, job: Job) -> None:
        ratings, scale = require_ratings(interactions), RatingScale()
        if self.likelihood == "gaussian":  # the grades of an ordinal likelihood are only compared
            scale = RatingScale.of(ratings)
            ratings = scale.standardize(ratings.astype(np.float64))
        job.report(Progress(f"preparing {self.name}"))
        seed = self.random_state if self.random_state is not None else int(np.random.default_rng().integers(2**31))
        generator = torch.Generator(device=self.device).manual_seed(seed)
        days = shares = None
        if self.time and interactions.timestamps is not None:
            days = Days(interactions.user_ids, interactions.timestamps, interactions.num_users)
            shares = days.shares(interactions.num_users)
        job.checkpoint()
        observed = self._tensor(ratings, np.float32)
        users = self._tensor(interactions.user_ids, index_type(interactions.num_users))
        likelihood = self._likelihood(observed, users, interactions.num_users)
        blocks = self._blocks(interactions, days, generator, job)
        if days is not None:
            days.forget_ratings()
        samples = self._sample(blocks, likelihood, generator, shares, job)
        grades = likelihood.grades if isinstance(likelihood, Ordinal) else observed.new_zeros(0)
        del blocks, likelihood, observed, users  # their memory is needed for the summary
        job.report(Progress(f"averaging the samples of {self.name}"))
        self._posterior = Posterior.summarise(samples, grades, scale)
        for name in ("_user_prior", "_noise"):
            self.__dict__.pop(name, None)
        self._days, self._span = days, None if days is None else days.span

    def _likelihood(self, ratings: Tensor, users: Tensor, num_users: int) -> Likelihood:
        make: type[Gaussian | Ordinal] = Ordinal if self.likelihood == "ordinal" else Gaussian
        return make(ratings, users, num_users, self.concentration)

    def _blocks(
        self, interactions: Interactions, days: Days | None, generator: torch.Generator, job: Job
    ) -> list[FactorBlock]:
        """Make the blocks of users, days and items in the order of sampling. ``_sample`` needs the items to be last."""
        width = self.embedding_dim + 1
        known = self._features or Features()
        of_users, of_items = dict(known.users), dict(known.items)
        if self.history:
            of_users["history"], of_items["history"] = history(interactions)

        def make(
            name: str, left: bool, ids: Any, count: int, features: Mapping[str, Any], scale: float, centred: bool
        ) -> FactorBlock:
            vectors = torch.empty(count, width, device=self.device).normal_(generator=generator) * scale
            vectors[:, -1] = 0.0
            decomposing = job.named(f"preparing {self.name}: features of {name}s")
            return FactorBlock(
                name,
                left,
                torch.from_numpy(np.append(ids, 0).astype(index_type(count))).to(self.device),
                pad_by_entity(ids, count, width, self.device),
                vectors,
                [
                    LinearPrior(matrix, width, self.device, weighs=name == "day", job=decomposing)
                    for matrix in features.values()
                ],
                centred,
                self._executor,
            )

        blocks = [make("user", True, interactions.user_ids, interactions.num_users, of_users, _INITIAL_STD, True)]
        if days is not None:
            blocks.append(make("day", True, days.ids, len(days), days.prior_features(), _INITIAL_STD_DAYS, False))
        blocks.append(make("item", False, interactions.item_ids, interactions.num_items, of_items, _INITIAL_STD, True))
        return blocks

    def _sample(
        self,
        blocks: list[FactorBlock],
        likelihood: Likelihood,
        generator: torch.Generator,
        shares: Shares | None,
        job: Job,
    ) -> Samples:
        state = likelihood.start()
        offset = float(state.score[0])
        state.score += _scores(blocks)
        samples = Samples(blocks, offset, self.num_samples, self.n_iter - self.burn_in, shares)
        steps = sum(block.num_checkpoints for block in blocks)
        sampling = SweepJob(job, f"training {self.name}", _WARM_START + self.n_iter, steps)
        for sweep in range(-_WARM_START, self.n_iter):
            warming = sweep < 0
            for block in blocks:
                others = [other for other in blocks if other.left != block.left]
                # The conditional mean of the items has less variance than a draw (Rao-Blackwellisation).
                kept = block is blocks[-1] and sweep >= self.burn_in
                random = None if warming else generator
                means = draw(block, others, state, random, sampling, conditional_means=kept)
                if means is not None:
                    samples.add(blocks, means, likelihood)
                if not warming:
                    draw_prior(block, generator, _WISHART_SCALE, sampling)
            if warming:
                sampling.sweep_ended()
                continue
            likelihood.draw(state, generator)
            error = float((state.target - state.score)[:-1].square().mean())
            sampling.sweep_ended({"epoch": sweep + 1, "epochs": self.n_iter, "loss": error})
        return samples

    # -- predicting ---------------------------------------------------------------------------------------------
    @torch.no_grad()
    def predict(
        self,
        user_ids: npt.ArrayLike,
        item_ids: npt.ArrayLike | None = None,
        timestamps: npt.ArrayLike | None = None,
    ) -> Scores:
        """Predict the mean ratings of pairs, or of all items.

        The shapes are those of :meth:`engine.models.closed_form.ClosedFormUserModel.predict`.

        Parameters
        ----------
        user_ids, item_ids
            See :meth:`engine.models.closed_form.ClosedFormUserModel.predict`.
        timestamps
            The times at which the pairs would be rated, in unix seconds, ``(n,)``. The prediction then includes the
            user's deviation on that day. None predicts for an average day.

        Raises
        ------
        NotTrainedError
            Before the first fit.
        ValueError
            If an id is out of range, or the lengths do not match.
        """
        if timestamps is None or item_ids is None or self._days is None:
            return super().predict(user_ids, item_ids)
        score, variance = self._sampled(user_ids, item_ids, timestamps)
        mean: Scores = self._fitted_posterior().rating(score, variance).cpu().numpy()
        return mean

    @torch.no_grad()
    def std(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike, timestamps: npt.ArrayLike | None = None) -> Scores:
        """Return the standard deviation of the ratings of pairs, ``(n,)``, from posterior and noise variance."""
        _, variance = self._sampled(user_ids, item_ids, timestamps)
        deviation: Scores = (self._fitted_posterior().unit * variance.sqrt()).cpu().numpy()
        return deviation

    def _sampled(
        self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike, timestamps: npt.ArrayLike | None
    ) -> tuple[Tensor, Tensor]:
        """Return the mean and the variance of the scores of pairs, each ``(n,)``."""
        posterior = self._fitted_posterior()
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
        return scores.mean(0), variance

    def _score_users(self, users: Tensor) -> Tensor:
        return self._fitted_posterior().all_scores(users)

    def _score_pairs(self, users: Tensor, items: Tensor) -> Tensor:
        return self._fitted_posterior().pair_scores(users, items)

    def item_vectors(self) -> Scores:
        """Return the item factors of the mean prediction, ``(num_items, r)``."""
        vectors: Scores = self._fitted_posterior().item_factors.cpu().numpy()
        return vectors

    def factors(self) -> Factors:
        """Return the factors of the mean prediction. The biases are elements of the vectors."""
        self.require("factorizes")
        posterior = self._fitted_posterior()
        users, items = posterior.user_factors, posterior.unit * posterior.item_factors
        return Factors(
            users.cpu().numpy(),
            items.cpu().numpy(),
            np.zeros(len(users), np.float32),
            np.zeros(len(items), np.float32),
            float(posterior.center),
        )

    def _fitted_posterior(self) -> Posterior:
        self._require_fitted()
        assert self._posterior is not None
        return self._posterior

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        assert ratings is not None
        posterior = self._fitted_posterior()
        ridge, rows, targets = self._ridge_problem(items, ratings)
        scores = posterior.item_factors @ ridge.solve(rows, targets)
        return posterior.rating(scores, self._noise + posterior.item_doubt)

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        assert ratings is not None
        ridge, rows, history_targets = self._ridge_problem(items, ratings)
        posterior = self._fitted_posterior()
        return posterior.unit * ridge.parts(rows, history_targets, posterior.item_factors[targets])

    def _removal_effects(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        assert ratings is not None
        ridge, rows, history_targets = self._ridge_problem(items, ratings)
        posterior = self._fitted_posterior()
        return posterior.unit * ridge.removal_effects(rows, history_targets, posterior.item_factors[targets])

    def _ridge_problem(self, items: Tensor, ratings: Tensor) -> tuple[Ridge, Tensor, Tensor]:
        """State a user's vector as a ridge regression. Each rating is weighted by the certainty of its item."""
        posterior = self._fitted_posterior()
        noise = self._noise
        root = (noise / (noise + posterior.item_doubt[items])).sqrt()
        return self._user_prior, posterior.item_factors[items] * root[:, None], posterior.latent(ratings) * root

    @cached_property
    def _user_prior(self) -> Ridge:
        posterior = self._fitted_posterior()
        return Ridge.of_people(posterior.user_factors, self._noise)

    @cached_property
    def _noise(self) -> float:
        """The mean over users of the variance of a rating's noise."""
        return float(self._fitted_posterior().variance.mean())

    # -- storage ------------------------------------------------------------------------------------------------
    def _pack_tensors(self) -> dict[str, Tensor]:
        tensors = self._fitted_posterior().tensors()
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
    """Compute the score of each rating, ``(N + 1,)``."""
    scores = blocks[0].vectors.new_empty(len(blocks[0].ids))
    for start in range(0, len(scores), _PIECE):
        part = slice(start, start + _PIECE)
        sides = []
        for left in (True, False):
            vectors = [block.vectors[block.ids[part]] for block in blocks if block.left == left]
            sides.append(sum(vectors[1:], vectors[0]))
        one, other = sides
        scores[part] = (one[:, :-1] * other[:, :-1]).sum(1) + one[:, -1] + other[:, -1]
    return scores
