"""``docs/results.md``, written from the rows that ``accuracy.py`` has measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from accuracy_plan import GOALS, OTHERS, PROTOCOLS, SHUFFLED, TITLES, UNTIMED, Case, Goal
from tables import lines_of

Row = Mapping[str, Any]

_INTRODUCTION = """# Results

Made by `python benchmarks/accuracy.py` from `benchmarks/results/accuracy.json`; do not edit it by hand. Every figure is
the mean over the seeds that its row names. A seed decides the split, where the protocol draws one, and the model's
own chance. Options are the registry's defaults (`recsys-tui models list`) unless a row says otherwise; those were
chosen on validation parts, never on a test part.

**Protocols.** *random*: 80/20 of the interactions. *user*: 20 % of the users are held out; a model for users is given
a random 80 % of a held-out user's items (`fold_in`) and asked for the rest, a model for sequences the last item of
each window of up to ten, given those before. *leave-one-out*: each user's latest item, given all before it. *temporal*:
the latest 20 % of all interactions, given all before the cut; users of whom nothing is known then are left out of the
ranking. In the last two, models for users and for sequences learn from the same interactions and are asked the same.

**Ranking.** All items that occur in the data set are ranked, no sample of them; what a person is known to have is
taken out. Equal scores share the mean of their ranks in `mrr`; in lists the lower id comes first. Models that predict
ratings are ranked by a lower bound of the prediction, as in the app.

**Equal times.** Many a MovieLens user has rated ten films in one second, and an order among these decides what comes
next and what is asked. In ratings_small each user's ratings are listed by film id, so 22 % of all ratings follow one of
the same second, nearly always with a higher id. A sequence model learns to count upwards, which no recommender can do
for its users: file order alone raises the MRR of markov by about an eighth (protocol *user*: {markov_file} against
{markov_shuffled} with equal times shuffled). Wherever the order matters on ratings_small, the rows below are therefore
measured with equal times shuffled (`recsys-tui evaluate --ties random`: before the split, by the seed, for training and
test alike), and the figure of the file's order stands beside them. MovieLens 100K lists its ratings in random order
already, and in the demo no user has two interactions of the same time: there, file order gives nothing away, and it is
what the rows use.

**Times of test ratings.** A model that learns from times (bayesian) is told when each test rating was given, as in the
literature on models with times; myFM's figures with times know this too. A recommender does not know when its user will
rate. The rows "test times unknown" are measured without: {rmse_untimed} in place of {rmse},
and with film metadata {rmse_films_untimed} in place of {rmse_films}.

