"""The embed command."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tui.commands.group import cli
from tui.commands.options import (
    common_options,
    dataset_option,
    device_option,
    embedding_model_option,
    index_option,
    on_option,
    open_session,
    storage_option,
)

if TYPE_CHECKING:
    from engine.data.results import EmbeddingCost

#: Fewer texts are embedded in a moment, so that their cost need not be said.
_FEW = 100


@cli.command()
@click.option("--dry-run", is_flag=True, help="Only say what it would cost.")
@dataset_option
@device_option
@embedding_model_option
@index_option
@on_option
@storage_option
@common_options
@click.pass_context
def embed(
    context: click.Context,
    dry_run: bool,
    dataset: str | None,
    device: str,
    embedding_model: str | None,
    index: str | None,
    on: str | None,
    storage: str | None,
    as_json: bool,
) -> None:
    """Embed the catalogue for search by meaning, after saying what it costs.

    What is embedded already is kept. The vectors of another model are kept beside it. With --index the vectors
    are pushed to a store, too, which needs the extra `lance` or `database`; what is there already is kept.
    """
    from tui.output import print_json, print_line
    from tui.progress_output import progress_on_stderr

    session = open_session(context, dataset, device, embedding_model, on, index, storage=storage)
    cost = session.search.embedding_cost()
    log_cost(cost, always=True)
    state = session.search.embedding_state()
    if not dry_run and not state.complete:
        with progress_on_stderr() as job:
            state = session.search.embed(job)
    pushed = None
    if index is not None and not dry_run:
        with progress_on_stderr() as job:
            pushed = session.search.push(job)
    if as_json:
        print_json({**asdict(cost), "done": state.done, "total": state.total, **_pushed(pushed)})
    else:
        print_line(f"{state.done:,} of {state.total:,} items are embedded with {state.model}.")
        if pushed is not None:
            print_line(f"The index has {pushed[1]:,} vectors, of which {pushed[0]:,} were added.")


def _pushed(pushed: tuple[int, int] | None) -> dict[str, dict[str, int]]:
    return {} if pushed is None else {"index": {"added": pushed[0], "total": pushed[1]}}


def log_cost(cost: EmbeddingCost, *, always: bool = False) -> None:
    """Say on stderr what it costs to embed the rest of a catalogue.

    Parameters
    ----------
    cost
        The cost.
    always
        Whether it is said of a few texts, too.
    """
    from tui.output import log
    from tui.widgets.embedding_text import cost_text, model_text

    if always and not cost.texts:
        log(f"With {model_text(cost)} nothing is left to embed.")
    elif always or cost.texts > _FEW:
        log(f"To be embedded with {model_text(cost)}: {cost_text(cost)}.")
