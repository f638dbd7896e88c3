"""The models by name: what there is, what each needs and may be told, and how to make, store and load one.

Importing this imports no model: lists and descriptions are there at once, torch comes with the first
:func:`create` or :func:`load`. A package adds models by entry points of the group ``recsys_tui.models``; each names
a :class:`ModelSpec`, or a class with Spotlight's ``fit`` and ``predict``.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import DataError, OptionError, UnknownError
from engine.results import Task

#: The entry point group in which other packages name their models.
ENTRY_POINTS = "recsys_tui.models"


@dataclass(frozen=True, slots=True)
class Range:
    """Between which numbers tuning looks for an option's value.

    Attributes
    ----------
    low, high
        The bounds, both included.
    log
        Whether to draw by order of magnitude.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a model may be told.

    Attributes
    ----------
    default
        Its value where nothing is said; its type is the option's.
    meaning
        A few words.
    choices
        The values that it may take; empty where the type says all.
    search
        Where tuning looks for its value: a range, or values to choose from; None where it is not to be tuned.
    """

    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    search: Range | tuple[Any, ...] | None = None

    def read(self, name: str, value: Any) -> Any:
        """The value, converted where it is text, as in ``--set n_iter=20``.

        Raises
        ------
        OptionError
            If it is not of the option's type, or none of its choices.
        """
        if self.choices and value not in self.choices:
            raise OptionError(f"{name} must be one of {', '.join(self.choices)}, not {value!r}.")
        if not isinstance(value, str) or isinstance(self.default, str):
            return value
        text = value.strip().lower()
        try:
            if isinstance(self.default, bool):
                return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text]
            return int(text) if isinstance(self.default, int) else float(text)
        except (KeyError, ValueError):
            kind = {bool: "true or false", int: "a whole number"}.get(type(self.default), "a number")
            raise OptionError(f"{name} must be {kind}, not {value!r}.") from None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as the registry knows it.

    Attributes
    ----------
    name
        What it is asked for by.
    task
        ``user``: ``predict`` takes users; ``sequence``: it takes sequences.
    description
        What it is good for, in a line.
    loader
        ``module:Class``.
    needs
        What the interactions must have: ``ratings``, ``times``.
    options
        By name.
    uses
        What it takes into account where it is there: ``ratings``, ``times``, ``texts``, ``features``.
    for_size
        Given the numbers of interactions and of items, the defaults that differ from those of ``options``.
    """

    name: str
    task: Task
    description: str
    loader: str
    needs: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    for_size: Callable[[int, int], Mapping[str, Any]] | None = None

    def defaults_for(self, num_interactions: int, num_items: int) -> dict[str, Any]:
        """The options' defaults for data of a size."""
        sized = {} if self.for_size is None else self.for_size(num_interactions, num_items)
        return {name: sized.get(name, option.default) for name, option in self.options.items()}

    def load_class(self) -> Any:
        """The class; imports its module.

        Raises
        ------
        DataError
            If the package that brings it is broken.
        """
        module, _, name = self.loader.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise DataError(f"The model {self.name} cannot be loaded from {self.loader}: {error}.") from error

    def read_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """All options, with the given ones converted to their types.

        Raises
        ------
        OptionError
            If one is unknown or has an impossible value.
        """
        for name in options:
            if name not in self.options:
                raise OptionError(f"The model {self.name} has no option {name!r}: it has {', '.join(self.options)}.")
        return {
            name: option.read(name, options[name]) if name in options else option.default
            for name, option in self.options.items()
        }


def _shared(embedding_dim: int, n_iter: int, batch_size: int, l2: float, learning_rate: float) -> dict[str, Option]:
    return {
        "embedding_dim": Option(embedding_dim, "the length of the vectors", search=(16, 32, 64, 128)),
        "n_iter": Option(n_iter, "epochs", search=Range(5, 60)),
        "batch_size": Option(batch_size, "examples a step"),
        "l2": Option(l2, "weight decay", search=Range(1e-7, 1e-2, log=True)),
        "learning_rate": Option(learning_rate, "of Adam", search=Range(1e-3, 3e-2, log=True)),
        "random_state": Option(42, "the seed"),
        "device": Option("auto", "auto, cpu, cuda or mps"),
    }


def _of_size(num_interactions: int, num_items: int) -> dict[str, Any]:
    """Many steps of a small batch cost more than they bring where there is much to learn from."""
    return {"batch_size": 8192, "n_iter": 10} if num_interactions >= 2_000_000 else {}


