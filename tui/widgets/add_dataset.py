"""Adding a data set: where it is, what was found there, which column has which role, and its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from tui.widgets.cell_text import clean, count, shorten
from tui.widgets.completions import Completions
from tui.widgets.popup import PopUp
from tui.widgets.query_input import QueryInput
from tui.widgets.table import Column, Table
from tui.wording import type_in_words

if TYPE_CHECKING:
    from engine.session import Draft, NewDataset

Role = tuple[str, str]
_NO_COLUMN = "no column"
#: The line of the roles that says what comes first in dates, and what it can say.
_DATES = "dates"
_ORDERS: dict[bool | None, tuple[str, str]] = {
    None: ("as the other dates tell", ""),
    True: ("day first", "03/04/2024 is 3 April"),
    False: ("month first", "03/04/2024 is March 4"),
}
#: The roles without which a table is no log.
_NEEDED = ("user", "item")
#: The role of the column by which a catalogue in a file of its own names the items of the log.
_ID = "id"
#: Lines of a window in which the roles are given less room, and those in which they are given little.
_LOW, _TINY = 32, 22


class _Found(VerticalScroll):
    """What was found; Tab reaches it where it has to be scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up", id="cursor-up"),
        Binding("down,j", "scroll(1)", "down", id="cursor-down"),
    ]

    def allow_focus(self) -> bool:
        """Only where there is more than shows."""
        return self.max_scroll_y > 0

    def action_scroll(self, by: int) -> None:
        """Scroll by a line, at once: further keys may follow."""
        self.scroll_relative(y=by, animate=False, immediate=True)


class RoleTable(Table[Role]):
    """The roles with their columns; Enter changes the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "choose", "another column", id="choose")]

    def __init__(self) -> None:
        super().__init__(
            (
                Column("Role", lambda role, _: role[0], width=8),
                Column("Column", lambda role, _: clean(role[1]) or "–", share=2),
                Column("First values", lambda role, _: self._values_of(role[1]), share=3, from_width=50, style="muted"),
            ),
            id="roles",
        )
        self.samples: Mapping[str, tuple[str, ...]] = {}
        """The first values of each column of the tables."""

    def _values_of(self, column: str) -> str:
        parts = [column] if column in self.samples else column.split("+")
        return values_text([value for part in parts for value in self.samples.get(part, ())])


@dataclass(frozen=True, slots=True)
class Asking:
    """What the screen asks of the pane that opened it; the answers come by the screen's ``show_…`` methods."""

    complete: Callable[[str], None]
    preview: Callable[[NewDataset], None]
    cancel: Callable[[], None]
    add: Callable[[NewDataset], None]


