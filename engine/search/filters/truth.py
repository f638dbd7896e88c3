"""The field of a column that holds true and false."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.search.filters.columns import TextField, WrongTermError, truth_of

_VALUES = ("true", "false")


class TruthField(TextField):
    """A column of truth values, which may be typed as ``true``, ``yes`` or ``1`` and their opposites.

    Parameters
    ----------
    name, column
        See :class:`engine.search.filters.columns.Field`.
    values
        1 for true, 0 for false, and NaN if it is unknown; shape (num_items,).
    """

    def __init__(self, name: str, column: str, values: npt.NDArray[np.float64]) -> None:
        rows = np.flatnonzero(~np.isnan(values))
        codes = (values[rows] == 0).astype(np.int64)
        super().__init__(name, column, "truth", _VALUES, codes, rows, len(values))
        self.is_free = False
        self._occurring = set(codes.tolist())

    def _matching(self, text: str) -> list[int]:
        truth = truth_of(text)
        if truth is None:
            raise WrongTermError(f"{self.name}:{text} is not understood: {self.name} is true or false.", _VALUES)
        return [one for one in (int(not truth),) if one in self._occurring]

    def _no_order(self, text: str) -> WrongTermError:
        return WrongTermError(f"{self.name}:{text} cannot be compared: {self.name} is true or false.", _VALUES)

    def nearest(self, text: str, limit: int = 3) -> tuple[str, ...]:
        """The values that items have, since a value that none has cannot help."""
        return tuple(_VALUES[one] for one in sorted(self._occurring))