def _sweeps(num_interactions: int, num_items: int) -> dict[str, Any]:
    """The more ratings, the less a draw differs from the mean of many."""
    return {"n_iter": 40, "burn_in": 8, "num_samples": 16} if num_interactions >= 5_000_000 else {}


_RANKING = ("pointwise", "bpr", "hinge", "adaptive_hinge")
_NETS = ("pooling", "cnn", "lstm", "mixture")
_NEGATIVES = {
    "num_negative_samples": Option(5, "negatives among which adaptive_hinge takes the hardest"),
    "exclude_known": Option(True, "draw negatives from what was not chosen"),
}

_SEEDED = {"random_state": Option(42, "the seed"), "device": Option("auto", "auto, cpu, cuda or mps")}

_MARKOV = {
    "lags": Option(12, "how many items before a place are looked at", search=Range(3, 40)),
    "decay": Option(0.88, "what an item one step further away counts for", search=Range(0.5, 1.0)),
    "ahead": Option(0.5, "what an item after a place counts for, against one before it", search=Range(0, 1)),
    "alignment": Option(0.5, "what it adds that items stand in the same order", search=Range(0, 2)),
    "sharpness": Option(2.5, "1 counts transitions; above, places that agree more count more", search=Range(1, 4)),
}
_ATTENTION = {
    "embedding_dim": Option(64, "the length of the vectors", search=(32, 64, 128)),
    "dropout": Option(0.4, "the share of numbers that a training step leaves out", search=Range(0, 0.7)),
    "n_iter": Option(12, "epochs", search=Range(5, 60)),
    "batch_size": Option(32, "sequences of up to fifty items a step"),
    "learning_rate": Option(2e-3, "of Adam", search=Range(3e-4, 1e-2, log=True)),
    "num_negatives": Option(0, "items that each next one is told from; 0: all, or a sample of many"),
}

