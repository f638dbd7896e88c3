"""The command that appends files to a stored data set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.data import datasets, parse_location, parse_size
from tui.commands.options import common_options

if TYPE_CHECKING:
    from engine.session import DatasetUpdate, Overview


@datasets.command("update")
@click.argument("name")
@click.option("--items", type=parse_location, metavar="F", help="New or changed items: a file, or an address.")
@click.option(
    "--ratings",
    type=parse_location,
    metavar="F",
    multiple=True,
    help="New or changed ratings: a file, or an address; for a table also several.",
)
@click.option("--links", type=parse_location, metavar="F", help="links.csv, for kind movies.")
@click.option("--from", "source", type=parse_location, metavar="PATH", help="A folder or an archive.")
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first"]),
    help="What comes first in 03/04/2024, where neither the other dates nor those of the data set tell.",
)
@click.option("--max-size", type=parse_size, metavar="SIZE", help="As of `datasets add`.")
@click.option("--dry-run", is_flag=True, help="Read and tell what would be appended, and store nothing.")
@common_options
def update_dataset(
    name: str,
    items: str | Path | None,
    ratings: tuple[str | Path, ...],
    links: str | Path | None,
    source: str | Path | None,
    dates: str | None,
    max_size: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Append new ratings, users and items to a data set.

    The files are read as the data set was read, with the same columns. Of several ratings of a user for an item the
    latest counts. Embeddings of unchanged items stay, and trained models go on answering: new ratings are folded in.
    """
    from engine.session.datasets import open_workspace, update
    from tui.output import log
    from tui.progress_output import progress_on_stderr

    if not (items or ratings or links or source):
        raise click.UsageError("Name what is to be appended: --ratings, --items or --from.")
    with progress_on_stderr() as job:
        done, overview = update(
            open_workspace(),
            name,
            items=items,
            ratings=ratings or None,
            links=links,
            source=source,
            day_first=None if dates is None else dates == "day-first",
            max_size=max_size,
            store=not dry_run,
            job=job,
            log=log,
        )
    _print(done, overview, as_json, dry_run)


def _print(done: DatasetUpdate, overview: Overview, as_json: bool, dry_run: bool) -> None:
    from tui.output import print_json, print_line

    if as_json:
        counts = {key: value for key, value in asdict(done).items() if key not in ("users", "items", "num_users")}
        counts.pop("num_rated_items")
        sizes = {key: getattr(overview, key) for key in ("name", "num_users", "num_items", "num_interactions")}
        print_json({**sizes, "update": counts, "stored": not dry_run})
        return
    print_line(f"{overview.name}: {'would be updated' if dry_run else 'updated'} from {', '.join(done.files)}")
    print_line("  " + ", ".join(f"{count:,} {what}" for what, count in done.counts().items()))
    print_line(
        f"  {overview.num_items:,} items ({overview.num_rated_items:,} with interactions), "
        f"{overview.num_users:,} users, {overview.num_interactions:,} interactions"
    )
    for note in done.notes:
        print_line(f"  {note}")
