"""What the command line prints: JSON for programs on stdout, tables for people, progress on stderr."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import click

from engine.session import MODES, Job, Progress
from tui.sanitize import escape_json, sanitize
from tui.widgets.bars import whole_percent
from tui.wording import (
    describe_empty,
    describe_hint,
    describe_smaller,
    evaluate_command,
    known_targets_note,
    train_command,
)

if TYPE_CHECKING:
    from engine.data.results import Answer, Facet, FitReport, Result
    from engine.session import Manifest, MemoryEstimate, Tuned
    from engine.session.datasets import Preview
    from engine.session.model_list import ListedModel


def print_json(value: Any) -> None:
    """Print one JSON document on stdout: strict JSON, in which infinite numbers and NaN are null."""
    strict = _without_nan(value)
    # Escaped also where stdout is no terminal: `| head` ends at one.
    text = escape_json(json.dumps(strict, ensure_ascii=False, default=str, allow_nan=False))
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # an older terminal's encoding
        text = json.dumps(strict, default=str, allow_nan=False)
    click.echo(text)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(one) for one in value]
    return value


def print_line(text: str = "") -> None:
    """Print a line for a person on stdout."""
    click.echo(sanitize(text))


def log(message: str) -> None:
    """Print a sentence for a person on stderr."""
    click.echo(sanitize(message), err=True)


#: The smallest width that a column is cut to, and the space between two columns, in characters.
_LEAST_WIDTH, _GAP = 24, 3


def print_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    cut: Sequence[int],
    right: Sequence[int] = (),
    spare: Sequence[int] = (),
) -> None:
    """A plain table on stdout.

    Parameters
    ----------
    headings, rows
        As shown; every heading and every cell is sanitized.
    cut
        Positions of the columns that are cut in a narrow window. Ids and numbers must not be cut.
    right
        Positions of the columns to align right.
    spare
        Positions of the columns that are left out, in this order, if the others would be cut too short.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Nothing is cut in a pipe, because there is no window to fit into.
    console = Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, markup=False, emoji=False)
    heads, *cells = (
        [Text(sanitize(cell), overflow="ellipsis", no_wrap=True) for cell in row] for row in [headings, *rows]
    )
    shown = list(range(len(headings)))
    widths = [max(row[one].cell_len for row in [heads, *cells]) for one in shown]

    def fits() -> bool:
        least = sum(min(widths[one], _LEAST_WIDTH) if one in cut else widths[one] for one in shown)
        return least + _GAP * (len(shown) - 1) <= console.width

    for one in spare:
        if not fits():
            shown.remove(one)
    least_width = _LEAST_WIDTH if fits() else 1
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for one in shown:
        table.add_column(
            heads[one],
            justify="right" if one in right else "left",
            no_wrap=one not in cut,
            min_width=min(widths[one], least_width) if one in cut else None,
        )
    for row in cells:
        table.add_row(*(row[one] for one in shown))
    console.print(table)


def print_answer(answer: Answer, as_json: bool, *, extra: str | None = None) -> None:
    """A ranked list.

    Parameters
    ----------
    answer
        What to print.
    as_json
        As the JSON list of the contract, instead of a table.
    extra
        ``"predicted_rating"`` or ``"probability"``: a further value that the list has.
    """
    if answer.note:
        log(answer.note)
    for note in notes_of(answer):
        log(note)
    if as_json:
        print_json([result_json(result, extra) for result in answer.results])
        log(f"by {answer.method}" if answer.results else describe_empty(answer))
        return
    if not answer.results:
        log(describe_empty(answer))
        return
    explained = any(result.reason for result in answer.results)
    if extra is not None and getattr(answer.results[0], extra) is None:
        extra = None  # not every model that recommends predicts ratings
    estimated = extra is None and answer.method in MODES
    figure = {"predicted_rating": "Rating", "probability": "Probability", None: "Match" if estimated else "Score"}[
        extra
    ]
    rows = [
        (
            result.rank,
            whole_percent(result.score) if estimated else _figure(result, extra),
            result.item.title,
            str(result.item.year or ""),
            ", ".join(result.item.genres),
            result.item.item_id,
            *([result.reason] if explained else []),
        )
        for result in answer.results
    ]
    headings = ("#", figure, "Title", "Year", "Genres", "Id", *(["Why"] if explained else []))
    print_table(headings, rows, cut=(2, 4, 6), right=(0, 1), spare=(4, 6))
    log(f"by {answer.method}")


