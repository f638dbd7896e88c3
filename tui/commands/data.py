"""The paths command, and the commands for data sets."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import RecsysError
from tui.commands.group import cli
from tui.commands.options import common_options
from tui.wording import describe


@cli.command()
@common_options
def paths(as_json: bool) -> None:
    """Print where things lie."""
    from engine.session import find_paths
    from tui.output import print_json

    places = find_paths()
    named = {name: str(getattr(places, name)) for name in ("config", "data", "cache", "state")}
    if as_json:
        print_json(named)
    else:
        for name, place in named.items():
            click.echo(f"{name:<7}{place}")


@cli.group()
def datasets() -> None:
    """Add, list, inspect and remove data sets."""


@datasets.command("list")
@common_options
def list_datasets(as_json: bool) -> None:
    """List the stored data sets."""
    from engine.session.datasets import open_workspace
    from tui.output import dataset_json, log, print_json, print_table

    workspace = open_workspace()
    manifests = []
    for name in workspace.names():
        try:
            manifests.append(workspace.manifest(name))
        except RecsysError as error:  # one damaged set must not hide the others
            log(describe(error))
    if as_json:
        print_json([dataset_json(manifest) for manifest in manifests])
        return
    if not manifests:
        log("No data set is stored yet: `recsys-tui datasets add demo` adds the bundled one.")
        return
    overviews = [manifest.overview for manifest in manifests]
    print_table(
        ("Name", "Kind", "Items", "Users", "Interactions", "Title"),
        [
            (one.name, one.kind, f"{one.num_items:,}", f"{one.num_users:,}", f"{one.num_interactions:,}", one.title)
            for one in overviews
        ],
        cut=(5,),
        right=(2, 3, 4),
    )


@datasets.command("add")
@click.argument("name")
@click.option("--kind", metavar="KIND", help="Which reader; guessed from the files where it is not given.")
@click.option("--items", type=click.Path(path_type=Path), metavar="F", help="The catalogue.")
@click.option("--ratings", type=click.Path(path_type=Path), metavar="F", help="The ratings or the log.")
@click.option("--links", type=click.Path(path_type=Path), metavar="F", help="links.csv, for kind movies.")
@click.option("--from", "source", type=click.Path(path_type=Path), metavar="PATH", help="A folder or an archive.")
@click.option(
    "--map", "mapping", metavar="ROLE=COLUMN,…", help="For kind table: user=…,item=…,rating=…,time=…,id=…,text=a+b."
)
@click.option("--replace", is_flag=True, help="Take the place of a data set of the same name.")
@common_options
def add_dataset(
    name: str,
    kind: str | None,
    items: Path | None,
    ratings: Path | None,
    links: Path | None,
    source: Path | None,
    mapping: str | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Read a data set from files and keep it.

    NAME alone adds the bundled `demo`, or fetches ml-100k, ml-latest-small or ml-1m from its publisher.
    """
    from engine.session.datasets import add, open_workspace
    from tui.output import log, print_dataset, progress_on_stderr

    workspace = open_workspace()
    with progress_on_stderr() as job:
        manifest = add(
            workspace,
            name,
            kind=kind,
            items=items,
            ratings=ratings,
            links=links,
            source=source,
            mapping=None if mapping is None else parse_mapping(mapping),
            replace=replace,
            job=job,
            log=log,
        )
    workspace.make_current(name)
    print_dataset(manifest, as_json)


@datasets.command("info")
@click.argument("name")
@common_options
def dataset_info(name: str, as_json: bool) -> None:
    """Tell what a data set holds and what its reader left out."""
    from engine.session.datasets import open_workspace
    from tui.output import print_dataset

    print_dataset(open_workspace().manifest(name), as_json)


@datasets.command("remove")
@click.argument("name")
@common_options
def remove_dataset(name: str, as_json: bool) -> None:
    """Delete a data set with its embeddings and models."""
    from engine.session.datasets import open_workspace
    from tui.output import log, print_json

    open_workspace().remove(name)
    if as_json:
        print_json({"removed": name})
    else:
        log(f"Removed {name}.")


def parse_mapping(text: str) -> dict[str, str | list[str]]:
    """Read ``role=column`` words, separated by commas; ``text`` may be several columns, joined by plus signs."""
    mapping: dict[str, str | list[str]] = {}
    for word in text.split(","):
        role, equals, column = word.partition("=")
        if not equals or not role or not column:
            raise click.UsageError(f"--map takes ROLE=COLUMN separated by commas, not {word!r}.")
        mapping[role.strip()] = column.split("+") if role.strip() == "text" else column.strip()
    return mapping
