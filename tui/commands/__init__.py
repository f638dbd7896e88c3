"""The commands and their options. Each imports what it needs when it runs."""

from tui.commands import (
    check,
    compare,
    config,
    data,
    dataset_moves,
    dataset_update,
    embed,
    export,
    items,
    me,
    models,
    query,
    recommend,
    runs,
    search,
    serve,
)
from tui.commands.group import cli

__all__ = [
    "check",
    "cli",
    "compare",
    "config",
    "data",
    "dataset_moves",
    "dataset_update",
    "embed",
    "export",
    "items",
    "me",
    "models",
    "query",
    "recommend",
    "runs",
    "search",
    "serve",
]
