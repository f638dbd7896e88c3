"""What the command line prints of a comparison of models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tui.comparison_words import WHY_NOT_MARKED, heading_of, p_value, right_more_often, users_of
from tui.output import log, print_json, print_line, print_table

if TYPE_CHECKING:
    from engine.data.comparison import ComparedModel, Comparison, HeadToHead, ListedItem, PairedTest, SideBySide

#: How a standing is marked; a figure without a mark can be told from the best one.
MARKS: Mapping[str, str] = {"best": " *", "tied": " =", "": "  "}
#: A verdict from the other side.
_TURNED: Mapping[str, str] = {"better": "worse", "worse": "better", "tie": "tie"}
#: What is shown beside accuracy, without tests.
_BEYOND = ("coverage", "novelty", "diversity", "popularity_lift", "gini")


def comparison_json(
    comparison: Comparison, lists: SideBySide | None = None, duels: Sequence[HeadToHead] = ()
) -> list[dict[str, Any]]:
    """A comparison of models in the shape of the contract."""
    return [_model_json(model, comparison, lists, duels) for model in comparison.models]


def print_comparison(
    comparison: Comparison,
    lists: SideBySide | None = None,
    duels: Sequence[HeadToHead] = (),
    as_json: bool = False,
    *,
    again: str = "",
) -> None:
    """A comparison of models and, for one user or sequence, their lists side by side.

    Parameters
    ----------
    comparison, lists, duels, as_json
        What is printed, and how.
    again
        How models that were measured before can be measured again, in a sentence; empty where they cannot.
    """
    if as_json:
        print_json(comparison_json(comparison, lists, duels))
        return
    if lists is not None:
        _print_lists(lists)
        return
    first = comparison.models[0].run
    seeds = first.settings.get("seeds", 1)
    of_seeds = f"seed {first.seed}" if seeds == 1 else f"{seeds} seeds from {first.seed}"
    print_line(f"{first.dataset}, {first.protocol} split, {of_seeds}, {users_of(comparison)}")
    _print_figures(comparison)
    print_line()
    _print_tests(comparison)
    _print_duels(duels)
    _print_segments(comparison)
    log(f"* the best by more than chance; = not to be told from the best figure. {verdict(comparison)}")
    if reused := [f"{model.label} (run {model.run.id})" for model in comparison.models if model.reused]:
        log(f"Measured before: {', '.join(reused)}. {again}".strip())


def verdict(comparison: Comparison) -> str:
    """The outcome of a comparison in a sentence."""
    metric = comparison.metric
    tied = [model.label for model in comparison.models if model.standing.get(metric) == "tied"]
    if tied:
        return f"By {metric} {_listed(tied)} are tied: they differ by no more than chance."
    return f"By {metric} {comparison.models[0].label} is the best, by more than chance."


def _print_figures(comparison: Comparison) -> None:
    """A row for each metric and a column for each model."""
    models = comparison.models
    metrics = dict.fromkeys(name for model in models for name in model.run.metrics)
    accuracy = [name for name in metrics if name.partition("@")[0] not in _BEYOND]
    beyond = [name for name in metrics if name not in accuracy]
    rows = [(name, *(_marked(model, name) for model in models)) for name in [*accuracy, *beyond]]
    rows += [
        (f"{part}, s", *(f"{model.run.seconds.get(part, 0.0):.1f}  " for model in models))
        for part in ("fit", "evaluate")
    ]
    print_table(("", *(f"{model.label}  " for model in models)), rows, cut=(), right=range(1, 1 + len(models)))


def _marked(model: ComparedModel, metric: str) -> str:
    value = model.run.metrics.get(metric)
    return "–  " if value is None else f"{value:.4f}{MARKS[model.standing.get(metric, '')]}"


def _print_tests(comparison: Comparison) -> None:
    rows = [
        (
            f"{test.first} – {test.second}",
            f"{test.difference:+.4f}",
            f"{test.interval[0]:+.4f} to {test.interval[1]:+.4f}",
            p_value(test.p_bootstrap_corrected),
            f"{test.users_better:,} / {test.users_worse:,} / {test.users_equal:,}",
            p_value(test.p_sign_corrected),
            test.verdict,
        )
        for test in comparison.tests[comparison.metric]
    ]
    headings = (comparison.metric, "Difference", "95 % interval", "p", "Better / worse / equal", "p sign", "Verdict")
    print_table(headings, rows, cut=(), right=(1, 2, 3, 4, 5))
    log(
        "Over users: p of the paired bootstrap, and of the sign test on the users who are served better and worse; "
        "both are corrected for all pairs by Holm's method."
    )


def _print_duels(duels: Sequence[HeadToHead]) -> None:
    """For how many users each model is right where the other is not, and whose lists differ most."""
    duels = [duel for duel in duels if duel.num_users]
    if not duels:
        return
    rows = [
        (
            f"{duel.first} – {duel.second}",
            *(
                f"{one:,}"
                for one in (duel.outcome.first_more, duel.outcome.second_more, duel.outcome.both, duel.outcome.neither)
            ),
            f"{duel.outcome.difference:+.1%}",
            f"{duel.outcome.interval[0]:+.1%} to {duel.outcome.interval[1]:+.1%}",
            p_value(duel.p_corrected),
            duel.verdict,
        )
        for duel in duels
    ]
    headings = ("First – second", "First", "Second", "Both", "Neither", "Difference", "95 % interval", "p", "Verdict")
    print_line()
    print_table((f"Right in the first {duels[0].k}", *headings[1:]), rows, cut=(), right=range(1, 8))
    log(
        "Users for whom the first model finds more held-out items, the second finds more, both find equally many, and "
        "neither finds any; p of the exact sign test, corrected for all pairs."
    )
    for duel in duels:
        log(right_more_often(duel))
    if named := [str(row.user) for row in duels[0].users[:3]]:
        log(f"The lists of {duels[0].first} and {duels[0].second} differ most for {_listed(named)}; --user shows them.")


def _print_segments(comparison: Comparison) -> None:
    segments = dict.fromkeys(name for model in comparison.models for name in model.run.segments)
    k = comparison.metric.partition("@")[2] or str(comparison.models[0].run.settings.get("k", 10))
    rows = []
    for segment in segments:
        of_models = [model.run.segments.get(segment, {}) for model in comparison.models]
        # Segments of items have no lists of their own, so their metric is the recall.
        metric = next(one for one in (comparison.metric, f"ndcg@{k}", f"recall@{k}", "mrr") if one in of_models[0])
        figures = [f"{values[metric]:.4f}  " if metric in values else "–  " for values in of_models]
        rows.append((segment, f"{of_models[0].get('num', 0):,.0f}", metric, *figures))
    if rows:
        print_line()
        models = [f"{model.label}  " for model in comparison.models]
        print_table(("Segment", "Number", "Metric", *models), rows, cut=(), right=(1, *range(3, 3 + len(models))))


def _print_lists(lists: SideBySide) -> None:
    labels = list(lists.lists)
    longest = max(len(row) for row in lists.lists.values())
    rows = [(rank + 1, *(_listed_item(lists.lists[label], rank) for label in labels)) for rank in range(longest)]
    print_line(heading_of(lists))
    print_table(("#", *labels), rows, cut=tuple(range(1, 1 + len(labels))), right=(0,))
    if lists.user is None:
        log(f"= in another list, too. {WHY_NOT_MARKED}")
        return
    log("✓ held out, so that listing it is right; = in another list, too.")
    hits = ", ".join(f"{label} {sum(one.held_out for one in row)}" for label, row in lists.lists.items())
    log(f"Held-out items found: {hits}.")


def _listed_item(row: Sequence[ListedItem], rank: int) -> str:
    if rank >= len(row):
        return ""
    one = row[rank]
    return f"{'✓' if one.held_out else ' '}{'=' if one.shared else ' '} {one.item.title}"


def _model_json(
    model: ComparedModel, comparison: Comparison, lists: SideBySide | None, duels: Sequence[HeadToHead]
) -> dict[str, Any]:
    run = model.run
    value: dict[str, Any] = {
        "model": run.model,
        "label": model.label,
        "run": run.id,
        "reused": model.reused,
        "dataset": run.dataset,
        "protocol": run.protocol,
        "seed": run.seed,
        "settings": dict(run.settings),
        "options": dict(run.options),
        "metric": comparison.metric,
        "metrics": dict(run.metrics),
        "intervals": dict(run.intervals),
        "segments": dict(run.segments),
        "standing": dict(model.standing),
        "num_test": run.num_test,
        "num_users": comparison.num_users,
        "sampled_from": comparison.sampled_from,
        "seconds": dict(run.seconds),
        "tests": list(_tests_of(model.label, comparison)),
        "head_to_head": [_duel_json(duel, model.label) for duel in duels if model.label in (duel.first, duel.second)],
    }
    if lists is not None:
        value["user"] = lists.user
        if lists.after:
            value["after"] = [{"item_id": item.item_id, "title": item.title} for item in lists.after]
        value["held_out"] = [{"item_id": item.item_id, "title": item.title} for item in lists.held_out]
        value["list"] = [
            {
                "rank": one.rank,
                "item_id": one.item.item_id,
                "title": one.item.title,
                "held_out": one.held_out,
                "shared": one.shared,
            }
            for one in lists.lists[model.label]
        ]
    return value


def _tests_of(label: str, comparison: Comparison) -> Iterator[dict[str, Any]]:
    """The tests of one model against each other one, all from its own point of view."""
    for tests in comparison.tests.values():
        for test in tests:
            if label in (test.first, test.second):
                yield _seen_from(test, label)


def _seen_from(test: PairedTest, label: str) -> dict[str, Any]:
    value = asdict(test)
    first, second = value.pop("first"), value.pop("second")
    if label == first:
        return {"other": second, **value}
    low, high = test.interval
    value |= {
        "difference": -test.difference,
        "interval": (-high, -low),
        "users_better": test.users_worse,
        "users_worse": test.users_better,
        "verdict": _TURNED[test.verdict],
    }
    return {"other": first, **value}


def _duel_json(duel: HeadToHead, label: str) -> dict[str, Any]:
    """Which of two models is right more often, from the point of view of one of them."""
    is_first, (low, high) = label == duel.first, duel.outcome.interval
    return {
        "other": duel.second if is_first else duel.first,
        "k": duel.k,
        "num_users": duel.num_users,
        "users_more": duel.outcome.first_more if is_first else duel.outcome.second_more,
        "users_less": duel.outcome.second_more if is_first else duel.outcome.first_more,
        "users_both": duel.outcome.both,
        "users_neither": duel.outcome.neither,
        "difference": duel.outcome.difference if is_first else -duel.outcome.difference,
        "interval": (low, high) if is_first else (-high, -low),
        "p": duel.outcome.p_value,
        "p_corrected": duel.p_corrected,
        "verdict": duel.verdict if is_first else _TURNED[duel.verdict],
        "most_different_users": [
            {
                "user": row.user,
                "shared": row.shared,
                "found": row.first if is_first else row.second,
                "other_found": row.second if is_first else row.first,
            }
            for row in duel.users
        ],
    }


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
