"""The Data tab: the stored data sets, what the open one is like, and queries over it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.geometry import Size
from textual.widgets import Input

from tui.backend.backend import Backend
from tui.backend.protocols import DataTab, SessionLike
from tui.messages import Answered, Failed, Failure, StatusChanged, SwitchDataset
from tui.panes.base import RETRY, WIDE, KeyHelp, Pane
from tui.panes.data_changes import DatasetChanges
from tui.panes.train_prompt import NOT_OPENED
from tui.state import AppState
from tui.widgets.cell_text import clean, count, duration
from tui.widgets.notice import Notice
from tui.widgets.panel import Panel
from tui.widgets.profile_view import ProfileView
from tui.widgets.query_input import QueryInput
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from textual.app import SystemCommand

    from engine.session import Profile, StoredDataset

_MOST_ROWS = 1000
_LONGEST_COLUMN = 40
#: In a pane lower than this, the profile needs the room of the list.
_LOW = 18


def _size(stored: StoredDataset) -> str:
    return "damaged" if stored.overview is None else f"{stored.overview.num_items:,}"


def _log(stored: StoredDataset) -> str:
    return "" if stored.overview is None else f"{stored.overview.num_interactions:,}"


_COLUMNS: tuple[Column[StoredDataset], ...] = (
    Column("", lambda stored, _: "●" if stored.is_open else "", width=1, style="accent"),
    Column("Data set", lambda stored, _: clean(stored.name)),
    Column("Items", lambda stored, _: _size(stored), width=9, right=True),
    Column("Log", lambda stored, _: _log(stored), width=12, right=True, style="muted"),
)


class DatasetTable(Table["StoredDataset"]):
    """The stored data sets."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "open", id="choose")]


