"""The profiles of one's own ratings: which one is rated for, making, renaming and removing them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from engine.data.results import UserSummary
from tui.backend.backend import Backend
from tui.messages import Failed, OwnRatingsChanged, ProfileChosen, ProfileGone, StatusChanged
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.cell_text import clean
from tui.widgets.panel import Panel
from tui.widgets.prompt import TextPrompt
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from tui.backend.protocols import Me

#: The keys, on the frame of the list.
_KEYS = "Enter rates as it · n new · R rename · x remove"


class ProfileTable(Table[UserSummary]):
    """The profiles."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "rate as it", id="choose")]


class ProfilesScreen(AskingPopUp):
    """The profiles, of which one is chosen to rate for; they can be made, renamed and removed, which u undoes.

    Parameters
    ----------
    backend
        The way to the engine.
    profile
        The profile that is rated for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "close", id="close"),
        Binding("n", "make", "new", id="make-profile"),
        Binding("R", "rename", "rename", id="rename-profile"),
        Binding("x,delete", "remove", "remove", id="remove-profile"),
        Binding("u", "undo", "undo", id="undo"),
    ]

    DEFAULT_CSS = """
    ProfilesScreen > Panel { width: 70; max-width: 94%; height: 60%; max-height: 24; background: $surface; }
    """

    def __init__(self, backend: Backend, profile: str) -> None:
        super().__init__(backend, "profiles", changes=True)
        self._profile = profile
        self._new_name = ""
        """What the profile that is rated for is called once it is renamed."""
        self._back: list[Callable[[], None]] = []
        """What takes back the changes that were made here, the last one at the end."""
        self._table = ProfileTable(
            (
                Column("", lambda one, _: "●" if str(one.user_id) == self._profile else "", width=1, style="accent"),
                Column("Profile", lambda one, _: clean(one.user_id)),
                Column("Rated or seen here", lambda one, _: f"{one.num_interactions:,}", width=18, right=True),
            ),
            id="profiles",
        )
        self._panel = Panel("Profiles", self._table)

    def compose(self) -> ComposeResult:
        """The list."""
        yield self._panel

    def on_mount(self) -> None:
        """Read the profiles."""
        self._panel.show_notice().show("", "reading the profiles …")
        self._ask(lambda _: "")

    def _ask(self, change: Callable[[Me], str], gone: str = "") -> None:
        """Change the profiles, after which one may be gone, and list them."""

        def work(session: Any, _: object) -> tuple[str, str, list[UserSummary]]:
            said = change(session.me)
            return said, gone, [session.me.summary(name) for name in session.me.profiles()]

        self.ask(work)

    def answered(self, value: Any) -> None:
        """List what is there."""
        said, gone, profiles = value
        if gone:
            self.app.post_message(ProfileGone(gone))
        names = [str(one.user_id) for one in profiles]
        if self._profile not in names:
            self._choose(self._new_name if self._new_name in names else names[0])
        self._panel.retitle("Profiles", clean(said) or _KEYS)
        self._table.show(profiles, cursor=min(self._table.cursor, len(profiles) - 1))
        self._panel.show_rows()
        if said:
            self.app.post_message(OwnRatingsChanged())
        self.call_after_refresh(partial(self.set_focus, self._table))

    def failed(self, message: Failed) -> None:
        """Say why it cannot be done."""
        if self._table.rows:
            self._panel.retitle("Profiles", _KEYS)
            self.app.notify(clean(message.failure.text), severity="error", markup=False, timeout=10)
        else:
            self._panel.show_notice().show("The profiles cannot be read", message.failure.text)

    @property
    def _chosen_name(self) -> str:
        return "" if self._table.row is None else str(self._table.row.user_id)

    def _choose(self, name: str) -> None:
        self._profile = name
        self.app.post_message(ProfileChosen(name))

    @on(Table.Chosen)
    def _rate_as(self, event: Table.Chosen) -> None:
        event.stop()
        if name := self._chosen_name:
            self._choose(name)
            self.dismiss()
            self.app.post_message(StatusChanged(f"✓ your ratings go to the profile {name} now"))

    def action_make(self) -> None:
        """Ask for the name of a new profile, and rate for it."""

        def make(name: str) -> None:
            def change(me: Me) -> str:
                me.make_profile(name)
                return f"✓ {name} is made; Enter rates as it"

            self._ask(change)

        self.app.push_screen(TextPrompt("Name of the new profile", "", make))

    def action_rename(self) -> None:
        """Ask for another name of the profile under the cursor."""
        old = self._chosen_name

        def rename(new: str) -> None:
            self._rename(old, new, is_new=True)

        if old:
            self.app.push_screen(TextPrompt(f"New name of {clean(old)}", old, rename))

    def _rename(self, old: str, new: str, *, is_new: bool = False) -> None:
        def change(me: Me) -> str:
            me.rename_profile(old, new)
            if is_new and new != old:
                self._back.append(partial(self._rename, new, old))
            return f"✓ {old} is now called {new}" + (" · u undoes" if is_new else "")

        self._new_name = new if self._profile == old else ""
        self._ask(change, gone=old)

    def action_remove(self) -> None:
        """Remove the profile under the cursor; it can be brought back."""
        name = self._chosen_name

        def change(me: Me) -> str:
            if not me.remove_profile(name):
                return f"{name} holds nothing"
            self._back.append(partial(self._ask, _restore))
            return f"✓ {name} is removed · u brings it back"

        if name:
            self._ask(change, gone=name)

    def action_undo(self) -> None:
        """Take back what was renamed or removed here last; else bring back the profile that was removed last."""
        if self._back:
            self._back.pop()()
        else:
            self._ask(_restore)


def _restore(me: Me) -> str:
    names = me.removed_profiles()
    if not names:
        return "There is nothing to bring back."
    me.restore_profile(names[0])
    return f"✓ {names[0]} is back"
