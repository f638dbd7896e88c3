"""A report of a data set and of what was measured on it, as one page: HTML that needs nothing beside it, or Markdown.

The charts are inline SVG. No script is in the page, nothing is loaded from elsewhere, and every text of the data is
escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.data.profile import Profile
    from engine.data.results import FitReport, Overview
    from engine.data.runs import RunRecord

PAGE_ENDINGS: Final = (".html", ".md")
#: The size of a chart, in SVG units: the room for names, for bars, and for figures, and the height of a bar.
_NAMES, _BARS, _FIGURES, _HEIGHT = 190, 360, 130, 22
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d2530; }
table { border-collapse: collapse; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #d5dbe3; }
th:first-child, td:first-child { text-align: left; } pre { background: #f2f4f7; padding: .8rem; overflow-x: auto; }
svg text { font: 13px system-ui, sans-serif; fill: currentColor; }
svg .bar { fill: #3d7ab8; } svg .line { stroke: #1d2530; }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #dde4ec; } pre { background: #1f252c; }
th, td { border-color: #39424d; } svg .line { stroke: #dde4ec; } }
"""


@dataclass(frozen=True, slots=True)
class _Chart:
    """Bars with intervals: name, value, and the bounds of the interval where there is one."""

    title: str
    rows: Sequence[tuple[str, float, tuple[float, float] | None]]


@dataclass(frozen=True, slots=True)
class _Table:
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


_Part = _Chart | _Table | str


def report_page(
    ending: str,
    overview: Overview,
    profile: Profile,
    trained: Sequence[tuple[FitReport, str | None]],
    runs: Sequence[RunRecord],
) -> str:
    """Make the page.

    Parameters
    ----------
    ending
        ``.html`` or ``.md``.
    overview, profile
        What the data set is like.
    trained
        The reports of the trained models, each with the time of the training.
    runs
        The evaluations that were made on the data as they are now.

    Returns
    -------
    str
        The text of the file.
    """
    parts = list(_parts(overview, profile, trained, runs))
    return _html(overview.title, parts) if ending == ".html" else _markdown(overview.title, parts)


def _parts(
    overview: Overview,
    profile: Profile,
    trained: Sequence[tuple[FitReport, str | None]],
    runs: Sequence[RunRecord],
) -> Iterator[_Part]:
    audience = "simulated users" if overview.simulated else "users"
    yield (
        f"{overview.num_items:,} items, {overview.num_users:,} {audience}, {overview.num_interactions:,} interactions; "
        f"{profile.density:.2%} of all pairs of a user and an item occur."
    )
    yield from (doubt.text for doubt in profile.doubts)
    if profile.ratings:
        yield _Chart("Ratings", [(one.label, one.count, None) for one in profile.ratings])
    if profile.times:
        yield _Chart("Interactions over time", [(one.label, one.count, None) for one in profile.times])
    for (protocol, seed), measured in _by_protocol(runs).items():
        names = list(dict.fromkeys(metric for run in measured for metric in run.metrics))
        yield _Table(
            f"Measured by the protocol {protocol}, seed {seed}",
            ("Model", *names),
            [(f"{run.model} (run {run.id})", *(_figure(run.metrics.get(name)) for name in names)) for run in measured],
        )
        for name in names:
            rows = [
                (f"{run.model} (run {run.id})", run.metrics[name], run.intervals.get(name))
                for run in measured
                if name in run.metrics
            ]
            yield _Chart(f"{name}, {protocol}", rows)
    if not runs:
        yield "Nothing was measured on these data yet."
    if trained:
        yield _Table(
            "Trained models",
            ("Model", "Trained", "Seconds", "Options"),
            [
                (
                    report.model,
                    (at or "")[:16].replace("T", " "),
                    f"{report.seconds.get('fit', 0.0):.1f}",
                    ", ".join(f"{name}={value}" for name, value in report.options.items()),
                )
                for report, at in trained
            ],
        )