class DataPane(Pane[DataTab]):
    """The data sets at the left, and at the right the profile of the open one, or the rows of a query."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    TASK: ClassVar[str] = "data"

    KEYS: ClassVar[KeyHelp] = (
        ("Enter", "open the data set under the cursor"),
        ("a", "add one: from a file, a folder, an address, or published"),
        ("p", "update it: append new ratings or items"),
        ("n  x", "rename it, move it to the trash"),
        ("/", "query with SQL: tables interactions, items, users"),
        ("Esc", "from the rows of a query back to the profile"),
    )

    ACTIONS: ClassVar[tuple[str, ...]] = (*Pane.ACTIONS, "update", "rename", "remove")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "add", id="add-data-set"),
        Binding("p", "update", "update", id="update-data-set"),
        Binding("n", "rename", "rename", id="rename-data-set"),
        Binding("x,delete", "remove", "remove", id="remove-data-set"),
        Binding("slash", "type", "query", key_display="/", id="edit-query"),
        RETRY,
    ]

    def __init__(self, backend: Backend, state: AppState, *, blink: bool = True) -> None:
        line = QueryInput("SQL", "SELECT title, count(*) FROM interactions …", blink=blink, id="sql")
        super().__init__(backend, state, line)
        self.blink = blink
        self._table = DatasetTable(_COLUMNS, id="datasets")
        self._stored = Panel("Data sets", self._table, id="stored")
        self._profile = ProfileView()
        self._profile.display = False
        self._about = Vertical(self._profile, Notice(), id="about")
        self._rows: Table[tuple[Any, ...]] = Table((), id="rows")
        self._result = Panel("Rows", self._rows, id="result")
        self._listed: list[StoredDataset] | None = None
        self._profiled: Profile | None = None
        self._failures: dict[str, Failure] = {}
        self._ended_job = 0
        self._listing = self.request("datasets", "listing the data sets", self._were_listed, self._fail("datasets"))
        self._profiling = self.request("profile", "counting what is there", self._was_profiled, self._fail("profile"))
        self._querying = self.request("query", "querying", self._was_queried, self._fail("query"))
        self._changes = DatasetChanges(self, self.list_again, self.open_dataset, self._names)

    @staticmethod
    def service_of(session: SessionLike) -> DataTab:
        """The services for the stored data sets and for the open one."""
        return session

    def compose(self) -> ComposeResult:
        """The line above, the data sets and the profile below it."""
        self._fit(self.app.size)
        yield self.line
        with Container(id="data-body"):
            yield self._stored
            yield self._about
            yield self._result

    def on_mount(self) -> None:
        """Look as soon as the data set is open."""
        self.refresh_state()

    def on_resize(self) -> None:
        """Side by side where there is room."""
        self._fit(self.size)

    def _fit(self, size: Size) -> None:
        self.set_class(size.width >= WIDE, "-wide")
        self.set_class(size.height < _LOW, "-low")

    def focus_start(self) -> None:
        """Begin with the list of data sets."""
        self.go_to(self._table if self._stored.listing else self.line)
        if not self._stored.listing:
            self.line.hold_keys(self.state.pace.hold)

    # -- requests ---------------------------------------------------------------------------------------------
    def list_again(self) -> None:
        """Read the list of the data sets anew."""
        self._listing.send(lambda tab, _: (tab.datasets.stored(), tuple(tab.datasets.removed())))

    def _profile_open(self) -> None:
        self._profiling.send(lambda tab, job: tab.profiles.profile(job))

    def _were_listed(self, message: Answered) -> None:
        self._failures.pop("datasets", None)
        first, known = self._listed is None, {one.name for one in self._listed or ()}
        self._listed, removed = message.value
        self._changes.removed = removed
        # The cursor begins on the open one, and goes to what was added, so that Enter opens it.
        wanted = [one.is_open if first else one.name not in known for one in self._listed]
        self._table.show(self._listed, cursor=wanted.index(True) if any(wanted) else 0 if first else self._table.cursor)
        self._draw()
        if first:
            self.begin_at(self._table)

    def _was_profiled(self, message: Answered) -> None:
        self._failures.pop("profile", None)
        self._profiled = message.value
        if self.state.dataset is not None:
            self._profile.show(self.state.dataset.overview, message.value)
        self._draw()

    def _fail(self, name: str) -> Any:
        def keep(message: Failed) -> None:
            self._failures[name] = message.failure
            if name == "query":
                self._show_result(True)
                self._result.retitle("Rows")
                self._result.show_notice().show("The query has no answer", message.failure.text)
            self._draw()

        return keep

    # -- queries ----------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.refresh_keys()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = self.line.value.strip()
        if text:
            self._querying.send(lambda tab, job: tab.queries.query(text, _MOST_ROWS, job))

    def _was_queried(self, message: Answered) -> None:
        self._failures.pop("query", None)
        found = message.value
        self._show_result(True)
        widths = [
            min(max([len(name), *(len(clean(row[place])) for row in found.rows[:100])]), _LONGEST_COLUMN)
            for place, name in enumerate(found.columns)
        ]
        columns: list[Column[tuple[Any, ...]]] = [
            Column(clean(name), lambda row, _, place=place: clean(row[place]), width=widths[place])  # type: ignore[misc]
            for place, name in enumerate(found.columns)
        ]
        more = f"the first {len(found.rows):,} rows" if found.more else ""
        self._result.retitle(count(len(found.rows), "row"), more)
        self._rows.show(found.rows, columns)
        if found.rows:
            self._result.show_rows()
            self.go_to(self._rows)
        else:
            self._result.show_notice().show("No rows", "The query is right, and nothing fits it.")
        self.post_message(StatusChanged(f"{duration(message.seconds)} · {count(len(found.rows), 'row')}"))
        self._draw()

    def _show_result(self, shown: bool) -> None:
        self.set_class(shown, "-querying")

    # -- drawing ----------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Follow the jobs that add data sets, and the open one."""
        if self.state.dataset is not None:
            self._changes.follow(self.state.jobs, self.state.dataset.overview.name)
            job = self.state.last_job(self.TASK)
            ended = job is not None and not job.active and job.id != self._ended_job
            if job is not None and ended:
                self._ended_job = job.id
            if ended or (self._listed is None and not self._listing.pending and "datasets" not in self._failures):
                self.list_again()
            if self._profiled is None and not self._profiling.pending and "profile" not in self._failures:
                self._profile_open()
        self._draw()

    def _draw(self) -> None:
        self._draw_stored()
        self._draw_about()
        self.line.set_leads_on(self._result.listing if self.has_class("-querying") else self._stored.listing)
        self.refresh_keys()

    def _draw_stored(self) -> None:
        panel, failure = self._stored, self._failures.get("datasets")
        if failure is not None:
            panel.show_notice().show_failed("The data sets cannot be listed", failure)
        elif self._listed is None or self.state.failure is not None:
            panel.show_notice().show("")
        else:
            panel.show_rows()
        removed = self._changes.removed
        panel.retitle(count(len(self._listed or ()), "data set"), f"{len(removed)} in the trash" if removed else "")

    def _draw_about(self) -> None:
        notice, failure = self._about.query_one(Notice), self._failures.get("profile")
        shown = self._profiled is not None and self.state.failure is None
        self._profile.display, notice.display = shown, not shown
        if self.state.failure is not None:
            notice.show_failed(NOT_OPENED, self.state.failure)
        elif failure is not None:
            notice.show_failed("The profile cannot be made", failure)
        elif not shown:
            notice.show("" if self.state.dataset is None else "Counting what is there …")

    # -- keys -------------------------------------------------------------------------------------------------
    @property
    def chosen(self) -> StoredDataset | None:
        """The data set under the cursor."""
        return self._table.row if self._stored.listing else None

    def _names(self) -> frozenset[str]:
        return frozenset(one.name for one in self._listed or ())

    def open_dataset(self, name: str) -> None:
        """Have the app open another data set."""
        self.post_message(SwitchDataset(name))

    @on(Table.Chosen, "#datasets")
    def _opened(self, event: Table.Chosen) -> None:
        event.stop()
        stored = self.chosen
        if stored is not None and not stored.is_open:
            self.open_dataset(stored.name)

    @on(Table.Chosen, "#rows")
    def _row_chosen(self, event: Table.Chosen) -> None:
        event.stop()

    @on(Table.LeftTop)
    def _left_table(self) -> None:
        self.go_to(self.line)

    @on(QueryInput.Arrow)
    def _left_line(self, event: QueryInput.Arrow) -> None:
        if event.by > 0:
            querying = self.has_class("-querying") and self._result.listing
            self.go_to(self._rows if querying else self._table)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        match action:
            case "update" | "rename" | "remove":
                return self.is_at(self._table) and self.chosen is not None
            case "back":
                return self.has_class("-querying") or not self.is_at(self.line)
        return super().check_action(action, parameters)

    def action_add(self) -> None:
        """Ask for a data set to add."""
        self._changes.ask_to_add()

    def action_update(self) -> None:
        """Ask what is to be appended to the data set."""
        if self.chosen is not None:
            self._changes.ask_to_update(self.chosen)

    def action_rename(self) -> None:
        """Ask for another name."""
        if self.chosen is not None:
            self._changes.ask_to_rename(self.chosen)

    def action_remove(self) -> None:
        """Move the data set to the trash."""
        if self.chosen is not None:
            self._changes.remove(self.chosen)

    def commands(self) -> Iterable[SystemCommand]:
        """Adding, undoing, and opening each data set."""
        from functools import partial

        from textual.app import SystemCommand

        yield SystemCommand("Add a data set", "From a file, a folder, an address, or published", self.action_add)
        for name in self._changes.removed:
            yield SystemCommand(f"Restore {name}", "Put it back from the trash", partial(self._changes.restore, name))
        for stored in self._listed or ():
            if not stored.is_open:
                opening = partial(self.open_dataset, stored.name)
                yield SystemCommand(f"Open the data set {stored.name}", "All tabs follow", opening)

    def failures(self) -> Iterable[Failure | None]:
        """The failures that another try may mend; a query is changed instead."""
        return [failure for name, failure in self._failures.items() if name != "query"]

    def repeat(self) -> None:
        """Look again."""
        self._failures.clear()
        self.list_again()
        self._profile_open()

    def step_back(self) -> None:
        """From the rows of a query to the profile, and from there to the line."""
        if self.has_class("-querying"):
            self._querying.withdraw()
            self._failures.pop("query", None)
            self._show_result(False)
            self.go_to(self._table)
            self._draw()
        else:
            self.go_to(self.line)
