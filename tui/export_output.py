"""What an export has written, in words: for the command line, and for the line below the tabs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.session import Exported


def describe_export(done: Exported, owner: str = "") -> str:
    """What was written, in a line.

    Parameters
    ----------
    done
        What was written.
    owner
        Whom or what each list is for, in the singular, if there are lists.
    """
    of = "" if done.lists is None else f" of {done.lists:,} {owner}s"
    by = "" if done.model is None else f", by {done.model}"
    return f"{' and '.join(done.files)}: {done.rows:,} rows{of}{by}"


def export_remarks(done: Exported, owner: str = "") -> Iterator[str]:
    """What else is to be known of an export, in sentences."""
    if done.note:
        yield f"{done.note[:1].upper()}{done.note[1:]}."
    if done.discarded:
        yield "An interrupted export of another model, other data or other options was discarded."
    if done.continued:
        yield f"{done.continued:,} of {done.lists:,} {owner}s were taken over from an interrupted export."
    if done.empty:
        yield f"{done.empty:,} of {done.lists:,} {owner}s have no row: the model has nothing to list for them."
