"""The items that one search leaves out whatever they match: those for adults, and those that a person hides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.search.filters.parser import Filter, mask
from engine.search.pinned_rows import PinnedRows

if TYPE_CHECKING:
    from engine.data.results import Answer
    from engine.search.filters.fields import Fields

#: A mask of items, shape (num_items,); None for all.
Allowed = npt.NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a search leaves out. It is asked for once a search, since the marks are read from a file.

    Attributes
    ----------
    hidden
        A mask of the items that are left out until they are asked for; None if there are none.
    marks
        The pinned and the hidden items.
    """

    hidden: Allowed
    marks: PinnedRows

    def visible(self, allowed: Allowed) -> Allowed:
        """The mask of the allowed items without those that are left out."""
        if self.hidden is not None:
            allowed = ~self.hidden if allowed is None else allowed & ~self.hidden
        return self.marks.visible(allowed)

    def meeting(self, filters: Sequence[Filter], fields: Fields) -> Allowed:
        """The mask of the items that meet conditions and are not left out."""
        return self.visible(mask(filters, fields))

    def counted(self, answer: Answer, fitting: Allowed) -> Answer:
        """An answer that says how many of the items that meet its conditions are left out."""
        return replace(
            answer,
            hidden=0 if self.hidden is None else _number(self.hidden, fitting),
            unlisted=0 if self.marks.shown is None else _number(~self.marks.shown, fitting),
        )


def _number(left_out: npt.NDArray[np.bool_], fitting: Allowed) -> int:
    return int(np.count_nonzero(left_out if fitting is None else left_out & fitting))