def notes_of(answer: Answer) -> list[str]:
    """What a search made of its query, and what it left out, in sentences."""
    notes = [
        f"Searched for {one.used!r} instead of {one.typed!r}; --as-typed searches for {one.typed!r}."
        for one in answer.corrections
    ]
    notes += [
        f"Understood {one.typed!r} as {one.label} ({one.condition}); --as-typed searches for the words."
        for one in answer.understood
    ]
    if any(word not in answer.remark for word in answer.unknown_words):
        notes.append(f"No item has {' or '.join(map(repr, answer.unknown_words))}.")
    if answer.remark:
        notes.append(answer.remark)
    if answer.hidden:
        what = "1 adult title is" if answer.hidden == 1 else f"{answer.hidden:,} adult titles are"
        notes.append(f"{what} hidden; --adult shows them.")
    return notes


def print_facets(facets: Sequence[Facet]) -> None:
    """The counts of what was found, one line a facet."""
    for facet in facets:
        values = "  ".join(f"{value.label} {value.count:,}" for value in facet.values)
        print_line(f"{facet.label}: {values}")


def print_search(answer: Answer, facets: Sequence[Facet]) -> None:
    """An answer with everything that is known about it, as one JSON object."""
    print_json(search_json(answer, facets))
    for note in [answer.note, *notes_of(answer), f"by {answer.method}" if answer.results else describe_empty(answer)]:
        if note:
            log(note)


def search_json(answer: Answer, facets: Sequence[Facet]) -> dict[str, Any]:
    """A search's results as in the list of the contract, and what was made of the query."""
    return {
        "results": [result_json(result) for result in answer.results],
        "method": answer.method,
        "corrections": [asdict(one) for one in answer.corrections],
        "understood": [asdict(one) for one in answer.understood],
        "unknown_words": list(answer.unknown_words),
        "remark": answer.remark,
        "hidden": answer.hidden,
        "note": answer.note,
        "facets": [
            {
                "field": facet.field,
                "label": facet.label,
                "values": [asdict(value) for value in facet.values],
            }
            for facet in facets
        ],
    }


def result_json(result: Result, extra: str | None = None) -> dict[str, Any]:
    """One result in the shape of the contract."""
    item = result.item
    value = {
        "rank": result.rank,
        "item_id": item.item_id,
        "title": item.title,
        "score": result.score,
        "year": item.year,
        "genres": list(item.genres),
        "metadata": dict(item.metadata),
        "reason": result.reason,
    }
    if extra is not None:
        value[extra] = getattr(result, extra)
    if extra == "predicted_rating":
        value["std"] = result.std
    return value


def dataset_json(manifest: Manifest) -> dict[str, Any]:
    """A stored data set in the shape of the contract."""
    overview = manifest.overview
    return {
        "name": overview.name,
        "kind": overview.kind,
        "num_users": overview.num_users,
        "num_items": overview.num_items,
        "num_interactions": overview.num_interactions,
        "skipped": dict(manifest.skipped),
        "source": dict(manifest.source),
        "title": overview.title,
        "num_rated_items": overview.num_rated_items,
        "simulated": overview.simulated,
    }


def damaged_dataset_json(name: str, folder: str) -> dict[str, Any]:
    """A damaged data set that was moved aside, in the shape of :func:`dataset_json` with what is unknown as null."""
    unknown = ("kind", "num_users", "num_items", "num_interactions", "skipped", "source", "title", "num_rated_items")
    return {"name": name, **dict.fromkeys((*unknown, "simulated")), "damaged": folder}


