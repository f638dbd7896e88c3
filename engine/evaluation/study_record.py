"""The record of a search that Optuna makes: its trials, and the importance of the options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.data.study import SearchedOption, Trial, TrialState
from engine.models import Range

if TYPE_CHECKING:
    import optuna

#: Names of user attributes that mark trials.
DEFAULTS, DIVERGED = "defaults", "diverged"
#: The most trials of a record.
MOST_TRIALS = 1000
#: The fewest finished trials of which the importance of options is told.
FEWEST_TRIALS = 10
#: The least number of trials that count as good: Optuna's documentation advises five for a stable result.
_GOOD_TRIALS = 5


def searched_options(space: Mapping[str, Range | tuple[Any, ...]]) -> dict[str, SearchedOption]:
    """The search space of a model's specification, as a record."""
    return {
        name: SearchedOption(float(where.low), float(where.high), where.log)
        if isinstance(where, Range)
        else SearchedOption(choices=tuple(where))
        for name, where in space.items()
    }


def trials_of(found: Sequence[optuna.trial.FrozenTrial], running: int | None) -> tuple[Trial, ...]:
    """The trials of a search, all or the latest :data:`MOST_TRIALS`.

    Parameters
    ----------
    found
        Optuna's trials.
    running
        The number of the trial under way; others that seem to run were left by a process that was killed.
    """
    return tuple(
        Trial(
            one.number,
            state,
            {name: plain(value) for name, value in one.params.items()},
            _value(one),
            one.duration.total_seconds() if one.duration is not None else None,
            DEFAULTS in one.user_attrs,
        )
        for one in found[-MOST_TRIALS:]
        if (state := _state(one, running)) is not None
    )


def importance_of(study: optuna.study.Study, finished: int) -> dict[str, float]:
    """The importance of each option, the most important first; empty if too few trials have finished.

    PED-ANOVA (Watanabe et al., 2023) compares how the options of the good trials are distributed with how those of all
    trials are. It says which options matter for being among the good ones: the best tenth, and at least five.

    Parameters
    ----------
    study
        The search.
    finished
        The number of trials that finished.
    """
    if finished < FEWEST_TRIALS:
        return {}
    import warnings

    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning that this evaluator is experimental
        evaluator = PedAnovaImportanceEvaluator(target_quantile=max(0.1, _GOOD_TRIALS / finished))
        try:
            found = get_param_importances(study, evaluator=evaluator)
        except (ValueError, RuntimeError):  # as where the options of all trials are the same
            return {}
    return {name: round(float(share), 4) for name, share in found.items()}


def plain(value: Any) -> Any:
    """Round a float to four significant digits; other values are returned as they are."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _value(trial: optuna.trial.FrozenTrial) -> float | None:
    if trial.state.name == "COMPLETE" and trial.value is not None:
        return float(trial.value)
    if trial.state.name == "PRUNED" and trial.intermediate_values:
        return float(trial.intermediate_values[min(trial.intermediate_values)])
    return None


def _state(trial: optuna.trial.FrozenTrial, running: int | None) -> TrialState | None:
    match trial.state.name:
        case "COMPLETE":
            return "finished"
        case "PRUNED":
            return "pruned"
        case "WAITING":
            return None
        case "RUNNING" if trial.number == running:
            return "running"
    return "diverged" if DIVERGED in trial.user_attrs else "interrupted"
