"""What the command line prints: JSON for programs on stdout, tables and ranked lists for people."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from engine.session import MODES
from tui.listing import bound_of, result_record
from tui.sanitize import escape_json, sanitize
from tui.widgets.bars import whole_percent
from tui.wording import describe_empty

if TYPE_CHECKING:
    from engine.data.results import Answer, Change, Comparison, Facet, Result


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


#: Ratings that differ by less are equal.
_ROUNDING = 1e-6
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
    # Predicted ratings are ordered by their lower confidence bounds, which are shown where they differ.
    bounded = extra == "predicted_rating" and any(
        result.predicted_rating is not None and result.score < result.predicted_rating - _ROUNDING
        for result in answer.results
    )
    rows = [
        (
            result.rank,
            *([f"{bound_of(result):.2f}"] if bounded else []),
            whole_percent(result.score) if estimated else _figure(result, extra),
            result.item.title,
            str(result.item.year or ""),
            ", ".join(result.item.genres),
            result.item.item_id,
            *([result.reason] if explained else []),
        )
        for result in answer.results
    ]
    more = int(bounded)
    headings = (
        "#",
        *(["At least"] if bounded else []),
        figure,
        "Title",
        "Year",
        "Genres",
        "Id",
        *(["Why"] if explained else []),
    )
    print_table(
        headings,
        rows,
        cut=(2 + more, 4 + more, 6 + more),
        right=(0, 1, 1 + more),
        spare=(4 + more, 6 + more),
    )
    log(f"by {answer.method}{', ordered by what the rating is at least, allowing for chance' if bounded else ''}")


def print_comparison(comparison: Comparison, as_json: bool, extra: str = "predicted_rating") -> None:
    """A ranked list for a changed history, with where each item was before.

    In JSON each result of the contract also has ``rank_before``, ``score_before`` and ``score_difference``. The items
    that have left the list are said on stderr.
    """
    if comparison.note:
        log(comparison.note)
    pairs = list(zip(comparison.results, comparison.changes, strict=True))
    if as_json:
        print_json(
            [
                {
                    **result_json(result, extra),
                    "rank_before": change.rank_before,
                    "score_before": change.score_before,
                    "score_difference": change.difference,
                }
                for result, change in pairs
            ]
        )
    elif pairs:
        figure = None if getattr(pairs[0][0], extra) is None else extra
        heading = {"predicted_rating": "Rating", "probability": "Chance"}.get(figure or "", "Score")
        rows = [
            (
                result.rank,
                _moved(change),
                _figure(result, figure),
                _difference(change, figure),
                result.item.title,
                str(result.item.year or ""),
                result.item.item_id,
            )
            for result, change in pairs
        ]
        headings = ("#", "Before", heading, "Change", "Title", "Year", "Id")
        print_table(headings, rows, cut=(4,), right=(0, 1, 2, 3), spare=(5,))
    for change in comparison.gone:
        where = "no longer ranked" if change.rank_after is None else f"now {change.rank_after:,}"
        log(f"Gone from the list: {change.item.title}, {change.rank_before:,} before, {where}.")
    how = "" if extra == "probability" else ", before and after computed by fold-in"
    log(f"by {comparison.method}{how}" if pairs else "No item can be ranked.")


def _difference(change: Change, figure: str | None) -> str:
    if change.difference is None:
        return ""
    return f"{change.difference:+.2%}" if figure == "probability" else f"{change.difference:+.3f}"


def _moved(change: Change) -> str:
    """The rank before, and how many places up or down the item went."""
    if change.rank_before is None or change.rank_after is None:
        return "–"
    places = change.rank_before - change.rank_after
    return f"{change.rank_before:,}" + (f" {'▲' if places > 0 else '▼'}{abs(places):,}" if places else "")


def notes_of(answer: Answer) -> list[str]:
    """What a search made of its query, and what it left out, in sentences."""
    notes = [
        f"Searched for {one.used!r} instead of {one.typed!r}; --as-typed searches for {one.typed!r}."
        for one in answer.corrections
    ]
    notes += [
        f"Understood {one.typed!r} as {one.label}{'' if one.condition == one.typed else f' ({one.condition})'}; "
        "--as-typed searches for the words."
        for one in answer.understood
    ]
    if any(word not in answer.remark for word in answer.unknown_words):
        notes.append(f"No item has {' or '.join(map(repr, answer.unknown_words))}.")
    if answer.remark:
        notes.append(answer.remark)
    if answer.nudged:
        notes.append(f"{answer.nudged[:1].upper()}{answer.nudged[1:]}{'' if answer.nudged.endswith('.') else '.'}")
    if answer.hidden:
        what = "1 adult title is" if answer.hidden == 1 else f"{answer.hidden:,} adult titles are"
        notes.append(f"{what} hidden; --adult shows them.")
    if answer.unlisted:
        what = "1 title that you hid is" if answer.unlisted == 1 else f"{answer.unlisted:,} titles that you hid are"
        notes.append(f"{what} left out; `recsys-tui items list` names them.")
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
        "unlisted": answer.unlisted,
        "nudged": answer.nudged,
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
    value = result_record(result)
    if extra is not None:
        value[extra] = getattr(result, extra)
    if extra == "predicted_rating":
        value["std"] = result.std
    return value


def _figure(result: Result, extra: str | None) -> str:
    value = result.score if extra is None else getattr(result, extra)
    deviation = f" ± {result.std:.1f}" if extra == "predicted_rating" and result.std is not None else ""
    return f"{value:.1%}" if extra == "probability" else f"{value:.2f}{deviation}" if extra else f"{value:.3f}"
