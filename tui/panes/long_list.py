"""Lists that go to their end: further rows are read in a worker when they come into sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic

from tui.messages import StatusChanged
from tui.panes.base import Service
from tui.widgets.cell_text import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.data.results import Answer, Result, ResultPages
    from tui.messages import Answered, Failed
    from tui.panes.base import Pane
    from tui.widgets.columns import Column
    from tui.widgets.table import Table


class LongList(Generic[Service]):
    """Shows the beginning of an answer at once, and reads the rest of the list as one gets to it.

    Parameters
    ----------
    pane
        The pane that the list is a part of.
    table
        The table.
    name
        The name of the worker thread, and of the source in the status bar.
    read
        Called after further rows have been read.
    """

    def __init__(self, pane: Pane[Service], table: Table[Result], name: str, read: Callable[[], None]) -> None:
        self._pane, self._table, self._told = pane, table, read
        self._answer: Answer | None = None
        self._pages: ResultPages | None = None
        self._reading = pane.request(name, "reading on", self._read, self._failed)

    def show(self, answer: Answer, columns: Sequence[Column[Result]], cursor: int = 0) -> None:
        """Show an answer."""
        if answer is not self._answer:
            self._reading.withdraw()
            self._answer, self._pages = answer, None
        self._table.show(answer.results, columns, cursor=cursor, more=answer.whole is not None)

    def stop(self) -> None:
        """Read no more of the answer: the table is about to show something else."""
        self._reading.withdraw()
        self._answer = self._pages = None

    @property
    def extent(self) -> str:
        """How many there are, as far as it is known."""
        total = self._table.total
        return f"first {len(self._table.rows):,}" if total is None else f"{total:,}"

    def want(self, start: int, end: int) -> None:
        """Read the rows from ``start`` up to ``end``."""
        answer, pages = self._answer, self._pages
        if answer is not None and answer.whole is not None:
            whole = answer.whole
            self._reading.send(lambda service, job: _page(answer, pages or whole(), start, end))

    def _read(self, message: Answered) -> None:
        answer, pages, start, rows = message.value
        if answer is not self._answer:
            return
        self._pages = pages
        self._table.fill(start, rows, len(pages))
        self._told()

    def _failed(self, message: Failed) -> None:
        shown = count(len(self._table.rows), "row")
        self._pane.post_message(StatusChanged(f"✗ only {shown} could be read: {message.failure.text}"))


def _page(answer: Answer, pages: ResultPages, start: int, end: int) -> tuple[Any, ...]:
    """A part of a list; runs in a worker thread."""
    return answer, pages, start, pages.page(start, end)