# In the order in which they answer where none is asked for: the first trained one of a task does. For users those that
# predict ratings come first, by their error, then those that only rank, by their lists, and last the two that tell all
# people the same; measured on validation parts.
_SPECS = (
    ModelSpec(
        "bayesian",
        "user",
        "Predicts ratings best, and how sure they are: the mean of many factorisations, with history, time, features.",
        "engine.factorization.bayesian:BayesianFactorizationModel",
        needs=("ratings",),
        uses=("ratings", "times", "features"),
        options={
            "embedding_dim": Option(16, "the length of the vectors", search=(8, 12, 16, 24, 32)),
            "n_iter": Option(80, "sweeps over all vectors"),
            "burn_in": Option(10, "of them, thrown away"),
            "likelihood": Option("gaussian", "how ratings come from scores", ("gaussian", "ordinal")),
            "history": Option(True, "use who rated what"),
            "time": Option(True, "use when it was rated"),
            "side_features": Option(True, "use genres, year, votes … of the items"),
            "concentration": Option(8.0, "how alike users are in their whims", search=Range(1.0, 50.0, log=True)),
            "num_samples": Option(48, "samples kept for times and spreads"),
            **_SEEDED,
        },
        for_size=_sweeps,
    ),
    ModelSpec(
        "knn",
        "user",
        "Predicts ratings by those that the same person gave to like items.",
        "engine.neighbours.knn:NeighboursModel",
        needs=("ratings",),
        options={
            "neighbors": Option(300, "neighbours that an item keeps", search=(100, 300, 1000)),
            "shrinkage": Option(200.0, "common raters at which a likeness counts half", search=Range(10, 500, True)),
            "power": Option(2.0, "of a likeness; higher lets close neighbours count more", search=Range(1, 3)),
            "damping": Option(0.01, "how little weak neighbours alone say", search=Range(1e-3, 0.3, log=True)),
            "l2_user": Option(5.0, "ratings of the mean with which each user starts", search=Range(1, 30, log=True)),
            "l2_item": Option(2.0, "ratings of the mean with which each item starts", search=Range(0.5, 30, log=True)),
            **_SEEDED,
        },
    ),
    ModelSpec(
        "svd",
        "user",
        "Predicts ratings: a vector and a bias for each user and item, by gradient descent.",
        "engine.factorization.svd:BiasedFactorizationModel",
        needs=("ratings",),
        options={
            "embedding_dim": Option(32, "the length of the vectors", search=(8, 16, 32, 64)),
            "n_iter": Option(20, "epochs", search=Range(10, 60)),
            "batch_size": Option(8192, "ratings a step"),
            "learning_rate": Option(0.1, "of rows with few ratings, at first", search=Range(0.01, 0.2, log=True)),
            "l2": Option(1.3, "the strength of the vectors' regularisation", search=Range(0.3, 5, log=True)),
            "l2_user": Option(5.0, "ratings of the mean with which each user starts", search=Range(1, 30, log=True)),
            "l2_item": Option(2.0, "ratings of the mean with which each item starts", search=Range(0.5, 30, log=True)),
            "scale": Option(0.1, "the length of the first vectors"),
            **_SEEDED,
        },
        for_size=lambda ratings, _: {"batch_size": 131_072} if ratings >= 2_000_000 else {},
    ),
    ModelSpec(
        "explicit",
        "user",
        "Predicts ratings: a vector and a bias for each user and item (Spotlight's).",
        "engine.factorization.explicit:ExplicitFactorizationModel",
        needs=("ratings",),
        options={
            "loss": Option("regression", "what is minimised", ("regression", "poisson", "logistic")),
            **_shared(embedding_dim=64, n_iter=40, batch_size=1024, l2=4e-4, learning_rate=1e-2),
            "center": Option(True, "count scores from the mean rating"),
        },
        for_size=_of_size,
    ),
    ModelSpec(
        "als",
        "user",
        "Ranks items by who chose what, with vectors solved for in turn (iALS).",
        "engine.factorization.als:AlternatingLeastSquaresModel",
        options={
            "embedding_dim": Option(64, "the length of the vectors", search=(32, 64, 128, 256)),
            "n_iter": Option(15, "sweeps"),
            "alpha": Option(0.2, "the weight of a pair that was not chosen", search=Range(1e-3, 1, log=True)),
            "l2": Option(0.018, "the strength of the regularisation", search=Range(1e-4, 0.1, log=True)),
            "nu": Option(1.0, "how it grows with the number of interactions", search=(0.5, 0.75, 1.0)),
            "confidence": Option(0.0, "by how much the highest rating weighs more than the lowest"),
            "scale": Option(0.1, "the length of the first vectors"),
            **_SEEDED,
        },
        uses=("ratings",),
    ),
    ModelSpec(
        "ease",
        "user",
        "Ranks items by those that the same people chose; memory grows with the square of the items.",
        "engine.neighbours.ease:EaseModel",
        options={
            "l2": Option(300.0, "the strength of the regularisation", search=Range(10, 3000, log=True)),
            "double": Option(False, "solve in double precision"),
            **_SEEDED,
        },
    ),
    ModelSpec(
        "implicit",
        "user",
        "Ranks items by who chose what, without ratings (Spotlight's).",
        "engine.factorization.implicit:ImplicitFactorizationModel",
        options={
            "loss": Option("adaptive_hinge", "what is minimised", _RANKING, search=_RANKING),
            **_shared(embedding_dim=64, n_iter=30, batch_size=1024, l2=2e-4, learning_rate=1e-2),
            **_NEGATIVES,
        },
        for_size=_of_size,
    ),
    ModelSpec(
        "baseline",
        "user",
        "Predicts ratings by what is usual for the user and for the item.",
        "engine.factorization.baseline:BaselineModel",
        needs=("ratings",),
        options={
            "l2_user": Option(5.0, "ratings of the mean with which each user starts", search=Range(1, 30, log=True)),
            "l2_item": Option(3.0, "ratings of the mean with which each item starts", search=Range(0.5, 30, log=True)),
            **_SEEDED,
        },
    ),
    ModelSpec(
        "popular",
        "user",
        "The most chosen items, for everybody alike.",
        "engine.factorization.popular:PopularModel",
        options={
            "half_life": Option(0.0, "days after which an interaction counts half; 0: never"),
            **_SEEDED,
        },
        uses=("times",),
    ),
    ModelSpec(
        "blend",
        "sequence",
        "Ranks what comes next by markov and attention together; the most accurate of the three.",
        "engine.sequence.blend:BlendModel",
        needs=("times",),
        options={
            "held_out": Option(0.1, "the share of people by whom the two are weighed"),
            **_ATTENTION,
            **_MARKOV,
            **_SEEDED,
        },
    ),
    ModelSpec(
        "attention",
        "sequence",
        "Ranks what comes next by self-attention over the items so far; needs many histories.",
        "engine.sequence.attention:AttentionModel",
        needs=("times",),
        options={
            "num_layers": Option(1, "layers of attention", search=(1, 2)),
            "num_heads": Option(2, "heads of attention", search=(1, 2, 4)),
            **_ATTENTION,
            "l2": Option(0.0, "weight decay", search=Range(1e-7, 1e-2, log=True)),
            **_SEEDED,
        },
    ),
    ModelSpec(
        "markov",
        "sequence",
        "Ranks what came next in the most similar places of all histories; learns in a second.",
        "engine.sequence.markov:MarkovModel",
        needs=("times",),
        options={
            **_MARKOV,
            "rarity": Option(0.1, "how much more a rare item tells than a popular one", search=Range(0, 0.5)),
            "popularity": Option(0.05, "how much popular items are held back", search=Range(0, 0.5)),
            "smoothing": Option(0.1, "votes given to items by their popularity", search=Range(0.001, 10, log=True)),
            "held_out": Option(0.1, "the share of people by whom it is judged whether order is strict"),
            **_SEEDED,
        },
    ),
    ModelSpec(
        "sequence",
        "sequence",
        "Ranks what comes next after a few items, with no user (Spotlight's).",
        "engine.sequence.implicit:ImplicitSequenceModel",
        needs=("times",),
        options={
            "loss": Option("bpr", "what is minimised", _RANKING, search=_RANKING),
            "representation": Option("cnn", "the net", _NETS, search=_NETS),
            **_shared(embedding_dim=32, n_iter=20, batch_size=256, l2=1e-5, learning_rate=1e-2),
            **_NEGATIVES,
        },
        for_size=_of_size,
    ),
)


