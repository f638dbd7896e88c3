"""A pasted list of titles: its lines without the marks of a list, and the items that they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.errors import UnknownError
from tui.sanitize import sanitize
from tui.widgets.cell_text import count, shorten

if TYPE_CHECKING:
    from engine.session import Item, Job
    from tui.backend.protocols import Sequences

#: As many titles are taken from one paste; a longer sequence than this is no use to a model.
MOST_TITLES: Final = 200
#: What stands before the entries of a list: bullets, and numbers with a full stop or a bracket.
_MARK = re.compile(r"^(?:[-*+•–▪◦]|\(?\d{1,3}[.)]|\[[ xX]\])\s+")
#: No title is longer.
_LONGEST: Final = 300
#: As many titles that were not found are named.
_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class PastedTitles:
    """What a pasted list of titles means.

    Attributes
    ----------
    items
        The items, in the order of the list.
    unknown
        The titles that mean none.
    left_out
        How many lines were not looked at, because the list is too long.
    """

    items: tuple[Item, ...]
    unknown: tuple[str, ...] = ()
    left_out: int = 0

    def problem(self) -> str:
        """What of the list was not taken, in one sentence; empty if all of it was."""
        said = []
        if self.unknown:
            named = ", ".join(f"“{shorten(title, 40)}”" for title in self.unknown[:_NAMED])
            more = f" and {len(self.unknown) - _NAMED:,} more" if len(self.unknown) > _NAMED else ""
            said.append(f"Not found: {named}{more}.")
        if self.left_out:
            said.append(f"{count(self.left_out, 'line')} after the first {MOST_TITLES} left out.")
        return f"{count(len(self.items), 'title')} added. {' '.join(said)}" if said else ""


def titles_in(text: str) -> list[str]:
    r"""The lines of a list, without blank ones and the marks before its entries.

    Examples
    --------
    >>> titles_in("1. Heat\n2. Alien\n\n- Solaris\n")
    ['Heat', 'Alien', 'Solaris']
    """
    lines = (_MARK.sub("", sanitize(line).strip()).strip() for line in text.splitlines())
    return [line[:_LONGEST] for line in lines if line]


def find_items(sequences: Sequences, titles: Sequence[str], job: Job) -> PastedTitles:
    """The items that titles mean; called in a worker thread.

    Parameters
    ----------
    sequences
        Knows the titles.
    titles
        The lines of the list.
    job
        May cancel between two titles.
    """
    items, unknown = [], []
    for title in titles[:MOST_TITLES]:
        job.checkpoint()
        try:
            items.append(sequences.resolve_title(title).item)
        except UnknownError:
            unknown.append(title)
    return PastedTitles(tuple(items), tuple(unknown), max(0, len(titles) - MOST_TITLES))
