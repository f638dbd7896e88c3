"""All that is known of a run, and in what two runs differ, as pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.content import Content

from tui.widgets.bars import sparkline
from tui.widgets.cell_text import clean, duration, fit, shorten
from tui.widgets.study_text import direction, standing

if TYPE_CHECKING:
    from engine.session import RunRecord

#: The most cells of a name, and the least of a value.
_NAME, _VALUE = 28, 12
#: The metrics of a segment that are shown, as far as there is room, and the cells of each.
_OF_SEGMENTS, _FIGURE = ("rmse", "ndcg", "recall", "mrr", "hit_rate", "mae"), 12


def run_page(run: RunRecord, is_current: bool, width: int) -> Content:
    """A run with its options, settings, figures, segments and curves.

    Parameters
    ----------
    run, is_current
        The run, and whether it was made on the data as it is now.
    width
        In cells.
    """
    about = [
        ("how it ended", run.state if not run.error else f"{run.state}: {run.error}"),
        ("note", run.note),
        ("started", f"{run.started[:19].replace('T', ' ')} UTC"),
        ("data", run.dataset if is_current else f"{run.dataset}, which has changed since"),
        ("protocol", run.protocol or ""),
        ("seed", "" if run.seed is None else str(run.seed)),
        ("test cases", "" if run.num_test is None else f"{run.num_test:,}"),
        ("program", run.version),
        ("machine", ", ".join(f"{name} {value}" for name, value in run.machine.items())),
    ]
    study = [] if run.study is None else [("search", standing(run.study)), ("by", direction(run.study))]
    parts = [
        ("", [*about, *study]),
        ("Seconds", [(name, duration(value)) for name, value in run.seconds.items()]),
        ("Figures", [(name, _figure(value, run.intervals.get(name))) for name, value in run.metrics.items()]),
        ("Options", [(name, _value(value)) for name, value in run.options.items()]),
        ("Settings", [(name, _value(value)) for name, value in run.settings.items()]),
    ]
    named = [name for _, facts in parts for name, _ in facts]
    names = min(max(map(cell_len, named)), _NAME)
    lines: list[Content] = []
    for heading, facts in parts:
        facts = [fact for fact in facts if fact[1]]
        if not facts:
            continue
        if lines:
            lines.append(Content(""))
        if heading:
            lines.append(Content.styled(heading, "bold $text"))
        for name, value in facts:
            lines += _fact(name, value, names, width)
    lines += _segments(run.segments, width)
    if len(run.losses) > 1:
        lines += [Content(""), Content.styled("Loss of each epoch", "bold $text")]
        lines.append(Content(f"{sparkline(run.losses, width - 10)} {run.losses[-1]:.4g}"))
    if (curve := run.validation) is not None and len(curve.values) > 1:
        lines += [Content(""), Content.styled(clean(f"Validation {curve.metric} after epochs"), "bold $text")]
        lines.append(Content(f"{sparkline(curve.values, width - 10)} {curve.values[-1]:.4g}"))
    return Content("\n").join(lines)


def _fact(name: str, value: str, names: int, width: int) -> Iterator[Content]:
    """A name and a value, which is wrapped beside the name."""
    room = max(width - names - 2, _VALUE)
    words, lines = clean(value).split(" "), [""]
    for word in words:
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_len(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    for place, line in enumerate(lines):
        yield Content.assemble((fit(name if not place else "", names), "$text-muted"), "  ", line)


def _segments(segments: Mapping[str, Mapping[str, float]], width: int) -> list[Content]:
    """The figures by segment: those metrics for which there is room."""
    known = list(dict.fromkeys(metric for figures in segments.values() for metric in figures))
    metrics = [one for start in _OF_SEGMENTS for one in known if one.partition("@")[0] == start]
    metrics = metrics[: max((width - _NAME) // _FIGURE, 1)]
    if not metrics:
        return []
    lines = [Content(""), Content.styled("By segment", "bold $text")]
    head = "".join(fit(metric, _FIGURE, right=True) for metric in metrics)
    lines.append(Content.styled(" " * _NAME + head, "$text-muted"))
    for name, figures in segments.items():
        row = "".join(f"{figures[one]:.4f}".rjust(_FIGURE) if one in figures else "–".rjust(_FIGURE) for one in metrics)
        lines.append(Content(fit(name, _NAME) + row))
    return lines


def diff_page(first: str, second: str, found: Mapping[str, tuple[Any, Any]], width: int) -> Content:
    """What differs between two runs, a line each, under their names.

    Parameters
    ----------
    first, second
        The runs, as they are called.
    found
        The names of what differs, with both values.
    width
        In cells.
    """
    if not found:
        return Content("They do not differ in their options, their settings or their figures.")
    rows = [
        (clean(re.sub("^(options|settings|metrics)[.]", "", name)), _value(one), _value(other))
        for name, (one, other) in found.items()
    ]
    names = min(max(cell_len(row[0]) for row in rows), _NAME)
    longest = max(cell_len(row[1]) for row in [("", first, second), *rows])
    value = max(min(longest, (width - names - 4) // 2), _VALUE)
    rest = width - names - value - 4
    lines = [Content.styled(f"{' ' * names}  {fit(first, value)}  {shorten(second, rest)}", "bold $text")]
    lines += [Content(f"{fit(name, names)}  {fit(one, value)}  {shorten(other, rest)}") for name, one, other in rows]
    return Content("\n").join(lines)


def _figure(value: float, bounds: Sequence[float] | None) -> str:
    return f"{value:.4f}" + (f"  ({bounds[0]:.4f} to {bounds[1]:.4f})" if bounds else "")


def _value(value: Any) -> str:
    return "–" if value is None else f"{value:.6g}" if isinstance(value, float) else clean(value)
