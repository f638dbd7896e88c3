"""Textual's app, with a driver that hears Esc sooner, and with style sheets that are read once at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

if TYPE_CHECKING:
    from textual.driver import Driver


class BaseApp(App[None]):
    """An app that starts as soon as a plain one, though it begins with a theme of its own."""

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice, but on Unix one that reports Esc sooner."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from tui.driver import PromptDriver

        return PromptDriver

    def refresh_css(self, animate: bool = True) -> None:
        """Apply the theme anew. Before there is a screen only its colours are taken: the first screen reads the rest.

        Otherwise the theme that is chosen before the start would have the style sheets read twice.
        """
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())
