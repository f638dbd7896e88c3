"""Markdown tables of measurements, on the screen and in documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def lines_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table with aligned columns."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    whole = (header, tuple("-" * width for width in widths), *rows)
    return [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in whole
    ]


def rows_between(file: Path, mark: str) -> list[list[str]]:
    """The rows of the table between ``<!-- mark -->`` and ``<!-- end of mark -->``, without its header."""
    inside = _split(file, mark)[1].splitlines()
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in inside if line.startswith("|")]
    return rows[2:]


def write_between(file: Path, mark: str, lines: Sequence[str]) -> None:
    """Replace the text between ``<!-- mark -->`` and ``<!-- end of mark -->`` by a table."""
    before, _, after = _split(file, mark)
    table = "\n".join(lines)
    file.write_text(f"{before}<!-- {mark} -->\n\n{table}\n\n<!-- end of {mark} -->{after}", encoding="utf-8")


def _split(file: Path, mark: str) -> tuple[str, str, str]:
    before, begin, rest = file.read_text(encoding="utf-8").partition(f"<!-- {mark} -->")
    inside, end, after = rest.partition(f"<!-- end of {mark} -->")
    if not begin or not end:
        raise SystemExit(f"{file} has no place for the table: add <!-- {mark} --> and <!-- end of {mark} --> to it.")
    return before, inside, after
