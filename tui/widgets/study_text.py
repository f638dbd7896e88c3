"""A search for options as text: its trials, how the best one improved, and what each option does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tui.widgets.bars import bar, sparkline
from tui.widgets.cell_text import clean, count, duration, fit

if TYPE_CHECKING:
    from textual.content import Content

    from engine.data.study import Study, Trial
    from tui.widgets.chart import Series


def direction(study: Study) -> str:
    """By what a search goes: the metric, and which way is better."""
    return f"{study.metric}, {'lower' if study.minimize else 'higher'} is better"


def standing(study: Study) -> str:
    """How far a search is, in a line: its trials, the best one, and the defaults."""
    open_ones = sum(trial.state in ("running", "interrupted") for trial in study.trials)
    ended = study.num_trials - open_ones
    parts = [f"{ended:,} of {count(max(study.wanted, ended), 'trial')}"]
    best = study.best
    if best is None:
        parts.append("none has finished yet")
    else:
        parts.append(f"best {value_text(best.value)} in trial {best.number}")
    if study.default_value is not None:
        parts.append(f"defaults {value_text(study.default_value)}")
    return " · ".join(parts)


def progress_line(study: Study, width: int) -> str:
    """The best value after each finished trial as a sparkline; empty if fewer than two have finished."""
    values = study.best_values
    if len(values) < 2:
        return ""
    return f"best so far {sparkline(values, width)} {value_text(values[-1])}"


def value_text(value: float | None) -> str:
    """A value of the metric."""
    return "–" if value is None else f"{value:.4f}"


def figure_text(trial: Trial) -> str:
    """The figure of a trial; in brackets that of a pruned one, which is of the first validation part alone."""
    return f"({trial.value:.4f})" if trial.state == "pruned" and trial.value is not None else value_text(trial.value)


def trials_by_value(study: Study) -> list[Trial]:
    """The trials, the best first: those that finished before pruned ones, and these before those without a figure."""
    sign = 1 if study.minimize else -1

    def key(trial: Trial) -> tuple[bool, bool, float]:
        return trial.value is None, trial.state != "finished", sign * (trial.value or 0.0)

    return sorted(study.trials, key=key)


def varying(study: Study) -> tuple[str, ...]:
    """The options in which the trials differ, the most important first."""
    names = [*study.importance, *(name for name in study.space if name not in study.importance)]
    return tuple(
        name for name in names if len({str(trial.options[name]) for trial in study.trials if name in trial.options}) > 1
    )


def trial_options(study: Study, trial: Trial) -> str:
    """The options of a trial in which the trials differ."""
    chosen = " ".join(f"{name}={_option(trial.options[name])}" for name in varying(study) if name in trial.options)
    return clean(f"defaults: {chosen}" if trial.defaults else chosen)


def trial_text(study: Study, trial: Trial) -> str:
    """A trial whole: how it ended, and every option that the search chose, one a line; in brackets the default."""
    about = [trial.state, f"{study.metric} {figure_text(trial)}"]
    if trial.seconds is not None:
        about.append(duration(trial.seconds))
    usual = next((one.options for one in study.trials if one.defaults), {})
    wide = max((len(name) for name in trial.options), default=0)
    lines = [clean(" · ".join(about)), ""]
    for name, value in trial.options.items():
        default = f"  (default {_option(usual[name])})" if name in usual and usual[name] != value else ""
        lines.append(f"{fit(name, wide)}  {clean(_option(value))}{default}")
    return "\n".join(lines)


def importance_lines(study: Study, options: Sequence[str], width: int, *, name_width: int = 16) -> list[str]:
    """The importance of options, a line each: the name, a bar and the share."""
    room = max(width - name_width - 6, 3)
    lines = []
    for name in options:
        share = study.importance.get(name)
        drawn = " " * room if share is None else bar(share, room)
        lines.append(f"{fit(name, name_width)} {drawn} " + ("   –" if share is None else f"{share:4.0%}"))
    return lines


def slice_chart(study: Study, option: str, width: int, height: int) -> Content:
    """An option against the metric: each trial as a point, pruned ones muted, and the best one in another colour.

    An option with choices has a line for each: the best and the mean of its trials' values, and how many they are.
    """
    from textual.content import Content

    measured = [trial for trial in study.trials if trial.state == "finished" and option in trial.options]
    pruned = [trial for trial in study.trials if trial.state == "pruned" and option in trial.options]
    space = study.space.get(option)
    if not measured:
        return Content("No trial has finished yet.")
    if space is None or space.choices:
        return Content("\n".join(_choice_lines(study, option, measured, width)[:height]))
    from tui.widgets.chart import chart

    best = study.best
    marked = [] if best is None or best not in measured else [best]
    series = (
        _points(pruned, option, "$text-muted"),
        _points(measured, option),
        _points(marked, option, "$text-warning"),
    )
    return chart(series, width, height, log=space.log)


def _points(trials: Sequence[Trial], option: str, style: str = "$text-accent") -> Series:
    from tui.widgets.chart import Series

    shown = [one for one in trials if one.value is not None]
    return Series([float(one.options[option]) for one in shown], [float(one.value or 0.0) for one in shown], style)


def _choice_lines(study: Study, option: str, measured: Sequence[Trial], width: int) -> list[str]:
    by_choice: dict[str, list[float]] = {}
    for trial in measured:
        by_choice.setdefault(_option(trial.options[option]), []).append(trial.value or 0.0)
    pick = min if study.minimize else max
    ordered = sorted(by_choice.items(), key=lambda one: pick(one[1]), reverse=not study.minimize)
    rows = [
        (name, f"{pick(values):.4f}", f"{sum(values) / len(values):.4f}", str(len(values))) for name, values in ordered
    ]
    figures = [("best", "mean", "n"), *(row[1:] for row in rows)]
    widths = [max(len(row[at]) for row in figures) for at in range(3)]
    room = min(max(len(name) for name in by_choice), max(width - sum(widths) - 6, 4))
    return [
        f"{fit(name, room)}  {'  '.join(text.rjust(size) for text, size in zip(texts, widths, strict=True))}"
        for name, texts in zip(["", *(row[0] for row in rows)], figures, strict=True)
    ]


def _option(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