def print_dataset(manifest: Manifest, as_json: bool) -> None:
    """A stored data set: its sizes, what was left out and why."""
    if as_json:
        print_json(dataset_json(manifest))
        return
    overview = manifest.overview
    audience = "simulated users" if overview.simulated else "users"
    print_line(f"{overview.name}: {overview.title} ({overview.kind})")
    print_line(
        f"  {overview.num_items:,} items ({overview.num_rated_items:,} with interactions), "
        f"{overview.num_users:,} {audience}, {overview.num_interactions:,} interactions"
    )
    for reason, count in manifest.skipped.items():
        print_line(f"  left out: {count:,} × {reason}")
    _print_notes(manifest.source)
    if manifest.source.get("guessed_columns"):
        print_line("  --map names other columns.")


def print_preview(preview: Preview, as_json: bool) -> None:
    """What a data set would hold: its sizes, what is left out, the types of the columns, and the first rows."""
    overview = preview.overview
    if as_json:
        print_json(
            {
                "name": overview.name,
                "kind": overview.kind,
                "num_users": overview.num_users,
                "num_items": overview.num_items,
                "num_interactions": overview.num_interactions,
                "skipped": dict(preview.skipped),
                "source": dict(preview.source),
                "types": dict(preview.types),
                "items": [dict(one) for one in preview.items],
                "interactions": [dict(one) for one in preview.interactions],
            }
        )
        return
    print_line(
        f"{overview.name} ({overview.kind}) would have {overview.num_items:,} items, {overview.num_users:,} users "
        f"and {overview.num_interactions:,} interactions. Nothing was stored."
    )
    for reason, count in preview.skipped.items():
        print_line(f"  left out: {count:,} × {reason}")
    _print_notes(preview.source)
    print_line(f"  types: {', '.join(f'{name} {kind}' for name, kind in preview.types.items())}")
    for what in (preview.items, preview.interactions):
        if what:
            columns = [one for one in what[0] if one != "text"]
            print_table(columns, [[one[column] for column in columns] for one in what], cut=range(len(columns)))
    if preview.source.get("guessed_columns"):
        print_line("  --map names other columns; without --dry-run the data set is stored.")


def _print_notes(source: Mapping[str, Any]) -> None:
    for note in source.get("notes", ()):
        print_line(f"  {note}")
    for sentence in dict.fromkeys(describe_hint(hint) for hint in source.get("hints", ())):
        print_line(f"  {sentence}")


def print_models(specs: Sequence[ListedModel], as_json: bool) -> None:
    """The registry."""
    if as_json:
        print_json([_model_json(one) for one in specs])
        return
    rows = [
        (
            one.spec.name,
            one.spec.task,
            ", ".join([*one.trained_on, *(f"{name} (damaged)" for name in one.damaged)]) or "–",
            ", ".join(one.spec.needs) or "–",
            one.spec.description,
            " ".join(f"{name}={value}" for name, value in one.defaults.items() if name not in _EVERY_MODELS_OPTIONS),
        )
        for one in specs
    ]
    print_table(("Model", "For", "Trained on", "Needs", "Description", "Options"), rows, cut=(2, 4, 5))
    for one in specs:
        for dataset, why in one.damaged.items():
            log(f"{one.spec.name} on {dataset} is damaged: {why}")


_EVERY_MODELS_OPTIONS = ("random_state", "device")


def _model_json(one: ListedModel) -> dict[str, Any]:
    spec = one.spec
    return {
        "name": spec.name,
        "kind": spec.task,
        "trained": bool(one.trained_on),
        "datasets": list(one.trained_on),
        "damaged": dict(one.damaged),
        "description": spec.description,
        "needs": list(spec.needs),
        "uses": list(spec.uses),
        "options": {
            name: {
                "default": one.defaults[name],
                "meaning": option.meaning,
                "choices": list(option.choices),
                "search": asdict(option.search) if is_dataclass(option.search) else option.search,
            }
            for name, option in spec.options.items()
        },
    }


