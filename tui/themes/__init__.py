"""The colours: this app's own themes, Textual's, and those that a person has written as files."""

from tui.themes.own import DARK, LIGHT, OWN

__all__ = ["DARK", "LIGHT", "OWN"]