def describe() -> Mapping[str, ModelSpec]:
    """All models by name, in the order to list them. Imports no model of ours."""
    specs = {spec.name: spec for spec in _SPECS}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name not in specs:
            specs[point.name] = _spec_of(point)
    return MappingProxyType(specs)


def available() -> list[str]:
    """The names of all models. Imports nothing."""
    names = [spec.name for spec in _SPECS]
    return names + [point.name for point in entry_points(group=ENTRY_POINTS) if point.name not in names]


def get(name: str) -> ModelSpec:
    """One model.

    Raises
    ------
    UnknownError
        If there is none of that name.
    """
    specs = describe()
    if name not in specs:
        raise UnknownError(
            f"There is no model {name!r}: there are {', '.join(specs)}.",
            suggestions=tuple(difflib.get_close_matches(name, specs)),
        )
    return specs[name]


def create(name: str, **options: Any) -> Any:
    """A new model, not fitted yet.

    Parameters
    ----------
    name
        One of :func:`available`.
    **options
        Of the model; text is converted to an option's type. The defaults are the registry's, chosen for good
        recommendations; those of the classes are Spotlight's.

    Raises
    ------
    UnknownError
        If there is no such model.
    OptionError
        If there is no such option, or its value is impossible.
    """
    spec = get(name)
    return spec.load_class()(**spec.read_options(options))


def load(path: str | Path, **objects: Any) -> Any:
    """A model that ``save`` stored. Runs no code from the folder; predictions are exactly those of the stored model.

    Parameters
    ----------
    path
        The folder.
    **objects
        What cannot be stored: ``device``, ``optimizer_func``, ``representation``.

    Raises
    ------
    DataError
        If there is none, or it is damaged, foreign or from a newer version.
    """
    from engine import saving

    tensors, header = saving.read(path)
    spec = describe().get(header["model"])
    if spec is None:
        raise DataError(f"{path} holds a model of the kind {header['model']!r}, which is not installed here.")
    restore = getattr(spec.load_class(), "restore", None)
    if restore is None:
        raise DataError(f"{path} holds a model of the kind {header['model']!r}, which cannot be loaded again.")
    return restore(tensors, header, str(path), **objects)


def _spec_of(point: EntryPoint) -> ModelSpec:
    """What another package names: a specification, or a class whose keywords with plain defaults are its options."""
    try:
        found = point.load()
    except Exception as error:  # whatever a foreign module does, the other models stay usable
        return ModelSpec(point.name, "user", f"cannot be loaded: {error}", point.value)
    if isinstance(found, ModelSpec):
        return found
    options = {
        parameter.name: Option(parameter.default, "")
        for parameter in inspect.signature(found).parameters.values()
        if isinstance(parameter.default, bool | int | float | str)
    }
    task: Task = "sequence" if "sequences" in inspect.signature(found.predict).parameters else "user"
    description = (inspect.getdoc(found) or point.name).splitlines()[0]
    return ModelSpec(point.name, task, description, point.value, options=options)
