"""The commands and their options. Each imports what it needs when it runs."""

from tui.commands import asking, data, learning
from tui.commands.group import cli

__all__ = ["asking", "cli", "data", "learning"]
