"""The commands and their options. Each imports what it needs when it runs."""

from tui.commands import data, models, recommend, search
from tui.commands.group import cli

__all__ = ["cli", "data", "models", "recommend", "search"]
