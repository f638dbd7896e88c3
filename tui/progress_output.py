"""The progress of jobs on stderr: a bar in a terminal, and otherwise a line for each stage."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.session import VALIDATION, Holder, Job, Progress
from tui.output import log
from tui.sanitize import sanitize

#: Seconds of waiting that nobody needs to hear of.
_PATIENCE = 0.5


@contextmanager
def progress_on_stderr() -> Iterator[Job]:
    """A job whose progress is drawn on stderr if that is a terminal, or else printed as one line for each stage."""
    if not sys.stderr.isatty():
        yield Job(_StagePrinter())
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    # Stages name files and members of archives, which must not be read as markup.
    stage = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    columns = (stage, BarColumn(), TextColumn("{task.fields[count]}", markup=False), TimeRemainingColumn())
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    with Bar(*columns, console=console, transient=True) as bar:
        yield Job(_BarUpdater(bar))


class WaitPrinter:
    """Says once for whom a command waits that reports no progress."""

    def __init__(self) -> None:
        self._begun: dict[Holder, float] = {}
        self._told: set[Holder] = set()

    def __call__(self, holder: Holder) -> None:
        """Hear that another process holds what is needed; it is said after a moment."""
        begun = self._begun.setdefault(holder, time.monotonic())
        if holder not in self._told and time.monotonic() - begun >= _PATIENCE:
            self._told.add(holder)
            log(f"Waiting for {holder.describe()} … (Ctrl-C ends the waiting)")


_SHOWN_BY_THE_BAR = ("pace", "seconds_left", "epochs")


class _StagePrinter:
    def __init__(self) -> None:
        self._stage = ""

    def __call__(self, progress: Progress) -> None:
        if progress.warning:
            log(progress.warning)
        if progress.stage != self._stage:
            self._stage = progress.stage
            log(f"{progress.stage} …")


class _BarUpdater:
    """Draws at most ten times a second, because jobs report much more often."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task: Any = None
        self._stage = ""
        self._last = 0.0
        self._validation: dict[str, float] = {}

    def __call__(self, progress: Progress) -> None:
        if progress.warning:
            self._bar.console.print(sanitize(progress.warning))
        now = time.monotonic()
        if progress.stage != self._stage:
            self._validation = {}
        self._validation = {
            name: value for name, value in progress.values.items() if name.startswith(VALIDATION)
        } or self._validation
        if progress.stage == self._stage and now - self._last < 0.1 and progress.done != progress.total:
            return
        self._last = now
        count = f"{progress.done:,}" + (f"/{progress.total:,}" if progress.total else "") + f" {progress.unit}"
        if progress.unit == "%":
            count = f"{progress.done}%"
        shown = {name: value for name, value in progress.values.items() if name not in _SHOWN_BY_THE_BAR}
        shown |= self._validation
        count = sanitize(count + "".join(f"  {name} {value:.4g}" for name, value in shown.items()))
        if progress.stage != self._stage:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._stage = progress.stage
            self._task = self._bar.add_task(sanitize(progress.stage), total=progress.total, count=count)
        self._bar.update(self._task, completed=progress.done, total=progress.total, count=count)