**Figures.** `mrr`: mean reciprocal rank of all right items of a question, then over questions. `ndcg`, `recall`, `map`,
`hit rate`, `coverage` (share of all items in any list), `novelty` (mean self-information, bits), `diversity` (mean of
1 - similarity within a list, by genres), `lift` (popularity of the list over that of the history, less 1) and `gini`
(of how often items are shown) are of lists of ten. `map` is the sum of the precisions at the ranks of the hits, divided
by the smaller of 10 and the number of right items; a list that has the right items first scores 1. In brackets: 95 %
intervals, bootstrap over users.
"""

#: What the page calls the figures of the file's order, where a row's equal times are shuffled.
_BY_FILE = "MRR, file order"

_FIGURES = (
    ("rmse", "RMSE", 4),
    ("mrr", "MRR", 4),
    ("ndcg@10", "NDCG", 4),
    ("recall@10", "recall", 4),
    ("map@10", "MAP", 4),
    ("hit_rate@10", "hit rate", 3),
    ("coverage@10", "coverage", 2),
    ("novelty@10", "novelty", 1),
    ("diversity@10", "diversity", 2),
    ("popularity_lift@10", "lift", 2),
    ("gini@10", "gini", 2),
)


def write_page(page: Path, rows: Mapping[str, Row], cases: Sequence[Case], cold: Mapping[str, Row]) -> None:
    """Write the page anew; ``cold`` are the rows of ``cold_items.py``."""
    cases = [case for case in cases if case.key in rows]
    parts = [
        _introduction(rows),
        *_machines(rows),
        *_goals(rows),
        *_ratings(rows, cases),
        *_answers(rows, cases),
        *_cold(cold),
        *_tables(rows, cases),
        *_others(),
    ]
    page.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _introduction(rows: Mapping[str, Row]) -> str:
    markov, bayesian = "all/movies/user/markov", "ratings/movies/random/bayesian/ids, history, times"
    quoted = {
        "markov_file": (markov, "mrr"),
        "markov_shuffled": (f"{markov}/{SHUFFLED}", "mrr"),
        "rmse": (bayesian, "rmse"),
        "rmse_untimed": (f"{bayesian}, {UNTIMED}", "rmse"),
        "rmse_films": (f"{bayesian}, film metadata", "rmse"),
        "rmse_films_untimed": (f"{bayesian}, film metadata, {UNTIMED}", "rmse"),
    }
    figures = {
        name: f"{rows[key]['metrics'][metric]:.4f}" if key in rows else "(not measured)"
        for name, (key, metric) in quoted.items()
    }
    return _INTRODUCTION.format(**figures)


def _machines(rows: Mapping[str, Row]) -> Iterator[str]:
    machines = sorted({row["machine"] for row in rows.values()})
    words = f"**Machine.** {'; '.join(machines)}."
    if any(row["contended"] for row in rows.values()):
        words += " Seconds with a * were measured beside other work, and are too high."
    yield words + "\n"


def _goals(rows: Mapping[str, Row]) -> Iterator[str]:
    lines = []
    for goal in GOALS:
        there = [(key, rows[key]) for key in goal.keys if key in rows]
        if not there:
            continue
        better = max if goal.metric == "mrr" else min
        key, row = better(there, key=lambda pair: pair[1]["metrics"][goal.metric])
        lines.append(
            (
                goal.words,
                _bound(goal),
                f"{_model(key)}: {_with_range(row, goal.metric)}{_in_file_order(rows, key)}, {_seconds(row)} s",
                _reached(goal, row),
                goal.others,
            )
        )
    lines += [*_blend(rows), *_waits(rows)]
    if not lines:
        return
    yield "## What was to be reached\n"
    yield from lines_of(("data, protocol", "to reach", "here", "reached", "best other, measured or published"), lines)
    yield ""


def _bound(goal: Goal) -> str:
    sign = "≥" if goal.metric == "mrr" else "≤"
    time = "" if goal.seconds is None else f" in {goal.seconds:g} s"
    return f"{goal.metric.upper()} {sign} {goal.bound:.3f}{time}"


def _reached(goal: Goal, row: Row) -> str:
    value = row["metrics"][goal.metric]
    if not (value >= goal.bound if goal.metric == "mrr" else value <= goal.bound):
        return "no"
    if goal.seconds is None or row["seconds"]["fit"] <= goal.seconds:
        return "yes"
    return "the figure; seconds not measured alone" if row["contended"] else "the figure, not the seconds"


def _blend(rows: Mapping[str, Row]) -> Iterator[tuple[str, ...]]:
    """Whether the blend is above all, asked for the next item."""
    for data in PROTOCOLS:
        here = {
            key.split("/")[3]: row["metrics"]["ndcg@10"]
            for key, row in rows.items()
            if key.startswith(f"all/{data}/leave-one-out/") and _judged(rows, key)
        }
        others = {name: value for name, value in here.items() if name != "blend"}
        if "blend" in here and others:
            best = max(others, key=lambda name: others[name])
            yield (
                f"{TITLES[data]}, leave-one-out",
                "blend above all",
                f"NDCG@10: blend {here['blend']:.4f}, next best {best} {others[best]:.4f}",
                "yes" if here["blend"] > others[best] else "no",
                "none credible published",
            )


def _judged(rows: Mapping[str, Row], key: str) -> bool:
    """Whether a row is the one to judge by: it is not where the same was measured with equal times shuffled."""
    return f"{key}/{SHUFFLED}" not in rows


def _in_file_order(rows: Mapping[str, Row], key: str) -> str:
    row = rows.get(key.removesuffix(f"/{SHUFFLED}"))
    return f"; in file order {row['metrics']['mrr']:.4f}" if row is not None and key.endswith(SHUFFLED) else ""


def _mrr_in_file_order(rows: Mapping[str, Row], case: Case) -> str:
    return f"{rows[case.file_key]['metrics']['mrr']:.4f}" if case.ties == "random" and case.file_key in rows else "–"


def _waits(rows: Mapping[str, Row]) -> Iterator[tuple[str, ...]]:
    for name, words, bound in (("list_ms", "all items ranked for one", 2), ("fold_in_ms", "fold-in, 20 ratings", 20)):
        waits = {
            key.split("/")[3]: row["metrics"][name]
            for key, row in rows.items()
            if key.startswith("answers/") and name in row["metrics"]
        }
        if waits:
            late = [model for model, wait in waits.items() if wait > bound]
            worst = max(waits, key=lambda model: waits[model])
            yield (
                f"ratings_small, {words}",
                f"≤ {bound} ms, every model",
                f"slowest: {worst}, {waits[worst]:.1f} ms",
                f"all but {', '.join(late)}" if late else "yes",
                "–",
            )


def _ratings(rows: Mapping[str, Row], cases: Sequence[Case]) -> Iterator[str]:
    lines = [
        (
            TITLES[case.data],
            case.split_words,
            f"{case.model}{f', {case.label}' if case.label else ''}",
            _with_range(rows[case.key], "rmse"),
            f"{rows[case.key]['metrics']['mae']:.4f}",
            _seconds(rows[case.key]),
            _seeds(rows[case.key]),
            _options(rows[case.key]),
        )
        for case in cases
        if case.section == "ratings"
    ]
    if lines:
        yield "## Ratings: what each part brings\n"
        yield from lines_of(("data", "split", "model", "RMSE (range)", "MAE", "fit, s", "seeds", "options"), lines)
        yield ""
    lines = [
        (
            case.model,
            _with_range(rows[case.key], "mrr"),
            _mrr_in_file_order(rows, case),
            f"{rows[case.key]['metrics']['ndcg@10']:.4f}",
            f"{rows[case.key]['num_questions']:,}",
            _seconds(rows[case.key]),
            _seeds(rows[case.key]),
        )
        for case in cases
        if case.section == "tutorial" and _judged(rows, case.key)
    ]
    if lines:
        yield "## The next item: the user split of Spotlight's tutorial\n"
        yield (
            f"{TITLES['movies']}; the last item of each window of up to ten of the held-out users, seen removed. Equal "
            "times shuffled.\n"
        )
        yield from lines_of(("model", "MRR (range)", _BY_FILE, "NDCG@10", "questions", "fit, s", "seeds"), lines)
        yield ""


def _answers(rows: Mapping[str, Row], cases: Sequence[Case]) -> Iterator[str]:
    here = [(case.model, rows[case.key]) for case in cases if case.section == "answers"]
    if not here:
        return
    yield "## How long an answer takes\n"
    yield (
        f"A list of ten among all {here[0][1]['num_items']:,} films of ratings_small for one person or sequence, and "
        "a new person with twenty ratings (fold-in): the least of five medians, milliseconds. To be reached: 2 and "
        "20.\n"
    )
    lines = [
        (
            model,
            *(f"{row['metrics'][name]:.2f}" if name in row["metrics"] else "–" for name in ("list_ms", "fold_in_ms")),
        )
        for model, row in here
    ]
    yield from lines_of(("model", "list, ms", "fold-in, ms"), lines)
    yield ""


def _cold(rows: Mapping[str, Row]) -> Iterator[str]:
    if not rows:
        return
    yield "## Items that nobody has chosen yet\n"
    yield (
        "Made by `python benchmarks/cold_items.py`. A tenth of the items is taken out of the training sequences;\n"
        "windows of ten items of people held out ask for the last one, of all that were not given. MRR over those\n"
        "that ask for an item that was taken out (cold), over the others (warm), and over all. Equal times are in the\n"
        "order of the file, with texts and without.\n"
    )
    lines = [
        (
            TITLES[data],
            f"{model}, {words}",
            *(f"{row[name]:.4f}" for name in ("cold", "warm", "all")),
            f"{row['windows']:,} ({row['cold_windows']:,})",
            ", ".join(map(str, row["seeds"])),
        )
        for (data, model, words), row in ((key.split("/"), row) for key, row in rows.items())
    ]
    yield from lines_of(("data", "model", "cold", "warm", "all", "windows (cold)", "seeds"), lines)
    yield ""


def _tables(rows: Mapping[str, Row], cases: Sequence[Case]) -> Iterator[str]:
    yield "## Every model, every data set, every protocol\n"
    for data, protocols in PROTOCOLS.items():
        for protocol in protocols:
            here = [
                case
                for case in cases
                if (case.section, case.data, case.protocol) == ("all", data, protocol) and _judged(rows, case.key)
            ]
            by_question: dict[str, list[Case]] = {}
            for case in here:
                by_question.setdefault(rows[case.key]["question"], []).append(case)
            for question, group in by_question.items():
                yield from _table(f"{TITLES[data]}: {protocol}", question, group, rows)
    yield "The anime excerpt has no times, so nothing can be asked there in the order in which things were watched.\n"


def _table(title: str, question: str, group: Sequence[Case], rows: Mapping[str, Row]) -> Iterator[str]:
    yield f"### {title}\n"
    first = rows[group[0].key]
    shuffled = {case.ties == "random" for case in group}
    note = {(True,): " Equal times shuffled.", (False, True): " Equal times shuffled for models of sequences."}
    yield (
        f"Asked: {question}. {first['num_questions']:,} questions, {first['num_test']:,} right items (first seed)."
        f"{note.get(tuple(sorted(shuffled)), '')}\n"
    )
    figures = [one for one in _FIGURES if any(one[0] in rows[case.key]["metrics"] for case in group)]
    if True in shuffled:
        beside = next(place for place, one in enumerate(figures) if one[0] == "mrr") + 1
        figures.insert(beside, (_BY_FILE, _BY_FILE, 4))
    ranked = sorted(
        ((case, rows[case.key]) for case in group), key=lambda pair: -pair[1]["metrics"].get("ndcg@10", 0.0)
    )
    lines = [
        (
            case.model,
            *(
                _mrr_in_file_order(rows, case) if name == _BY_FILE else _figure(row, name, digits)
                for name, _, digits in figures
            ),
            _seconds(row),
            f"{row['seconds']['evaluate']:.1f}",
            _seeds(row),
        )
        for case, row in ranked
    ]
    yield from lines_of(("model", *(words for _, words, _ in figures), "fit, s", "asking, s", "seeds"), lines)
    yield ""


def _others() -> Iterator[str]:
    yield "## Figures of other libraries\n"
    yield "Measured on two x86-64 cores without a GPU, or published; compare the rows of the same data and split.\n"
    yield from lines_of(("data, split", "library, model", "figure"), OTHERS)


def _figure(row: Row, name: str, digits: int) -> str:
    if name not in row["metrics"]:
        return "–"
    text = f"{row['metrics'][name]:.{digits}f}"
    if name in ("rmse", "ndcg@10") and name in row["intervals"]:
        low, high = row["intervals"][name]
        text += f" ({low:.3f}–{high:.3f})"
    return text


def _with_range(row: Row, name: str) -> str:
    values = row["by_seed"][name]
    return f"{row['metrics'][name]:.4f} ({min(values):.4f}–{max(values):.4f})"


def _seconds(row: Row) -> str:
    return f"{row['seconds']['fit']:.1f}{'*' if row['contended'] else ''}"


def _seeds(row: Row) -> str:
    return ", ".join(map(str, row["seeds"]))


def _options(row: Row) -> str:
    return " ".join(f"{name}={value}" for name, value in row["changed"].items()) or "defaults"


def _model(key: str) -> str:
    _, _, _, model, *label = key.split("/", 4)
    return model + (f" ({label[0]})" if label else "")
