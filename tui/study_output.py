"""What the command line prints of a search for options: how it went, which options matter, and its best trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.output import print_line, print_table
from tui.widgets.study_text import direction, figure_text, progress_line, standing, trial_options, trials_by_value

if TYPE_CHECKING:
    from engine.data.study import Study

#: How many trials are listed.
_LISTED = 10


def print_study(study: Study) -> None:
    """A search for options."""
    print_line(f"Trials: {standing(study)} ({direction(study)})")
    if progress := progress_line(study, 60):
        print_line(f"  {progress}")
    if study.importance:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in study.importance.items())
        print_line(f"  what matters for good trials: {shares}")
    trials = trials_by_value(study)[:_LISTED]
    rows = [
        (
            trial.number,
            trial.state,
            figure_text(trial),
            "–" if trial.seconds is None else f"{trial.seconds:.1f}",
            trial_options(study, trial),
        )
        for trial in trials
    ]
    if rows:
        print_table(("Trial", "State", study.metric, "Seconds", "Options"), rows, cut=(4,), right=(0, 2, 3))
    if study.num_trials > len(trials):
        print_line(f"These are the best {len(trials)} of {study.num_trials:,} trials; --json has all that are kept.")
