"""The commands that rename and remove data sets, and put them back."""

from __future__ import annotations

import click

from tui.commands.data import datasets
from tui.commands.options import common_options


@datasets.command("remove")
@click.argument("name")
@click.option("--for-good", is_flag=True, help="Delete it at once; else it can be restored for 30 days.")
@common_options
def remove_dataset(name: str, for_good: bool, as_json: bool) -> None:
    """Remove a data set with its embeddings and models."""
    from engine.session.datasets import open_workspace, throw_away
    from tui.output import log, print_json

    if for_good:
        open_workspace().remove(name)
    else:
        throw_away(open_workspace(), name)
    if as_json:
        print_json({"removed": name, "for_good": for_good})
    else:
        log(f"Removed {name}." if for_good else f"Removed {name}; `datasets restore {name}` puts it back for 30 days.")


@datasets.command("restore")
@click.argument("name")
@click.option("--as", "new_name", metavar="NAME", help="Under another name.")
@common_options
def restore_dataset(name: str, new_name: str | None, as_json: bool) -> None:
    """Put back the data set that was removed last under this name."""
    from engine.session.datasets import open_workspace, restore
    from tui.dataset_output import print_dataset

    print_dataset(restore(open_workspace(), name, new_name), as_json)


@datasets.command("rename")
@click.argument("name")
@click.argument("new_name")
@common_options
def rename_dataset(name: str, new_name: str, as_json: bool) -> None:
    """Give a data set another name; its embeddings and models go with it."""
    from engine.session.datasets import open_workspace, rename
    from tui.dataset_output import print_dataset

    print_dataset(rename(open_workspace(), name, new_name), as_json)


@datasets.command("trash")
@click.option("--empty", is_flag=True, help="Delete all of them now.")
@common_options
def list_trash(empty: bool, as_json: bool) -> None:
    """List the removed data sets that can be restored."""
    from engine.session.datasets import empty_trash, open_workspace, trashed
    from tui.output import log, print_json, print_table

    workspace = open_workspace()
    entries = trashed(workspace.folder)
    if empty:
        empty_trash(workspace)
    if as_json:
        times = ("removed", "kept_until")
        print_json([{"name": one.name, **{key: f"{getattr(one, key):%FT%TZ}" for key in times}} for one in entries])
    elif empty or not entries:
        log(f"Deleted {len(entries):,} for good." if entries else "The trash is empty.")
    else:
        print_table(
            ("Name", "Removed", "Kept until"),
            [(one.name, f"{one.removed:%Y-%m-%d %H:%M}", f"{one.kept_until:%Y-%m-%d}") for one in entries],
            cut=(),
        )
