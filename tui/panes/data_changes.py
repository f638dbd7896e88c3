"""Changes of the stored data sets: what the Data tab asks for, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui.messages import Answered, Failed, StatusChanged
from tui.widgets.cell_text import clean

if TYPE_CHECKING:
    from engine.session import NewDataset, StoredDataset
    from tui.backend.protocols import Datasets, DataTab
    from tui.messages import JobView
    from tui.panes.base import Pane
    from tui.widgets.add_dataset import AddScreen


class DatasetChanges:
    """Adds, renames, removes and restores data sets.

    Parameters
    ----------
    pane
        The pane that asks.
    changed
        Called once the list of data sets has changed.
    reopen
        Called with the name of the open data set, when that was renamed or updated.
    taken
        Tells the names that data sets have.
    """

    def __init__(
        self,
        pane: Pane[DataTab],
        changed: Callable[[], None],
        reopen: Callable[[str], None],
        taken: Callable[[], Collection[str]],
    ) -> None:
        self._pane = pane
        self._changed = changed
        self._reopen = reopen
        self._taken = taken
        self.removed: Sequence[str] = ()
        """The names of the data sets that can be put back, the latest removal first."""
        self._updating: int | None = None
        self._adding: NewDataset | None = None
        self._job = 0
        self._changing = pane.request(
            "change", "changing the data sets", self._was_changed, self._not_changed, changes=True
        )
        self._completing = pane.request("paths", "looking into the folder", self._was_completed, lambda _: None)
        self._previewing = pane.request("preview", "reading the files", self._was_previewed, self._not_previewed)

    # -- adding -----------------------------------------------------------------------------------------------
    def ask_to_add(self) -> None:
        """Open the screen that asks for a data set."""
        from tui.widgets.add_dataset import AddScreen, Asking

        asking = Asking(self._complete, self._preview, self._cancel, self._add)
        blink, taken = self._pane.line.cursor_blink, self._taken()
        self._pane.app.push_screen(AddScreen(asking, self._failed_to_add, blink=blink, taken=taken))

    def ask_to_update(self, stored: StoredDataset) -> None:
        """Open the screen that asks what is to be appended to a data set."""
        from tui.widgets.add_dataset import AddScreen, Asking

        def add(new: NewDataset) -> None:
            job = self._pane.backend.add_dataset(new)
            if stored.is_open:
                self._updating = job

        asking = Asking(self._complete, self._preview, self._cancel, add)
        self._pane.app.push_screen(AddScreen(asking, blink=self._pane.line.cursor_blink, updates=stored.name))

    def follow(self, jobs: Mapping[int, JobView], open_name: str) -> None:
        """Open the data set again once a job has updated it: the other tabs know it as it was."""
        job = None if self._updating is None else jobs.get(self._updating)
        if job is None or job.active:
            return
        if job.state == "done" and any(one.active for one in jobs.values()):
            return  # which would be stopped: it waits for them
        self._updating = None
        if job.state == "done":
            self._reopen(open_name)

    @property
    def _screen(self) -> AddScreen | None:
        from tui.widgets.add_dataset import AddScreen

        return next((one for one in self._pane.app.screen_stack if isinstance(one, AddScreen)), None)

    def _complete(self, text: str) -> None:
        self._completing.send_debounced(
            lambda: self._completing.send(lambda tab, _: tab.datasets.complete(text) if text else [])
        )

    def _was_completed(self, message: Answered) -> None:
        if (screen := self._screen) is not None:
            screen.show_completions(message.value)

    def _preview(self, new: NewDataset) -> None:
        self._previewing.send(lambda tab, job: tab.datasets.preview(new, job))

    def _was_previewed(self, message: Answered) -> None:
        if (screen := self._screen) is not None:
            screen.show_draft(message.value)

    def _not_previewed(self, message: Failed) -> None:
        if (screen := self._screen) is not None:
            screen.show_problem(message.failure.text)

    def _cancel(self) -> None:
        self._completing.withdraw()
        self._previewing.withdraw()

    def _add(self, new: NewDataset) -> None:
        self._adding = new
        self._job = self._pane.backend.add_dataset(new)

    @property
    def _failed_to_add(self) -> NewDataset | None:
        """What was to be added last, if that failed: it need not be typed again."""
        job = self._pane.state.jobs.get(self._job)
        return self._adding if job is not None and job.state == "failed" else None

    # -- renaming and removing --------------------------------------------------------------------------------
    def ask_to_rename(self, stored: StoredDataset) -> None:
        """Ask for the new name of a data set."""
        from tui.widgets.prompt import TextPrompt

        name = stored.name
        rename = partial(self._rename, name, is_new=True)
        self._pane.app.push_screen(TextPrompt(f"New name of {clean(name)}", name, rename))

    def _rename(self, name: str, new_name: str, *, is_new: bool = False) -> None:
        if new_name == name:
            return
        dataset = self._pane.state.dataset
        is_open = dataset is not None and dataset.overview.name == name
        if is_open and self._pane.state.active_job() is not None:
            self._tell(f"✗ {name} has a job that runs: it can be renamed once that has ended")
            return

        def done(stored: object) -> None:
            called = str(stored)
            undoes = is_new and not is_open  # an opened data set begins with nothing to undo
            self._tell(f"✓ {name} is now called {called}" + (" · u undoes" if undoes else ""))
            if undoes:
                back, again = partial(self._rename, called, name), partial(self._rename, name, called)
                self._record(f"renamed {name} to {called}", back, again)
            if is_open:
                self._reopen(called)

        self._change(lambda datasets: datasets.rename(name, new_name), done)

    def remove(self, stored: StoredDataset) -> None:
        """Move a data set to the trash; undoing it needs no question."""
        self._remove(stored.name, is_new=True)

    def restore(self, name: str) -> None:
        """Put a data set back."""
        self._restore(name, is_new=True)

    def _remove(self, name: str, *, is_new: bool = False) -> None:
        def done(_: object) -> None:
            self._tell(f"✓ {name} is in the trash for 30 days: u puts it back")
            if is_new:
                self._record(f"removed {name}", partial(self._restore, name), partial(self._remove, name))

        self._change(lambda datasets: datasets.remove(name), done)

    def _restore(self, name: str, *, is_new: bool = False) -> None:
        def done(_: object) -> None:
            self._tell(f"✓ {name} is back")
            if is_new:
                self._record(f"put {name} back", partial(self._remove, name), partial(self._restore, name))

        self._change(lambda datasets: datasets.restore(name), done)

    def _change(self, change: Callable[[Datasets], object], done: Callable[[object], None]) -> None:
        """Make a change, and then have ``done(value)`` called."""
        self._changing.send(lambda tab, _: (done, change(tab.datasets)))

    def _record(self, what: str, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        """Let a change be undone by the key that undoes everything."""
        self._pane.state.changes.record(what, undo, redo)
        self._pane.refresh_bindings()

    def _was_changed(self, message: Answered) -> None:
        done, value = message.value
        done(value)
        self._changed()

    def _not_changed(self, message: Failed) -> None:
        self._tell(f"✗ {message.failure.text}")

    def _tell(self, text: str) -> None:
        self._pane.post_message(StatusChanged(text))
