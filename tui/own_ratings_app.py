"""The part of the app that is about one's own ratings: it has them stored, and opens the pages about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.contained_app import ContainedApp

if TYPE_CHECKING:
    from tui import messages
    from tui.backend.backend import Backend
    from tui.own_ratings import OwnRatings
    from tui.state import AppState


class OwnRatingsApp(ContainedApp):
    """An app in which the person at the keyboard can rate."""

    state: AppState
    _own_ratings: OwnRatings | None = None

    @property
    def backend(self) -> Backend:
        """The way to the engine."""
        raise NotImplementedError

    def refresh_pane(self) -> None:
        """Have the tab that is shown follow a change of the state."""
        raise NotImplementedError

    def own_ratings_answered(self, message: messages.Answered | messages.Failed) -> bool:
        """Confirm what was stored; False if the message answers another request."""
        return self._own_ratings is not None and self._own_ratings.answered(message)

    def on_rate_item(self, message: messages.RateItem) -> None:
        """Store what the person at the keyboard says about an item."""
        self._own().rate(message, self.state.profile)

    def on_match_entry(self, message: messages.MatchEntry) -> None:
        """Store which item an entry of one's own ratings means."""
        self._own().match(message)

    def _own(self) -> OwnRatings:
        if self._own_ratings is None:
            from tui.own_ratings import OwnRatings

            self._own_ratings = OwnRatings(self, self.backend, self.state.changes)
        return self._own_ratings

    def on_own_ratings_changed(self, message: messages.OwnRatingsChanged) -> None:
        """Show what follows from it."""
        self.state.own_changes += 1
        from tui.panes.asking_popup import AskingPopUp

        for screen in self.screen_stack[1:]:
            if isinstance(screen, AskingPopUp):
                screen.own_ratings_changed(message)
        self.refresh_bindings()
        self.refresh_pane()

    def action_import_ratings(self) -> None:
        """Ask for a person's export."""
        from tui.panes.own_files import ImportRatingsScreen

        self.push_screen(ImportRatingsScreen(self.backend, self.state.profile))

    def action_match_ratings(self) -> None:
        """List what one has rated and this data set does not have, to be matched by hand."""
        from tui.panes.match_by_hand import UnmatchedScreen

        self.push_screen(UnmatchedScreen(self.backend, self.state.profile))

    def action_export_ratings(self) -> None:
        """Ask where one's own ratings go to."""
        from tui.panes.own_files import ExportRatingsScreen

        self.push_screen(ExportRatingsScreen(self.backend, self.state.profile))

    def action_watchlist(self) -> None:
        """Show what one wants to watch."""
        from tui.panes.watchlist import WatchlistScreen

        self.push_screen(WatchlistScreen(self.backend, self.state.profile))

    def action_profiles(self) -> None:
        """Show the profiles, of which one is rated for."""
        from tui.panes.profiles import ProfilesScreen

        self.push_screen(ProfilesScreen(self.backend, self.state.profile))

    def on_profile_chosen(self, message: messages.ProfileChosen) -> None:
        """Rate for another profile."""
        self.state.profile = message.name

    def on_profile_gone(self, message: messages.ProfileGone) -> None:
        """Forget the changes of a profile: made again, one would bring the profile back under its old name."""
        self.state.changes.forget(message.name)
        self.refresh_bindings()