def print_report(report: FitReport, as_json: bool) -> None:
    """The report of a training or an evaluation."""
    if as_json:
        print_json(report_json(report))
        return
    what = f"{report.model} on {report.dataset}"
    print_line(what if report.protocol is None else f"{what}, {report.protocol} split, {_seeds(report)}")
    for name, value in report.metrics.items():
        bounds = report.intervals.get(name)
        print_line(f"  {name:<18}{value:.4f}" + ("" if bounds is None else f"  ({bounds[0]:.4f} to {bounds[1]:.4f})"))
    print_line("  " + ", ".join(f"{part} {seconds:.2f} s" for part, seconds in report.seconds.items()))
    if report.segments:
        print_line()
        _print_segments([report])
    if report.about:
        _log_evaluation([report])
    if report.path is not None:
        print_line(f"  stored in {report.path}")


def print_memory(estimate: MemoryEstimate, dataset: str, as_json: bool) -> None:
    """What memory a training would take, and what is free."""
    if as_json:
        print_json({**asdict(estimate), "dataset": dataset, "fits": estimate.fits})
        return
    counts = estimate.counts
    print_line(f"{estimate.model} on {dataset}")
    print_line(
        f"  {counts.interactions:,} interactions of {counts.users:,} users with {counts.items - 1:,} items, "
        "beside which it"
    )
    print_line(f"  needs  {_size(estimate.needed, 'unknown: the model does not state it')}")
    where = "" if estimate.device == "cpu" else f" on {estimate.device}"
    print_line(f"  free   {_size(estimate.free, 'unknown')}{where}")
    if not estimate.fits:
        print_line(f"  does not fit: {describe_smaller(estimate.settings, estimate.models)}")


def _size(size: int | None, unknown: str) -> str:
    from engine.session import describe_bytes

    return unknown if size is None else describe_bytes(size)


def print_reports(reports: Sequence[FitReport], as_json: bool) -> None:
    """The reports of several evaluations: one table for each kind of evaluation, with a column for each model."""
    if as_json:
        print_json([report_json(report) for report in reports])
        return
    by_cases: dict[str, list[FitReport]] = {}
    for report in reports:
        by_cases.setdefault(report.about["question"], []).append(report)
    for position, group in enumerate(by_cases.values()):
        if position:
            print_line()
        print_line(f"{group[0].dataset}, {group[0].protocol} split, {_seeds(group[0])}")
        fullest_first = sorted(group, key=lambda report: -len(report.metrics))
        metrics = list(dict.fromkeys(name for report in fullest_first for name in report.metrics))
        for columns in _fitting(group):
            _print_columns(columns, metrics)
        if any(report.segments for report in group):
            print_line()
            _print_segments(group)
        _log_evaluation(group)


def _print_columns(reports: Sequence[FitReport], metrics: Sequence[str]) -> None:
    """A table with one column for each model, because there are more metrics than models."""
    rows = [
        (name, *(f"{one.metrics[name]:.4f}" if name in one.metrics else "–" for one in reports)) for name in metrics
    ]
    rows += [(f"{part}, s", *(f"{one.seconds[part]:.1f}" for one in reports)) for part in ("fit", "evaluate")]
    print_table(("", *(one.model for one in reports)), rows, cut=(), right=range(1, 1 + len(reports)))


def _fitting(reports: Sequence[FitReport]) -> Iterator[Sequence[FitReport]]:
    """Groups of reports, each with as many as fit side by side into the window."""
    import shutil

    room = shutil.get_terminal_size().columns - 20 if sys.stdout.isatty() else 10_000
    taken: list[FitReport] = []
    width = 0
    for report in reports:
        width += max(len(report.model), 8) + 3
        if taken and width > room:
            yield taken
            taken, width = [], max(len(report.model), 8) + 3
        taken.append(report)
    yield taken


def report_json(report: FitReport) -> dict[str, Any]:
    """A training or an evaluation in the shape of the contract."""
    shape = asdict(report)
    if report.path is None:
        del shape["path"]
    return {name: value for name, value in shape.items() if value or name not in ("intervals", "segments", "about")}


