"""An input line for text of a limited length, without what a terminal would act upon."""

from __future__ import annotations

from textual.widgets import Input

from tui.sanitize import sanitize


class LimitedInput(Input):
    """An input line that says once when it is full."""

    _is_full = False

    def validate_value(self, value: str) -> str:
        """Keep out what a terminal would act upon, also from completions and earlier searches."""
        self._is_full = self._is_full and len(value) >= (self.max_length or 0)
        return sanitize(value)

    def restricted(self) -> None:
        """Say that no more fits: the library's bell would ring for each character of a long text."""
        if not self._is_full:
            self._is_full = True
            self.notify(f"No more than {self.max_length:,} characters fit.", markup=False)
