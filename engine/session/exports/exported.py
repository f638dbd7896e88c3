"""What an export has written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has written.

    Attributes
    ----------
    files
        The files, the one that was asked for first.
    rows
        The number of rows of the first file.
    model
        The model that answered, or the embedding model; None for an export of reports.
    lists, empty
        The number of lists, and of those without an item; None for an export of something else.
    continued
        The number of lists that were taken over from an interrupted export.
    discarded
        Whether an interrupted export of another model, of other data or with other options was discarded.
    note
        A remark for the user; may be empty.
    about
        Further facts that are needed to use the file.
    """

    files: tuple[str, ...]
    rows: int
    model: str | None = None
    lists: int | None = None
    empty: int | None = None
    continued: int = 0
    discarded: bool = False
    note: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