def _by_protocol(runs: Sequence[RunRecord]) -> Mapping[tuple[str, str], list[RunRecord]]:
    """The finished evaluations of each protocol and seed, the latest of each model and its options."""
    found: dict[tuple[str, str], dict[str, RunRecord]] = {}
    for run in runs:
        if run.kind == "evaluate" and run.state == "finished" and run.metrics:
            key = str(run.protocol), str(run.seed)
            found.setdefault(key, {})[f"{run.model} {sorted(run.options.items())}"] = run
    return {key: list(measured.values()) for key, measured in found.items()}


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


# -- HTML -----------------------------------------------------------------------------------------------------------
def _html(title: str, parts: Sequence[_Part]) -> str:
    body = "\n".join(map(_html_part, parts))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return (
        f'<!doctype html>\n<html lang="en">\n<head>{head}<style>{_STYLE}</style></head>\n'
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def _html_part(part: _Part) -> str:
    if isinstance(part, str):
        return f"<p>{escape(part)}</p>"
    if isinstance(part, _Chart):
        return f"<h2>{escape(part.title)}</h2>\n{_svg(part)}"
    heads = "".join(f"<th>{escape(head)}</th>" for head in part.heads)
    rows = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in part.rows)
    return f"<h2>{escape(part.title)}</h2>\n<table>\n<tr>{heads}</tr>\n{rows}\n</table>"


def _svg(chart: _Chart) -> str:
    """Horizontal bars; a line over a bar is its interval."""
    ends = [abs(bound) for _, value, interval in chart.rows for bound in (value, *(interval or ()))]
    most = max(ends, default=0.0) or 1.0
    width, height = _NAMES + _BARS + _FIGURES, _HEIGHT * len(chart.rows) + 6
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-label="{escape(chart.title, quote=True)}">'
    ]
    for place, (name, value, interval) in enumerate(chart.rows):
        y = place * _HEIGHT + 4
        lines.append(f'<text x="{_NAMES - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
        length = abs(value) / most * _BARS
        lines.append(f'<rect class="bar" x="{_NAMES}" y="{y}" width="{length:.1f}" height="{_HEIGHT - 6}"/>')
        end = length
        if interval is not None:
            low, high = (abs(bound) / most * _BARS for bound in interval)
            middle, end = y + (_HEIGHT - 6) / 2, max(end, high)
            lines.append(
                f'<line class="line" x1="{_NAMES + low:.1f}" x2="{_NAMES + high:.1f}" y1="{middle}" y2="{middle}"/>'
            )
        lines.append(f'<text x="{_NAMES + end + 6:.1f}" y="{y + 13}">{_shown(value)}</text>')
    return "\n".join([*lines, "</svg>"])


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


# -- Markdown ---------------------------------------------------------------------------------------------------------
def _markdown(title: str, parts: Sequence[_Part]) -> str:
    return "\n\n".join([f"# {_plain(title)}", *map(_markdown_part, parts)]) + "\n"


def _markdown_part(part: _Part) -> str:
    if isinstance(part, str):
        return _plain(part)
    if isinstance(part, _Chart):
        most = max((abs(value) for _, value, _ in part.rows), default=0) or 1
        rows = [(name, _shown(value), "█" * max(round(abs(value) / most * 30), 1)) for name, value, _ in part.rows]
        part = _Table(part.title, ("", "", ""), rows)
    lines = [f"| {' | '.join(map(_plain, row))} |" for row in (part.heads, *part.rows)]
    lines.insert(1, f"| {' | '.join('---' for _ in part.heads)} |")
    return f"## {_plain(part.title)}\n\n" + "\n".join(lines)


def _plain(text: str) -> str:
    """A text of the data as one line, in which nothing is an instruction to a reader of Markdown."""
    line = " ".join(text.split())
    return "".join(f"\\{one}" if one in "\\`*_{}[]#|" else _ENTITIES.get(one, one) for one in line)