class AddScreen(PopUp):
    """Asks for a source, shows what is there, and adds it.

    Parameters
    ----------
    asking
        How to ask for completions and previews, and to add.
    start
        What could not be added before, to be mended; None to begin with empty lines.
    blink
        Whether cursors blink.
    updates
        The name of the stored data set to which it is to be appended; empty for a new one.
    taken
        The names that other data sets have.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "step_back", "back", id="step-back"),
        Binding("f5,ctrl+s", "add", "add", id="add-data-set"),
        Binding("tab", "next_place", "next", show=False, priority=True, id="focus-next"),
    ]

    DEFAULT_CSS = """
    AddScreen > .page {
        width: 100;
        height: 94%;
        max-height: 94%;
        padding: 0 1;
        & QueryInput { background: $surface; }
        & RoleTable { height: auto; max-height: 9; margin: 1 1 0 1; }
        &.-short RoleTable { max-height: 5; margin-top: 0; }
        &.-short VerticalScroll { margin-top: 0; }
        &.-tiny RoleTable { max-height: 3; }
        &.-tiny VerticalScroll { min-height: 2; }
        & VerticalScroll {
            height: 1fr;
            margin: 1 1 0 1;
            scrollbar-size-vertical: 1;
            scrollbar-color: $foreground 50%;
            scrollbar-background: $background;
            &:focus { scrollbar-color: $primary; }
        }
    }
    """

    def __init__(
        self,
        asking: Asking,
        start: NewDataset | None = None,
        *,
        blink: bool = True,
        updates: str = "",
        taken: Collection[str] = (),
    ) -> None:
        super().__init__()
        self._asking, self._start = asking, start
        self._updates, self._taken = updates, taken
        if updates:
            keys = self._bindings.key_to_bindings  # a copy of this screen's own
            for key in ("f5", "ctrl+s"):
                keys[key] = [replace(binding, description="append") for binding in keys[key]]
        asked = "New ratings: file, folder or address" if updates else "File, folder, address, demo or ml-100k"
        self._source = QueryInput(asked, "~/ratings.csv", blink=blink, id="source")
        self._items = QueryInput("Catalogue in a file of its own", "optional", blink=blink, id="items")
        self._name_line = QueryInput("Name", "", blink=blink, id="name")
        self._completions: Completions[str] = Completions((Column("Path", lambda path, _: clean(path)),))
        self._roles = RoleTable()
        self._found = Static()
        self._draft: Draft | None = None
        self._changed: dict[str, str] = {}
        self._day_first: bool | None = None
        self._named = False
        self._previewed: NewDataset | None = None
        self._completing: QueryInput = self._source

    def compose(self) -> ComposeResult:
        """The lines, the roles, and what was found."""
        with Vertical(classes="page") as page:
            page.border_title = Content(f"Update {clean(self._updates)}" if self._updates else "Add a data set")
            does = "appends" if self._updates else "adds"
            page.border_subtitle = Content(f"Tab completes · Enter looks · F5 {does} · Esc closes")
            yield self._source
            yield self._completions
            yield self._items
            yield self._name_line
            yield self._roles
            with _Found():
                yield self._found

    def on_mount(self) -> None:
        """Begin with the source."""
        self._roles.display = False
        self._source.focus()
        if self._updates:
            self._name_line.display = False
            self._tell("Type a path. It is read as the data set was, and of several ratings the latest counts.")
            return
        self._tell("Type a path. Published sets are added by their name: demo, ml-100k, ml-latest-small, ml-1m.")
        if self._start is not None:
            self._resume(self._start)

    def _resume(self, start: NewDataset) -> None:
        """Fill the lines with what could not be added, and look at it."""
        for line, value in ((self._source, start.source), (self._items, start.items), (self._name_line, start.name)):
            with line.prevent(Input.Changed):
                line.value = value
            line.cursor_position = len(value)
        self._named = True
        self._changed, self._day_first = dict(start.mapping), start.day_first
        self._previewed = replace(self.new, name="")
        self._asking.preview(self.new)

    def on_resize(self) -> None:
        """Leave room for what was found in a low window."""
        self.query_one(".page").set_class(self.app.size.height < _LOW, "-short")
        self.query_one(".page").set_class(self.app.size.height < _TINY, "-tiny")

    @property
    def new(self) -> NewDataset:
        """What is to be added as it stands now."""
        from engine.session import NewDataset

        source, items = self._source.value.strip(), self._items.value.strip()
        if self._updates:
            return NewDataset(self._updates, source, items, is_update=True, day_first=self._day_first)
        name = self._name_line.value.strip() or suggested_name(source)
        return NewDataset(name, source, items, dict(self._changed), day_first=self._day_first)

    # -- typing -----------------------------------------------------------------------------------------------
    @on(Input.Changed, "#source, #items")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        line = self._source if event.input is self._source else self._items
        if line is self._source and not self._named:
            with self._name_line.prevent(Input.Changed):
                self._name_line.value = suggested_name(line.value.strip())
        if self.focused is line:
            self._completing = line
            self._asking.complete(line.value)

    @on(Input.Changed, "#name")
    def _typed_name(self, event: Input.Changed) -> None:
        event.stop()
        self._named = bool(event.value.strip())

    def show_completions(self, paths: list[str]) -> None:
        """Offer these paths for the line that is being typed."""
        if paths and self.focused is self._completing and paths != [self._completing.value]:
            self._completions.show(paths, marked=False, hint="Tab takes it")
        else:
            self._completions.close()
        self._lead_on()

    def _lead_on(self) -> None:
        """Let the arrow keys work in the lines where they lead somewhere."""
        for line in (self._source, self._items, self._name_line):
            line.set_leads_on(self._roles.display or (self._completions.open and line is self._completing))

    @on(QueryInput.Arrow)
    def _arrow(self, event: QueryInput.Arrow) -> None:
        event.stop()
        if self._completions.open and self.focused is self._completing:
            self._completions.step(event.by)
        elif event.by > 0 and self._roles.display:
            self._roles.focus()

    def action_next_place(self) -> None:
        """Take the completion, or go to the next line."""
        if self._completions.open and self._completions.choice is not None:
            self._take(self._completions.choice)
        else:
            self.focus_next()

    def _take(self, path: str) -> None:
        self._completing.value = path
        self._completing.cursor_position = len(path)

    @on(Table.Chosen, "#completions")
    def _clicked(self, event: Table.Chosen) -> None:
        event.stop()
        if event.table.row is not None:
            self._take(event.table.row)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._completions.open and self._completions.marked and self._completions.choice is not None:
            self._take(self._completions.choice)
            return
        self._completions.close()
        if event.input is self._name_line and self._draft is not None:
            self.action_add()
        else:
            self._look()

    # -- looking ----------------------------------------------------------------------------------------------
    @property
    def _names_a_file(self) -> bool:
        """Whether there is something to read; items alone can be appended, and are no data set of their own."""
        return bool(self._source.value.strip() or (self._updates and self._items.value.strip()))

    def _look(self) -> None:
        new = self.new
        if not self._names_a_file:
            return
        if self._previewed is not None and (new.source, new.items) != (self._previewed.source, self._previewed.items):
            self._changed.clear()
            self._day_first = None
            new = self.new
        self._previewed = replace(new, name="")
        self._tell(f"Reading {new.source or new.items} …")
        self._asking.preview(new)

    def show_draft(self, draft: Draft) -> None:
        """Show what was found."""
        self._draft = draft
        lines = list(draft.roles.items()) if draft.columns else []
        if draft.unclear_dates or self._day_first is not None:
            unclear = f"not clear in {', '.join(draft.unclear_dates)}: day or month first?"
            lines.append((_DATES, unclear if self._day_first is None else _ORDERS[self._day_first][0]))
        self._roles.display = bool(lines)
        self._roles.samples = draft.samples
        self._lead_on()
        cursor = self._roles.cursor
        if draft.unclear_dates and draft.preview is None:
            cursor = len(lines) - 1  # it cannot be read until this is said
        elif draft.missing in draft.roles:
            cursor = list(draft.roles).index(draft.missing)
        self._roles.show(lines, cursor=cursor)
        self._show_found(draft)
        if lines and self.focused in (self._source, self._items):
            self._roles.focus()

    def _show_found(self, draft: Draft) -> None:
        self._found.update(Content("\n").join(describe_draft(draft, max(self._found.size.width, 40))))

    def show_problem(self, text: str) -> None:
        """Show why nothing can be shown."""
        self._draft = None
        self._roles.display = False
        self._lead_on()
        self._refuse(text)

    def _refuse(self, text: str) -> None:
        self._found.update(Content.assemble(("✗ ", "$text-error"), clean(text)))

    def _tell(self, text: str) -> None:
        self._found.update(Content(clean(text)))

    # -- roles ------------------------------------------------------------------------------------------------
    @on(Table.Chosen, "#roles")
    def _change(self, event: Table.Chosen) -> None:
        event.stop()
        role, draft = event.table.row, self._draft
        if role is None or draft is None:
            return
        from tui.widgets.choices import ChoiceScreen

        if role[0] == _DATES:
            self.app.push_screen(
                ChoiceScreen("What comes first in dates such as 03/04/2024?", list(_ORDERS.values()), self._order)
            )
            return
        columns = ("", *draft.columns)
        used = {column: name for name, column in draft.roles.items() if column}
        choices = []
        for column in columns:
            values = values_text(draft.samples.get(column, ()))
            choices.append((column or _NO_COLUMN, " · ".join(filter(None, (_used_as(used.get(column)), values)))))

        def chosen(position: int) -> None:
            if (before := used.get(columns[position])) not in (None, role[0]):
                self._changed[before] = ""  # a column has one role
            self._changed[role[0]] = columns[position]
            self._look()

        self.app.push_screen(ChoiceScreen(f"Which column is the {role[0]}?", choices, chosen))

    def _order(self, position: int) -> None:
        self._day_first = list(_ORDERS)[position]
        self._look()

    # -- the end ----------------------------------------------------------------------------------------------
    def action_add(self) -> None:
        """Add it as a job."""
        if not self._names_a_file:
            self._tell("Type a path, an address or the name of a published set first.")
            return
        new, draft = self.new, self._draft
        if draft is not None and draft.preview is None and replace(new, name="") == self._previewed:
            self._roles.focus()
            self._show_found(draft)  # it would fail for the reason that is shown
            return
        if not self._updates and new.name in self._taken:
            self._name_line.focus()
            self._name_line.select_all()
            self._refuse(f"There is a data set {new.name} already: type another name, or remove that one first.")
            return
        self._asking.cancel()
        self.dismiss()
        self._asking.add(new)

    def action_step_back(self) -> None:
        """Close the completions, or this screen."""
        if self._completions.open:
            self._completions.close()
            return
        self._asking.cancel()
        self.dismiss()


def values_text(values: Sequence[str]) -> str:
    """The first values of a column, in a line."""
    return clean(" · ".join(values))


def _used_as(role: str | None) -> str:
    return f"now the {role}" if role else ""


def suggested_name(source: str) -> str:
    """A name for a data set from a path or an address: its last part without the ending.

    Examples
    --------
    >>> suggested_name("~/My films/ratings.csv.gz"), suggested_name("https://host/a/log.csv?x=1"), suggested_name("/")
    ('ratings', 'log', '')
    """
    last = re.split(r"[?#]", source.rstrip("/\\"))[0].replace("\\", "/").rpartition("/")[2]
    if last not in ("ml-100k", "ml-1m", "ml-latest-small"):
        last = re.sub(r"(\.[A-Za-z]{1,8}[0-9]?)+$", "", last)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-._")[:64]


def describe_draft(draft: Draft, width: int) -> list[Content]:
    """What was found, in lines: sizes, remarks, and the first rows."""
    preview = draft.preview
    if preview is None:
        if draft.unclear_dates:
            choose = f" Enter on {_DATES} says whether the day or the month comes first."
            return [Content.assemble(("✗ ", "$text-error"), clean(draft.problem), choose)]
        if draft.missing == _ID:
            ask = f"Which column of the catalogue says which item a row is? Enter on {_ID} chooses one."
            return [Content.assemble(("✗ ", "$text-error"), ask), Content.styled(clean(draft.problem), "$text-muted")]
        missing = " and ".join(role for role in _NEEDED if not draft.roles.get(role))
        columns = "columns are" if " and " in missing else "column is"
        first = f"Which {columns} the {missing}? Enter on a role chooses one." if missing else clean(draft.problem)
        rest = [Content.styled(clean(draft.problem), "$text-muted")] if missing else []
        return [Content.assemble(("✗ ", "$text-error"), first), *rest]
    overview = preview.overview
    lines = [
        Content.assemble(
            (f"{overview.kind}: ", "$text-muted"),
            (f"{count(overview.num_items, 'item')}, {count(overview.num_users, 'user')}, ", "bold $text"),
            (count(overview.num_interactions, "interaction"), "bold $text"),
        )
    ]
    lines += [Content(f"left out: {number:,} × {clean(reason)}") for reason, number in preview.skipped.items()]
    lines += [Content(clean(note)) for note in preview.source.get("notes", ())]
    for rows in (preview.interactions, preview.items):
        lines.append(Content(""))
        lines += [
            Content.styled(
                shorten(" · ".join(f"{key} {clean(value)}" for key, value in row.items() if value), width),
                "$text-muted",
            )
            for row in rows
        ]
    types = ", ".join(f"{clean(name)} ({type_in_words(kind)})" for name, kind in preview.types.items())
    return [*lines, Content(""), Content(f"types: {types}")] if types else lines
