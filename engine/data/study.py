"""Records of a search for options: its trials, the best so far, and which options matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TrialState = Literal["running", "finished", "pruned", "diverged", "interrupted"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of a search.

    Attributes
    ----------
    number
        Counts up from 0, over all calls of the search.
    state
        ``pruned`` is a trial that was worse than the median on the first validation part and not measured on the
        second one; ``diverged`` one whose training failed; ``interrupted`` one that was stopped before its end.
    options
        The options that it tried.
    value
        The metric: of a finished trial the mean over the validation parts, of a pruned one that on the first part;
        None if it has none.
    seconds
        How long it took; None while it runs.
    defaults
        Whether it used the model's defaults.
    """

    number: int
    state: TrialState
    options: Mapping[str, Any]
    value: float | None = None
    seconds: float | None = None
    defaults: bool = False


@dataclass(frozen=True, slots=True)
class SearchedOption:
    """What a search may choose for an option: a range, or some values.

    Attributes
    ----------
    low, high
        The bounds, both included; None for an option with choices.
    log
        Whether values are drawn evenly on a logarithmic scale.
    choices
        The values; empty for a range.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """A search for options, finished or under way.

    Attributes
    ----------
    model, metric, minimize
        What is tuned, by which metric, and whether lower is better.
    protocol, seed
        The protocol and the seed of the split whose test part is not used.
    wanted
        The number of trials that was asked for.
    given
        The options that stay as they are.
    space
        What may be chosen for each option that is searched for.
    trials
        The trials in the order of their numbers: all of them, or the latest of very many and the best one.
    num_trials
        How many there are in all.
    importance
        The share of each option in what tells good trials from others, 1 in all, the most important first; empty as
        long as there are too few trials. See :func:`engine.evaluation.study_record.importance_of`.
    """

    model: str
    metric: str
    minimize: bool
    protocol: str
    seed: int
    wanted: int
    given: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, SearchedOption] = field(default_factory=dict)
    trials: tuple[Trial, ...] = ()
    num_trials: int = 0
    importance: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> Trial | None:
        """The best finished trial; None if there is none."""
        return max(self._finished, key=lambda trial: self._score(trial.value), default=None)

    @property
    def best_options(self) -> dict[str, Any]:
        """The options of the best trial and those that were given; empty if no trial has finished."""
        best = self.best
        return {} if best is None else {**self.given, **best.options}

    @property
    def best_values(self) -> list[float]:
        """The best value after each finished trial."""
        found: list[float] = []
        for trial in self._finished:
            value = float(trial.value)  # type: ignore[arg-type]
            found.append(value if not found or self._score(value) > self._score(found[-1]) else found[-1])
        return found

    @property
    def default_value(self) -> float | None:
        """The metric with the model's defaults; None if this trial has not finished."""
        return next((trial.value for trial in self._finished if trial.defaults), None)

    @property
    def _finished(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.state == "finished" and trial.value is not None]

    def _score(self, value: float | None) -> float:
        assert value is not None
        return -value if self.minimize else value
