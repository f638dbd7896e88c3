"""The commands for runs: what was trained, measured and tuned, with which options, and how it went."""

from __future__ import annotations

import click

from engine.session import RUN_KINDS, RUN_STATES
from tui.commands.group import cli
from tui.commands.options import common_options, dataset_option, open_session

_NUMBER = click.IntRange(min=1)


@cli.group()
def runs() -> None:
    """List, show, compare and remove the runs on a data set.

    Each training, evaluation and search for options leaves a run: its options, its figures, the data, the version of
    the program and the machine.
    """


@runs.command("list")
@dataset_option
@click.option("--model", metavar="MODEL", help="Only runs of this model.")
@click.option("--kind", type=click.Choice(RUN_KINDS), help="Only runs of this kind.")
@click.option("--state", type=click.Choice(RUN_STATES), help="Only runs that ended so.")
@click.option("--sort", metavar="BY", default="number", show_default=True, help="number, model, seconds or a metric.")
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--removed", is_flag=True, help="The removed runs that can be taken back.")
@common_options
@click.pass_context
def list_runs(
    context: click.Context,
    dataset: str | None,
    model: str | None,
    kind: str | None,
    state: str | None,
    sort: str,
    reverse: bool,
    removed: bool,
    as_json: bool,
) -> None:
    """List the runs, the newest last."""
    from tui.output import log
    from tui.run_output import print_runs, sorted_runs

    service = open_session(context, dataset, "auto").runs
    found = service.list(removed=removed)
    chosen = [run for run in found.runs if model in (None, run.model) and kind in (None, run.kind)]
    chosen = [run for run in chosen if state in (None, run.state)]
    print_runs(sorted_runs(chosen, sort, reverse=reverse), service.is_current, as_json)
    for sentence in found.damage:
        log(sentence)


@runs.command()
@click.argument("number", type=_NUMBER)
@dataset_option
@common_options
@click.pass_context
def show(context: click.Context, number: int, dataset: str | None, as_json: bool) -> None:
    """Show everything that is known of run NUMBER."""
    from tui.run_output import print_run

    service = open_session(context, dataset, "auto").runs
    run = service.get(number)
    print_run(run, service.is_current(run), as_json)


@runs.command()
@click.argument("first", type=_NUMBER)
@click.argument("second", type=_NUMBER)
@dataset_option
@common_options
@click.pass_context
def diff(context: click.Context, first: int, second: int, dataset: str | None, as_json: bool) -> None:
    """Show what differs between the runs FIRST and SECOND."""
    from tui.run_output import print_diff

    print_diff(first, second, open_session(context, dataset, "auto").runs.diff(first, second), as_json)


@runs.command()
@click.argument("numbers", type=_NUMBER, nargs=-1, required=True, metavar="NUMBER...")
@dataset_option
@common_options
@click.pass_context
def remove(context: click.Context, numbers: tuple[int, ...], dataset: str | None, as_json: bool) -> None:
    """Remove runs. For thirty days `runs restore` takes them back; models that they made stay."""
    from tui.run_output import print_moved

    session = open_session(context, dataset, "auto")
    session.runs.remove(numbers)
    print_moved("removed", numbers, session.name, as_json)


@runs.command()
@click.argument("numbers", type=_NUMBER, nargs=-1, required=True, metavar="NUMBER...")
@dataset_option
@common_options
@click.pass_context
def restore(context: click.Context, numbers: tuple[int, ...], dataset: str | None, as_json: bool) -> None:
    """Take removed runs back."""
    from tui.run_output import print_moved

    session = open_session(context, dataset, "auto")
    session.runs.restore(numbers)
    print_moved("restored", numbers, session.name, as_json)


@runs.command()
@click.argument("number", type=_NUMBER)
@click.argument("words", nargs=-1, metavar="[TEXT]...")
@dataset_option
@common_options
@click.pass_context
def note(context: click.Context, number: int, words: tuple[str, ...], dataset: str | None, as_json: bool) -> None:
    """Write a note on run NUMBER; without TEXT the note is deleted."""
    from tui.run_output import print_run

    service = open_session(context, dataset, "auto").runs
    run = service.annotate(number, " ".join(words))
    print_run(run, service.is_current(run), as_json)


@runs.command()
@click.argument("number", type=_NUMBER)
@dataset_option
@common_options
@click.pass_context
def promote(context: click.Context, number: int, dataset: str | None, as_json: bool) -> None:
    """Have the model that run NUMBER trained answer when no model is named.

    `recsys-tui models default` shows and changes which model answers.
    """
    from tui.run_output import print_default

    session = open_session(context, dataset, "auto")
    print_default(session.runs.promote(number), session.name, as_json)
