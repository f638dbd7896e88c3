"""The command that answers SQL over a data set."""

from __future__ import annotations

import click

from tui.commands.data import datasets
from tui.commands.options import common_options


@datasets.command("query")
@click.argument("name")
@click.argument("sql")
@click.option(
    "-k", "count", type=click.IntRange(1), default=1000, show_default=True, metavar="N", help="The most rows."
)
@common_options
def query_dataset(name: str, sql: str, count: int, as_json: bool) -> None:
    """Answer one SELECT over the tables interactions, items and users of a data set.

    It is only read, and nothing else can be reached. Needs the extra [sql].
    """
    from engine.session import Session
    from engine.session.datasets import open_workspace
    from tui.output import log, print_json, print_table

    workspace = open_workspace()
    workspace.manifest(name)
    found = Session(workspace, name).queries.query(sql, count)
    if as_json:
        print_json([dict(zip(found.columns, row, strict=True)) for row in found.rows])
    else:
        print_table(
            found.columns,
            [["" if value is None else value for value in row] for row in found.rows],
            cut=range(len(found.columns)),
        )
    if found.more:
        log(f"There are more than {count:,} rows; -k sets another limit.")
