"""The paths command, and the commands for data sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    from tui.error_report import reports_folder
    from tui.log import log_path
    from tui.output import print_json, print_line

    places = find_paths()
    named = {name: str(getattr(places, name)) for name in ("config", "data", "cache", "state")}
    named |= {"log": str(log_path()), "reports": str(reports_folder())}
    if as_json:
        print_json(named)
    else:
        for name, place in named.items():
            print_line(f"{name:<8}{place}")


@cli.group()
def datasets() -> None:
    """Add, list, inspect and remove data sets."""


@datasets.command("list")
@common_options
def list_datasets(as_json: bool) -> None:
    """List the stored data sets."""
    from engine.session.datasets import open_workspace
    from tui.dataset_output import damaged_dataset_json, dataset_json
    from tui.output import log, print_json, print_table

    workspace = open_workspace()
    manifests = []
    names = workspace.names()
    for name in names:
        try:
            manifests.append(workspace.manifest(name))
        except RecsysError as error:  # one damaged set must not hide the others
            log(describe(error))
    aside = [(folder.name, str(folder)) for folder in workspace.set_aside()]
    if as_json:
        listed = [{**dataset_json(manifest), "damaged": None} for manifest in manifests]
        print_json(listed + [damaged_dataset_json(name, folder) for name, folder in aside])
        return
    if not manifests and not aside:
        if names:
            return
        log("No data set is stored yet: `recsys-tui datasets add demo` adds the bundled one.")
        return
    overviews = [manifest.overview for manifest in manifests]
    print_table(
        ("Name", "Kind", "Items", "Users", "Interactions", "Title"),
        [
            (one.name, one.kind, f"{one.num_items:,}", f"{one.num_users:,}", f"{one.num_interactions:,}", one.title)
            for one in overviews
        ]
        + [(name, "damaged", "–", "–", "–", f"moved aside to {folder}") for name, folder in aside],
        cut=(5,),
        right=(2, 3, 4),
    )


def parse_location(text: str) -> str | Path:
    """Read a path, or an address such as ``s3://bucket/log.parquet``, which must not become a path."""
    return text if "://" in text else Path(text)


