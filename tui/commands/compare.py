"""The compare command: models measured by the same questions."""

from __future__ import annotations

import re

import click

from engine.errors import OptionError
from engine.session import TIES, EvaluationConfig, Ties
from tui.commands.group import cli
from tui.commands.models import options_by_model
from tui.commands.options import (
    common_options,
    dataset_option,
    device_option,
    open_session,
    protocol_option,
    resolve_item,
    seed_option,
    settings_option,
)


@cli.command()
@click.argument("names", nargs=-1, required=True, metavar="MODEL...")
@dataset_option
@device_option
@protocol_option
@seed_option
@click.option(
    "--seeds", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N", help="Mean of so many."
)
@click.option(
    "-k", "count", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="K", help="Length of lists."
)
@click.option("--ties", type=click.Choice(TIES), default=TIES[0], help="The order of interactions of the same time.")
@click.option("--metric", metavar="NAME", help="What to order by: rmse, mrr, recall@10 …; by default ndcg@K.")
@click.option("--user", metavar="USER", help="The models' lists for this user, side by side.")
@click.option(
    "--next",
    "titles",
    multiple=True,
    metavar="TITLE_OR_ID",
    help="The models' lists of what comes next after this title, side by side; several make a sequence, oldest first.",
)
@click.option("--fresh", is_flag=True, help="Measure again what was measured before.")
@settings_option
@common_options
@click.pass_context
def compare(
    context: click.Context,
    names: tuple[str, ...],
    dataset: str | None,
    device: str,
    protocol: str | None,
    seed: int,
    seeds: int,
    count: int,
    ties: Ties,
    metric: str | None,
    user: str | None,
    titles: tuple[str, ...],
    fresh: bool,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Compare models: which are better by more than chance, which are right more often, and which are tied.

    MODEL is the name of a model, or the number of a run that measured one (see `runs list`); give names or numbers. A
    model is not measured again if it was measured before in the same way. An option given by --set is for the models
    that have it, or for one as MODEL.KEY=VALUE. The users whose lists differ most are named: --user shows their lists.
    With --next, an item that was held out is marked where the sequence is what was known of a user.
    """
    from tui.comparison_output import print_comparison
    from tui.progress_output import progress_on_stderr

    numbers = [name for name in names if re.fullmatch(r"\d{1,9}", name)]
    if numbers and len(numbers) < len(names):
        raise OptionError("Give the names of models or the numbers of runs, not both.")
    if user is not None and titles:
        raise click.UsageError("Give --user or --next, not both.")
    session = open_session(context, dataset, device)
    service = session.comparison
    if titles and not numbers:
        service.require_sequences(names)  # before minutes are spent on measuring them
    items = [resolve_item(session, title).internal_id for title in titles]
    with progress_on_stderr() as job:
        if numbers:
            found = service.compare_runs([int(number) for number in numbers], metric)
        else:
            options = options_by_model(tuple(dict.fromkeys(names)), settings)
            config = EvaluationConfig(protocol=protocol, seed=seed, seeds=seeds, k=count, ties=ties)
            found = service.compare(names, config, options, job, metric=metric, fresh=fresh)
        duels = service.head_to_head(found, count, job=job) if (user is None and not titles) or as_json else ()
        lists = service.side_by_side_after(found, items, job) if items else None
    if user is not None:
        lists = service.side_by_side(found, user.strip())
    print_comparison(found, lists, duels, as_json, again="--fresh measures again.")
