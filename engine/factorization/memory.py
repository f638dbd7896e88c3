"""The memory that training a factorisation model takes, from counts.

Each function takes the counts of the data and all options, and estimates the most bytes that are held at any time of
the training on the CPU, beside the interactions themselves. The terms follow what the code allocates: bytes for each
interaction, rows of vectors, and a constant for blocks of bounded size and for the libraries' own buffers. The module
imports no torch, like the declarations that use it. ``benchmarks/reliability/memory.py`` compares the estimates with
what is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.models.counts import Counts
from engine.runtime.executor import MOST_THREADS
from engine.runtime.thread_pool import usable_cores

Options = Mapping[str, Any]

#: What blocks of bounded size, the buffers of BLAS and the allocator's slack take in every training.
WORKSPACE = 16_000_000
#: The same for a training that multiplies no matrices.
_SMALL = 1_000_000
#: The bytes an interaction of the sparse matrices of :class:`engine.factorization.pairs.Pairs`: while the distinct
#: pairs are sorted, and afterwards (a column and a value, on both sides).
PAIRS_BUILDING, PAIRS_KEPT = 32, 24
#: The bytes an interaction of the offsets of :func:`engine.factorization.baseline.solve_offsets`, in double precision.
OFFSETS = 48

#: The largest number of elements of the kept samples of users and items together, and of those of the days.
SAMPLE_BUDGET = 150_000_000
#: Feature matrices with at most so many rows or columns are decomposed exactly. Of larger ones only so many of the
#: largest singular values are computed.
EXACT_SIZE, NUM_COMPONENTS = 2048, 384
#: Features of days that are more than so many numbers are held as splines. Ten years take 74 numbers a day.
MAX_DENSE_FEATURES = 20_000_000
_DAY_FEATURES = 74


def number_kept(wanted: int, sweeps: int, entities: int, days: int) -> tuple[int, int]:
    """Return how many samples are kept, of those that the sweeps after the burn-in give, and how many of the days.

    Parameters
    ----------
    wanted, sweeps
        The number of samples to keep, and of sweeps after the burn-in.
    entities, days
        The number of elements of a sample of all users and items, and of all days.
    """
    kept = max(2, min(wanted, sweeps, SAMPLE_BUDGET // max(1, entities)))
    return kept, max(2, min(kept, SAMPLE_BUDGET // max(1, days)))


def bayesian(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.factorization.bayesian.BayesianFactorizationModel`."""
    width, num = options["embedding_dim"] + 1, counts.interactions
    days = counts.days if options["time"] else 0
    both = counts.users + counts.items
    entities = both + days
    blocks = 3 if days else 2
    sweeps = options["n_iter"] - options["burn_in"]
    kept, of_days = number_kept(options["num_samples"], sweeps, both * width, days * width)
    # Users on an average day are samples too: made with each sample if fewer samples of days are kept, else at the end.
    typical = 2 * kept * width * counts.users
    fewer = days > 0 and of_days < kept
    samples = 2 * width * (kept * both + of_days * days) + (typical if fewer else 0) + 8 * days
    # Targets, scores, precisions and ratings; for each block the entity and the padded row of each rating.
    state = num * (16 + blocks * 9) + (num * 40 if options["likelihood"] == "ordinal" else 0)
    vectors = 4 * width * 3 * entities  # before and after a sweep, and what the priors expect
    history = _history(counts) if options["history"] else 0
    day_features, expanding = 0.0, 0.0
    if days:
        dense = days * _DAY_FEATURES <= MAX_DENSE_FEATURES
        day_features = days * (4 * _DAY_FEATURES if dense else 2 * 8)
        expanding = days * (3 * 8 * _DAY_FEATURES if dense else 6 * 8)
    sparse = 16 * num if options["history"] else 0  # by user and by item, until both are decomposed
    finding_days = 48 * num if days else 0
    preparing = max(finding_days, num * (16 + blocks * 9 - 12) + sparse + history + max(24 * num, expanding))
    # The system of at least one row, its factor and its draw, and the moments of each block.
    systems = 4 * width**2 * (3 + 2 * blocks)
    sampling = state + vectors + samples + history + day_features + 8 * 4_000_000 + systems
    summing_up = samples + (0 if fewer else typical) + 8 * kept * (width + 1) * both
    return float(WORKSPACE + max(preparing, sampling, summing_up))


def _history(counts: Counts) -> float:
    """The singular vectors of the history, by user and by item, and one copy of the larger ones while they are made."""
    smaller, larger = sorted((counts.users, counts.items))
    rank = smaller if smaller <= EXACT_SIZE else NUM_COMPONENTS
    return 4.0 * rank * (smaller + larger + larger)


def als(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.factorization.als.AlternatingLeastSquaresModel`."""
    row = 4 * options["embedding_dim"]
    # A half-sweep holds both sides, those of both in the eigenbasis, and the squares of the one that is fixed.
    users, items = counts.users, counts.items
    # The product of all rows of a side with itself, its eigenvectors, and what the decomposition takes beside them.
    sweeping = row * max(2 * users + 3 * items, 3 * users + 2 * items) + 8 * row * options["embedding_dim"]
    # A block's values of pairs, and its rows in each state of conjugate gradients. Each thread has a block.
    block = 5 * 4 * min(262_144, counts.interactions) + 10 * row * min(16_384, max(users, items) // 32)
    pairs = max(PAIRS_BUILDING * counts.interactions, PAIRS_KEPT * counts.interactions + sweeping)
    return float(_SMALL + pairs + min(MOST_THREADS, usable_cores()) * block)


def svd(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.factorization.svd.BiasedFactorizationModel`."""
    row = 4 * (options["embedding_dim"] + 1)
    # Vectors, and their penalties in two units; at the end those of the users once more.
    tables = row * (4 * counts.users + 3 * counts.items)
    held = 28 * counts.interactions
    # The vectors of a batch, their gradients, and what these are made of.
    training = held + 6 * row * options["batch_size"]
    # One side of the pairs, while those of the ratings are built: ratings in single precision, counts in double.
    solving = held + (PAIRS_KEPT // 2 + PAIRS_BUILDING + 4 + 8) * counts.interactions
    return float(WORKSPACE / 2 + tables + max(OFFSETS * counts.interactions, training, solving))


def explicit(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.factorization.explicit.ExplicitFactorizationModel`."""
    return float(_gradient_training(counts, options) + 16 * counts.interactions)


def implicit(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.factorization.implicit.ImplicitFactorizationModel`."""
    known = 48 if options["exclude_known"] else 16  # the known pairs as keys of 8 bytes, sorted
    return float(_gradient_training(counts, options) + (16 + known) * counts.interactions)


def _gradient_training(counts: Counts, options: Options) -> float:
    row = 4.0 * (options["embedding_dim"] + 1)
    # The network, its packed rows, the first moments of Adam, and what is copied where the rows are packed.
    tables = 3.5 * row * (counts.users + counts.items)
    step = 16 * row * options["batch_size"]  # the vectors of a batch, their gradients and moments
    return float(WORKSPACE / 4 + tables + step)


def baseline(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.factorization.baseline.BaselineModel`."""
    return float(_SMALL + OFFSETS * counts.interactions + 12 * (counts.users + counts.items))


def popular(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.factorization.popular.PopularModel`."""
    decayed = 32 if options["half_life"] else 0
    return float(_SMALL + decayed * counts.interactions + 16 * counts.items)