def print_tuning(outcome: Tuned, as_json: bool) -> None:
    """The result of a search for options."""
    train = train_command(outcome.model, outcome.dataset, outcome.best_options)
    evaluate = evaluate_command(outcome.model, outcome.dataset, outcome.best_options, outcome.protocol, outcome.seed)
    if as_json:
        print_json({**asdict(outcome), "train_command": train, "evaluate_command": evaluate})
        return
    print_line(
        f"{outcome.model} on {outcome.dataset}: {outcome.metric} {outcome.best_value:.4f} on the validation part"
    )
    if outcome.default_value is not None:
        print_line(f"  with the defaults {outcome.default_value:.4f}")
    for name, value in outcome.best_options.items():
        print_line(f"  {name:<24}{value}")
    print_line(f"  {outcome.finished} trials, {outcome.pruned} of them cut short, kept in {outcome.path}")
    print_line(f"Train it:    {train}")
    print_line(f"Measure it:  {evaluate}")
    log(outcome.note)


def _seeds(report: FitReport) -> str:
    seeds = report.about.get("seeds")
    return f"seed {report.seed}" if seeds is None else f"mean of the seeds {seeds[0]} to {seeds[-1]}"


def _print_segments(reports: Sequence[FitReport]) -> None:
    metrics = list(dict.fromkeys(name for one in reports for row in one.segments.values() for name in row))
    rows = [
        (report.model, segment, *(f"{row[name]:.4g}" if name in row else "–" for name in metrics))
        for report in reports
        for segment, row in report.segments.items()
    ]
    print_table(("Model", "Segment", *metrics), rows, cut=(), right=range(2, 2 + len(metrics)))


def _log_evaluation(reports: Sequence[FitReport]) -> None:
    about = reports[0].about
    log(
        f"Asked: {about['question']}; {about['num_questions']:,} questions, all items ranked, "
        f"items that are known {about['seen_items']}; equal times {about['equal_times']}."
    )
    if about["num_left_out"]:
        log(f"{about['num_left_out']:,} users were left out of the ranking: nothing is known of them.")
    if about["num_known_targets"]:
        log(known_targets_note(about["num_known_targets"]))
    for segment, meaning in about.get("segments", {}).items():
        log(f"{segment}: {meaning}.")
    if reports[0].intervals:
        log(
            f"In brackets: {about['interval']}." if len(reports) == 1 else f"Intervals ({about['interval']}) in --json."
        )


@contextmanager
def progress_on_stderr() -> Iterator[Job]:
    """A job whose progress is drawn on stderr if that is a terminal, or else printed as one line for each stage."""
    if not sys.stderr.isatty():
        yield Job(_StagePrinter())
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    # Stages name files and members of archives, which must not be read as markup.
    stage = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    columns = (stage, BarColumn(), TextColumn("{task.fields[count]}", markup=False), TimeRemainingColumn())
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    with Bar(*columns, console=console, transient=True) as bar:
        yield Job(_BarUpdater(bar))


_SHOWN_BY_THE_BAR = ("pace", "seconds_left")


class _StagePrinter:
    def __init__(self) -> None:
        self._stage = ""

    def __call__(self, progress: Progress) -> None:
        if progress.stage != self._stage:
            self._stage = progress.stage
            log(f"{progress.stage} …")


class _BarUpdater:
    """Draws at most ten times a second, because jobs report much more often."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task: Any = None
        self._stage = ""
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage == self._stage and now - self._last < 0.1 and progress.done != progress.total:
            return
        self._last = now
        count = f"{progress.done:,}" + (f"/{progress.total:,}" if progress.total else "") + f" {progress.unit}"
        shown = {name: value for name, value in progress.values.items() if name not in _SHOWN_BY_THE_BAR}
        count = sanitize(count + "".join(f"  {name} {value:.4g}" for name, value in shown.items()))
        if progress.stage != self._stage:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._stage = progress.stage
            self._task = self._bar.add_task(sanitize(progress.stage), total=progress.total, count=count)
        self._bar.update(self._task, completed=progress.done, total=progress.total, count=count)


def _figure(result: Result, extra: str | None) -> str:
    value = result.score if extra is None else getattr(result, extra)
    deviation = f" ± {result.std:.1f}" if extra == "predicted_rating" and result.std is not None else ""
    return f"{value:.1%}" if extra == "probability" else f"{value:.2f}{deviation}" if extra else f"{value:.3f}"
