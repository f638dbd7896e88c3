"""The export commands: recommendations, vectors and reports as files for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import CancelledError, DataError, UnknownError
from tui.commands.group import cli
from tui.commands.options import (
    Command,
    common_options,
    count_option,
    dataset_option,
    device_option,
    embedding_model_option,
    model_option,
    on_option,
    open_session,
    storage_option,
)
from tui.commands.query_lines import open_queries, read_queries

if TYPE_CHECKING:
    from engine.session import Exported, ExternalId, Job, Session, Target
    from engine.session.exports.service import ExportService

_TABLES = ".csv, .jsonl or .parquet"
_VECTORS = ".npy, .jsonl or .parquet"


def _out_option(formats: str) -> Callable[[Command], Command]:
    return click.option("--out", required=True, metavar="FILE", help=f"The file to write; its name ends in {formats}.")


replace_option = click.option("--replace", is_flag=True, help="Replace FILE if it exists.")
raw_cells_option = click.option(
    "--raw-cells",
    is_flag=True,
    help="In CSV, write texts exactly as they are. By default a text that a spreadsheet would run as a formula gets an "
    "apostrophe before it.",
)
users_option = click.option(
    "--users", metavar="FILE|-", help="Only these users, one id a line; - reads them from standard input."
)
include_seen_option = click.option("--include-seen", is_flag=True, help="Also what a user knows already.")


def _export_options(command: Command) -> Command:
    """The options that every export takes."""
    return dataset_option(replace_option(raw_cells_option(common_options(command))))


@cli.group()
def export() -> None:
    """Write recommendations, vectors and reports to files for other programs.

    FILE is whole or absent at every moment. The same command goes on with an interrupted export.
    """


def _list_options(command: Command) -> Command:
    """The options of exports with a list for each user."""
    options = _export_options, storage_option, on_option, device_option, include_seen_option, users_option
    for option in (*options, count_option, model_option):
        command = option(command)
    return _out_option(_TABLES)(command)


@export.command()
@_list_options
@click.pass_context
def recommendations(context: click.Context, /, **options: Any) -> None:
    """Write what each user would like.

    There is a row for each user and rank. The columns are user, rank, item_id, title, score and
    predicted_rating.
    """
    _export_lists(context, "recommendations", lambda exports: exports.recommendations, **options)


@export.command("next")
@_list_options
@click.pass_context
def next_items(context: click.Context, /, **options: Any) -> None:
    """Write what comes next for each user.

    There is a row for each user and rank. The columns are user, rank, item_id, title, score and probability.
    """
    _export_lists(context, "next", lambda exports: exports.next_items, **options)


def _export_lists(
    context: click.Context,
    kind: str,
    write: Callable[[ExportService], Callable[..., Exported]],
    *,
    out: str,
    model: str | None,
    count: int,
    users: str | None,
    include_seen: bool,
    dataset: str | None,
    device: str,
    on: str | None,
    storage: str | None,
    replace: bool,
    raw_cells: bool,
    as_json: bool,
) -> None:
    session = open_session(context, dataset, device, on=on, storage=storage, brief=True)
    chosen = None if users is None else _read_users(session, users)
    with _exporting(session, out) as job:
        target = _target(out, replace, raw_cells)
        done = write(session.exports)(target, count, model, users=chosen, filter_seen=not include_seen, job=job)
    _print(session, kind, done, as_json, "user")


@export.command()
@_out_option(_TABLES)
@model_option
@count_option
@device_option
@on_option
@storage_option
@_export_options
@click.pass_context
def neighbours(
    context: click.Context,
    out: str,
    model: str | None,
    count: int,
    dataset: str | None,
    device: str,
    on: str | None,
    storage: str | None,
    replace: bool,
    raw_cells: bool,
    as_json: bool,
) -> None:
    """Write the items most like each item.

    There is a row for each item and rank. The columns are item_id, title, rank, neighbour_id, neighbour_title
    and score. How alike two items are is for the model to say; items without interactions are not compared.
    """
    session = open_session(context, dataset, device, on=on, storage=storage)
    with _exporting(session, out) as job:
        done = session.exports.neighbours(_target(out, replace, raw_cells), count, model, job=job)
    _print(session, "neighbours", done, as_json, "item")


@export.command()
@_out_option(_VECTORS)
@embedding_model_option
@device_option
@on_option
@storage_option
@_export_options
@click.pass_context
def embeddings(
    context: click.Context,
    out: str,
    embedding_model: str | None,
    dataset: str | None,
    device: str,
    on: str | None,
    storage: str | None,
    replace: bool,
    raw_cells: bool,
    as_json: bool,
) -> None:
    """Write the vectors of the items' texts.

    There is a row for each item of the catalogue. For FILE.npy the ids are in FILE.ids.csv, in the order of the
    rows; other formats hold item_id, title and vector. Items that are not embedded yet are embedded first.
    """
    session = open_session(context, dataset, device, embedding_model, on, storage=storage)
    with _exporting(session, out) as job:
        done = session.exports.embeddings(_target(out, replace, raw_cells), job=job)
    _print(session, "embeddings", done, as_json)


@export.command("model")
@_out_option(_VECTORS)
@model_option
@click.option(
    "--of",
    "side",
    type=click.Choice(("items", "users")),
    default="items",
    show_default=True,
    help="Whose vectors.",
)
@device_option
@_export_options
@click.pass_context
def factors(
    context: click.Context,
    out: str,
    model: str | None,
    side: Any,
    dataset: str | None,
    device: str,
    replace: bool,
    raw_cells: bool,
    as_json: bool,
) -> None:
    """Write the vectors of a factorisation.

    They are for a vector database, or for computing with them. For FILE.npy the ids and biases are in
    FILE.ids.csv, in the order of the rows; other formats hold them beside the vector. --json says how a
    prediction follows from the numbers.
    """
    session = open_session(context, dataset, device)
    with _exporting(session, out) as job:
        done = session.exports.factors(_target(out, replace, raw_cells), model, side, job=job)
    _print(session, "model", done, as_json)


@export.command()
@_out_option(".html, .md, .json, .csv, .jsonl or .parquet")
@model_option
@_export_options
@click.pass_context
def report(
    context: click.Context,
    out: str,
    model: str | None,
    dataset: str | None,
    replace: bool,
    raw_cells: bool,
    as_json: bool,
) -> None:
    """Write the reports of the trained models.

    A report has the options, the seed, the seconds and the time of the training, and metrics where there are
    any. As .html or .md it is one page with charts about the data set, its models and its evaluations.
    """
    session = open_session(context, dataset, "auto")
    with _exporting(session, out) as job:
        done = session.exports.reports(_target(out, replace, raw_cells), model, job=job)
    _print(session, "report", done, as_json)


def _target(out: str, replace: bool, raw_cells: bool) -> Target:
    from engine.session import Target
    from tui.spreadsheet import defused

    return Target(Path(out), replace, None if raw_cells else defused)


@contextmanager
def _exporting(session: Session, out: str) -> Iterator[Job]:
    """A job with its progress on stderr; after an interruption it is said what was kept."""
    from tui.output import log
    from tui.progress_output import progress_on_stderr

    try:
        with progress_on_stderr() as job:
            yield job
    except (KeyboardInterrupt, CancelledError):
        kept = session.exports.kept_after_interruption(Path(out))
        if kept is not None:
            log(f"What was computed is kept in {kept}: the same command goes on with it.")
        raise


def _read_users(session: Session, name: str) -> list[ExternalId]:
    """The ids of users from a file, one a line; each once, in their order."""
    from tui.output import log

    users: dict[ExternalId, None] = {}
    number = repeated = 0
    lines = open_queries(name)
    for batch in read_queries(lines):
        for line in batch:
            number += 1
            if not line.strip():
                continue
            try:
                user = session.data.find_user(line.strip())
            except UnknownError as error:
                raise DataError(
                    f"{lines.name}, line {number:,}: {str(error)[:1].lower()}{str(error)[1:]}", file=name, row=number
                ) from error
            repeated += user in users
            users[user] = None
    if not users:
        raise DataError(f"{lines.name}: holds no ids of users; write one on each line.", file=name)
    if repeated:
        log(f"{lines.name}: every user is exported once; {repeated:,} lines repeat an id.")
    return list(users)


def _print(session: Session, kind: str, done: Exported, as_json: bool, owner: str = "") -> None:
    from tui.export_output import describe_export, export_remarks
    from tui.output import log, print_json, print_line

    if as_json:
        print_json(
            {
                "kind": kind,
                "dataset": session.name,
                "model": done.model,
                "path": done.files[0],
                "files": list(done.files),
                "format": Path(done.files[0]).suffix[1:].lower(),
                "rows": done.rows,
                "lists": done.lists,
                "empty_lists": done.empty,
                "continued": done.continued,
                **done.about,
            }
        )
    else:
        print_line(describe_export(done, owner))
        if "offset" in done.about:
            print_line(f"  score = {done.about['score_formula']}, with the offset {done.about['offset']:g}")
            print_line(f"  prediction = {done.about['prediction_formula']}")
    for remark in export_remarks(done, owner):
        log(remark)