def parse_size(text: str) -> int:
    """Read a number of bytes: ``500MB``, ``1.5 GB``, ``2TB``, or without a unit."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", text.lower())
    size = 0 if found is None else int(float(found[1]) * 1024 ** " kmgt".index(found[2] or " "))
    if size <= 0:
        raise click.UsageError(f"--max-size takes a size such as 500MB or 20GB, not {text!r}.")
    return size


@datasets.command("add")
@click.argument("name")
@click.option("--kind", metavar="KIND", help="Which reader; guessed from the files where it is not given.")
@click.option(
    "--items",
    type=parse_location,
    metavar="F",
    help="The catalogue: a file, or an address as for --ratings.",
)
@click.option(
    "--ratings",
    type=parse_location,
    metavar="F",
    multiple=True,
    help="The ratings or the log; given several times, the files are one log. Also https://…, s3://…, gs://…, "
    "sqlite:///F?table=NAME, postgresql://…?query=SELECT…, and F.xlsx#SHEET.",
)
@click.option("--links", type=parse_location, metavar="F", help="links.csv, for kind movies.")
@click.option("--from", "source", type=parse_location, metavar="PATH", help="A folder or an archive.")
@click.option(
    "--map",
    "mappings",
    metavar="ROLE=COLUMN,…",
    multiple=True,
    help="The columns of a table by role: user, item, rating, weight, time, id, title, year, genres, image, text=a+b. "
    "time=a+b orders by a and then by b, time=#row is the order of the rows, "
    "item=#3 is the third column, time= takes none, and unrated=0 is the rating that means none.",
)
@click.option(
    "--where", metavar="COLUMN=VALUE", multiple=True, help="Leave out the other rows of the ratings of a table."
)
@click.option("--user", metavar="NAME", help="Whose ratings these are, where no column of a table says it.")
@click.option(
    "--join", metavar="F:COLUMN", help="A file with further columns of the ratings, and the column that both have."
)
@click.option("--no-header", is_flag=True, help="The first row of a table is data; its columns are #1, #2 and so on.")
@click.option("--encoding", metavar="E", help="The encoding of a table that is not UTF-8, such as cp1251.")
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first"]),
    help="What comes first in 03/04/2024, where the other dates do not tell.",
)
@click.option(
    "--max-size",
    type=parse_size,
    metavar="SIZE",
    help="How much an archive may unpack to and an address may give, such as 20GB. By default an archive may unpack to "
    "256 MB or 100 times its size, and an address may give 4 GB.",
)
@click.option("--dry-run", is_flag=True, help="Read and tell what would be stored, and store nothing.")
@click.option("--replace", is_flag=True, help="Take the place of a data set of the same name.")
@common_options
def add_dataset(
    name: str,
    kind: str | None,
    items: str | Path | None,
    ratings: tuple[str | Path, ...],
    links: str | Path | None,
    source: str | Path | None,
    mappings: tuple[str, ...],
    where: tuple[str, ...],
    user: str | None,
    join: str | None,
    no_header: bool,
    encoding: str | None,
    dates: str | None,
    max_size: int | None,
    dry_run: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """Read a data set from files and keep it.

    NAME alone adds the bundled `demo`, or fetches ml-100k, ml-latest-small or ml-1m from its publisher.
    """
    from engine.session.datasets import add, open_workspace, preview
    from tui.dataset_output import print_dataset, print_preview
    from tui.output import log
    from tui.progress_output import progress_on_stderr

    files: dict[str, Any] = {
        "kind": kind,
        "items": items,
        "ratings": ratings or None,
        "links": links,
        "source": source,
        "mapping": parse_mapping(",".join(mappings)) if mappings else None,
        "where": parse_where(where),
        "user": user,
        "join": None if join is None else parse_join(join),
        "header": False if no_header else None,
        "encoding": encoding,
        "day_first": None if dates is None else dates == "day-first",
        "max_size": max_size,
    }
    if dry_run:
        with progress_on_stderr() as job:
            found = preview(name, **files, job=job, log=log)
        print_preview(found, as_json)
        return
    workspace = open_workspace()
    with progress_on_stderr() as job:
        manifest = add(
            workspace,
            name,
            **files,
            replace=replace,
            job=job,
            log=log,
        )
    workspace.make_current(name)
    print_dataset(manifest, as_json)


@datasets.command("info")
@click.argument("name")
@click.option("--profile", is_flag=True, help="Also its histograms, its most popular items, and doubts about the data.")
@common_options
def dataset_info(name: str, profile: bool, as_json: bool) -> None:
    """Tell what a data set holds and what its reader left out."""
    from engine.session.datasets import open_workspace, user_files
    from tui.dataset_output import print_dataset_info

    workspace = open_workspace()
    manifest, found = workspace.manifest(name), None
    if profile:
        from engine.session import Session
        from tui.progress_output import progress_on_stderr

        with progress_on_stderr() as job:
            found = Session(workspace, name).profiles.profile(job)
    print_dataset_info(manifest, user_files(name), as_json, found)


def parse_mapping(text: str) -> dict[str, str | list[str]]:
    """Read ``role=column`` words, separated by commas; ``text`` may be several columns, joined by plus signs."""
    mapping: dict[str, str | list[str]] = {}
    for word in text.split(","):
        role, equals, column = word.partition("=")
        role, column = role.strip(), column.strip()
        if not equals or not role:
            raise click.UsageError(f"--map takes ROLE=COLUMN separated by commas, not {word!r}.")
        if role in mapping:
            raise click.UsageError(f"--map names the role {role!r} twice.")
        mapping[role] = [one.strip() for one in column.split("+")] if role == "text" and column else column
    return mapping


def parse_join(text: str) -> tuple[str | Path, str]:
    """Read ``file:column``; the column has no colon, while a file may have one."""
    file, colon, column = text.rpartition(":")
    if not colon or not file or not column.strip() or column.startswith("//"):
        raise click.UsageError(f"--join takes FILE:COLUMN, not {text!r}.")
    return parse_location(file), column.strip()


def parse_where(words: Sequence[str]) -> dict[str, str]:
    """Read ``column=value`` words."""
    where: dict[str, str] = {}
    for word in words:
        column, equals, value = word.partition("=")
        if not equals or not column.strip():
            raise click.UsageError(f"--where takes COLUMN=VALUE, not {word!r}.")
        if column.strip() in where:
            raise click.UsageError(f"--where names the column {column.strip()!r} twice.")
        where[column.strip()] = value.strip()
    return where
