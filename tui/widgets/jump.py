"""Jump mode: letters stand beside the visible rows and places, and typing one goes there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.widgets.popup import ClosedOnce
from tui.widgets.table import Table

if TYPE_CHECKING:
    from textual.screen import Screen

#: The letters of the labels, those under the fingers first.
_LETTERS = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True)
class Target:
    """Where one can jump to.

    Attributes
    ----------
    at
        The cell of its label.
    go
        Goes there.
    """

    at: Offset
    go: Callable[[], None]


def labels(number: int) -> list[str]:
    """So many labels of one or two letters, of which none begins another.

    Examples
    --------
    >>> labels(3), labels(27)[-3:]
    (['a', 's', 'd'], ['n', 'ma', 'ms'])
    """
    size = len(_LETTERS)
    # Letters from the end of the alphabet begin longer labels, as many as are needed.
    first = 0
    while size - first + first * size < number and first < size:
        first += 1
    single = list(_LETTERS[: size - first])
    double = [begin + end for begin in _LETTERS[size - first :] for end in _LETTERS]
    return [*single, *double][:number]


def targets_on(screen: Screen[Any]) -> list[Target]:
    """Every row of a table that shows, and every other widget that takes the focus, from top to bottom."""
    found: list[Target] = []
    for widget in screen.focus_chain:
        region = widget.region.intersection(screen.region)
        if not region:
            continue
        if isinstance(widget, Table):
            line, rows = widget.visible_rows()
            x, y = widget.content_region.offset
            found += [
                Target(Offset(x, y + line + place), partial(_go_to_row, screen, widget, row))
                for place, row in enumerate(rows)
                if y + line + place < region.bottom
            ]
        else:
            found.append(Target(Offset(region.x, region.y), partial(screen.set_focus, widget)))
    return sorted(found, key=lambda target: (target.at.y, target.at.x))


def _go_to_row(screen: Screen[Any], table: Table[Any], row: int) -> None:
    screen.set_focus(table)
    table.cursor = row


class JumpScreen(ClosedOnce, ModalScreen[None]):
    """The labels in front of the screen; a label that was typed goes to its target, any other key closes.

    Parameters
    ----------
    targets
        Where one can go.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", id="close")]

    DEFAULT_CSS = """
    JumpScreen {
        background: transparent;
        & > Static { position: absolute; width: auto; height: auto; background: $warning; color: $background; }
    }
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._targets = dict(zip(labels(len(targets)), targets, strict=False))
        self._typed = ""

    def compose(self) -> ComposeResult:
        """The labels; those below each other are one widget, since a widget each would take long to lay out."""
        columns: dict[int, list[tuple[int, str]]] = {}
        for label, target in self._targets.items():
            columns.setdefault(target.at.x, []).append((target.at.y, label))
        for x, cells in columns.items():
            for block in _blocks(cells):
                mark = Static(Content("\n".join(f"{label:<2}" for _, label in block)))
                mark.styles.offset = (x, block[0][0])
                yield mark

    def on_key(self, event: events.Key) -> None:
        """Go to the target whose label is complete."""
        if event.key == "escape":
            return
        event.stop()
        event.prevent_default()
        self._typed += event.character or "\0"
        if target := self._targets.get(self._typed):
            self.dismiss()
            target.go()
        elif not any(label.startswith(self._typed) for label in self._targets):
            self.dismiss()

    def on_click(self) -> None:
        """A click closes."""
        self.dismiss()


def _blocks(cells: Sequence[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Cells of one column, in runs of lines that follow each other."""
    runs: list[list[tuple[int, str]]] = []
    for y, label in sorted(cells):
        if runs and runs[-1][-1][0] == y - 1:
            runs[-1].append((y, label))
        else:
            runs.append([(y, label)])
    return runs
